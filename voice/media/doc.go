// Package media is the media session of one call leg: ICE, DTLS-SRTP, RTP and
// RTCP by pion, audio coding, DTMF (RFC 4733), statistics and MOS.
//
// The session owns no sound device. A microphone calls Push and a loudspeaker
// calls Pull with 10 ms frames; between them and the network stand a lock-free
// ring, the encoder, the jitter buffer and the decoder.
package media
