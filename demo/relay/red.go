package relay

import (
	"strings"

	"offhook/voice/codec"
	"offhook/voice/codec/red"
)

// isRed reports whether c brings earlier packets of Opus again inside later ones. A
// phone whose sound gets lost on the way sends it to one that takes it; the relay
// passes it on, and echoes it.
func (c *Codec) isRed() bool {
	return strings.EqualFold(c.Name, red.Name) && c.Clock == codec.SampleRate && c.Channels == 2
}

// redFor returns the encoding of the offer with blocks of c alone, and how many
// blocks the phone takes.
func (o *Offer) redFor(c Codec) (found *Codec, blocks int) {
	if o.red == nil || c.Name != codec.Opus {
		return nil, 0
	}
	if blocks = red.Room(o.red.Fmtp, c.PayloadType); blocks == 0 {
		return nil, 0
	}
	return o.red, blocks
}

// redOf is one that was offered with so many blocks of c.
func redOf(offered, c Codec, blocks int) *Codec {
	offered.Name, offered.Fmtp = red.Name, red.Fmtp(c.PayloadType, blocks)
	return &offered
}
