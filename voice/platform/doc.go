// Package platform is the HTTP client of the platform's interfaces: profile,
// renewal, long poll, reject, feedback, events, log destination (reference,
// sections 3, 4, 9 and 10; docs/architecture.md, "Wire").
//
// Every body is bounded, every request ends after 15 s (a long poll after its
// own time), and no token goes to another host: redirects to one are refused.
// Failures are *fault.Error values that a person can read; the HTTP status
// behind one is a *StatusError in its chain.
package platform
