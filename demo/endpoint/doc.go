// Package endpoint is what the HTTP interfaces of both hats share below their
// different envelopes: routes by method, bodies read within bounds, panics
// turned into answers.
package endpoint
