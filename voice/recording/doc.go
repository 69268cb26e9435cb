// Package recording writes the two sides of a call into a file, and reads it back.
//
// A Recorder takes the packets of both sides as they come and puts them side by side
// on one line of time: Opus goes into the file as it came, two mono streams in each
// packet of an Ogg file (RFC 7845, mapping family 1), so that any player has the one
// side at the left and the other at the right. G.711 becomes a WAV file of its law. A
// file is encrypted in pieces as it grows (Writer): what is written survives the end
// of the process, and is of no use without the operator's key.
package recording
