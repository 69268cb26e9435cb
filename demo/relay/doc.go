// Package relay is the media side of the platform: one ICE-lite UDP port (and
// ICE-TCP) for all legs, RTP forwarded between the two legs of a call without
// decoding, and players for the bots.
//
// A Leg is one phone's session: ICE by pion's agent (path), DTLS and SRTP
// (secure), what comes in (inbound), what goes out (outbound). What a phone
// sends goes to the leg's sink: the other leg (joined), or a bot. On the way
// payload types and SSRC become the far phone's, numbers and times are shifted
// by a constant, and reports are translated back, so that to its sender the far
// phone's loss is its own; copies of earlier packets inside later ones pass where
// both phones take them. What a gate or hold stops is a pause, not loss.
//
// The legs are built on the parts of pion/webrtc rather than on its
// PeerConnection: a relay must answer offers as they are, keep what it does not
// understand out of the answer, hold by direction, and forward packets without a
// track in between.
package relay
