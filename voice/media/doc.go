// Package media is the media session of one call leg: ICE, DTLS-SRTP, RTP and
// RTCP by pion, audio coding, DTMF (RFC 4733), statistics and MOS.
//
// The session owns no sound device. A microphone calls Push and a loudspeaker
// calls Pull with 10 ms frames; between them and the network stand a lock-free
// ring, the encoder, the jitter buffer and the decoder.
//
// What is sent follows what comes back. Loss, jitter and round trip of the far
// side's reception reports (RFC 3550, section 6.4), and its estimate of the
// bandwidth where it sends one (REMB), decide on the bitrate of Opus (16 to 40
// kbit/s), on error correction within the stream, and on packets of 10 ms instead
// of 20 ms where the far side's description allows them.
package media
