// Package throttle slows down those who ask too often: who guesses passwords,
// and who floods an interface.
package throttle
