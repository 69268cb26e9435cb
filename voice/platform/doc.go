// Package platform is the HTTP client of the platform's interfaces: profile, renewal, long poll, reject, feedback, events, log destination.
package platform
