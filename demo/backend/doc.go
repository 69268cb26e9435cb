// Package backend is the application backend's HTTP hat: login, contacts, call
// context, device token, Dial-Whom and the push endpoint (reference, section 5).
package backend
