// Package codec holds the codecs that the phone speaks. Each is one file, which
// registers with one call of Register all that anything else needs to know of it:
// its name, its payload type and clock, how it is described, how it is rated, and
// what makes its encoder and decoder. All sound on the near side is 48 kHz mono;
// codecs of a lower rate resample inside.
package codec
