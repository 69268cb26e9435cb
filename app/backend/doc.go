// Package backend is the HTTP client of the application backend: login,
// contacts, call context and device token (reference, section 5).
package backend
