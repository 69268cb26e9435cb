// Package demo is the platform, whole and embedded: subscriber API, tokens,
// profile, exophone (SIP over WebSocket), media relay, application backend,
// push inbox and bots. `offhook --demo` runs it inside the phone's process,
// `offhook-demo serve` as a server of its own, and the tests call against it.
//
// The platform and the application backend are two hats that talk over
// documented HTTP only, so that either can be replaced by a customer's own.
package demo
