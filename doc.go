// Package offhook is the root of a desktop softphone for contact-centre agents.
// It holds no code: start reading at cmd/desktop, then ui, app and voice.
// docs/architecture.md draws the house.
package offhook
