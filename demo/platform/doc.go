// Package platform is the platform's HTTP hat: subscriber management, tokens,
// profile, long poll, reject, feedback, events and logs (reference, section 4).
package platform
