// Package control is the phone's remote control: one running phone per profile,
// reached by a Unix socket that only its user can open, and the client and
// command line that speak to it.
package control
