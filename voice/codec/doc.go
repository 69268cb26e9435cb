// Package codec holds Opus (libopus), PCMU and PCMA behind two small
// interfaces. All sound on the near side is 48 kHz mono; codecs of 8 kHz
// resample inside.
package codec
