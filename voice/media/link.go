package media

import (
	"context"
	"time"

	"offhook/voice/sdp"
)

// link is how packets travel to the one peer: with ICE and DTLS-SRTP, or plain.
// A link knows nothing of codecs and calls.
type link interface {
	// proto is the transport of the m= line in an offer.
	proto() string
	// acceptable reports why a section of the peer can't be served, nil if it can.
	acceptable(theirs *sdp.Media) error
	// offer fills in what the transport has to say in our audio section.
	offer(ctx context.Context, ours *sdp.Media, restart bool) error
	// answer applies the peer's offer and fills in our section.
	answer(ctx context.Context, peer *sdp.Description, theirs, ours *sdp.Media) error
	// accept applies the peer's answer to the latest offer.
	accept(peer *sdp.Description, theirs *sdp.Media) error
	// sendRTP protects and sends a packet; it belongs to the sender's goroutine
	// and allocates nothing. sendRTCP belongs to the reporter's.
	sendRTP(h rtpHeader, packet []byte) error
	sendRTCP(packet []byte) error
	// candidates names the two ends of the path, empty while there is none.
	candidates() (local, remote string)
	// close returns when the link's goroutines are gone.
	close()
}

// linkHandler is what a link calls, from its own goroutines.
type linkHandler interface {
	// rtp and rtcp take a packet that has passed authentication; the bytes are
	// theirs only until they return.
	rtp(packet []byte, at time.Duration)
	rtcp(packet []byte, at time.Duration)
	// state reports Connected, Disconnected and Failed.
	state(kind EventKind, err error)
	// secured reports what protects the packets from now on.
	secured(s Security)
}
