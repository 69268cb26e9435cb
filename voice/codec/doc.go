// Package codec holds Opus (libopus), PCMU and PCMA behind two small
// interfaces. All sound on the near side is 48 kHz mono; codecs of 8 kHz
// resample inside.
//
// G.722 is left out: no Go module of it is kept well enough to stand on, and
// libspandsp, which has it, would be one more C library (LGPL) to build for three
// systems. Who offers G.722 offers PCMU or PCMA beside it (RFC 7874, section 3,
// asks for them of WebRTC), and what is wide band speaks Opus.
package codec
