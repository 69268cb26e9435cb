package relay

import (
	"slices"
	"strconv"
	"strings"

	"offhook/voice/codec"
)

// redName is the encoding that brings earlier packets again inside later ones
// (RFC 2198). A phone whose sound gets lost on the way sends it to one that
// takes it; the relay passes it on, and echoes it.
const redName = "red"

// isRed reports whether c is that of Opus.
func (c *Codec) isRed() bool {
	return strings.EqualFold(c.Name, redName) && c.Clock == codec.SampleRate && c.Channels == 2
}

// redFor returns the encoding of the offer with blocks of c alone, and how many
// blocks the phone takes: its parameters name the payload type of each (RFC 2198,
// section 5).
func (o *Offer) redFor(c Codec) (red *Codec, blocks int) {
	if o.red == nil || c.Name != codec.Opus {
		return nil, 0
	}
	types := strings.Split(o.red.Fmtp, "/")
	if slices.ContainsFunc(types, func(pt string) bool { return strings.TrimSpace(pt) != strconv.Itoa(int(c.PayloadType)) }) {
		return nil, 0
	}
	return o.red, min(len(types), mostBlocks)
}

// redOf is red with so many blocks of c.
func redOf(red, c Codec, blocks int) *Codec {
	red.Name = redName
	red.Fmtp = strings.TrimSuffix(strings.Repeat(strconv.Itoa(int(c.PayloadType))+"/", blocks), "/")
	return &red
}

// mostBlocks is how many blocks a packet may have.
const mostBlocks = 8

// The header of a block, and that of the last one (RFC 2198, section 3).
const (
	redHeader  = 4
	redLast    = 1
	redFollows = 0x80
)

// retype gives all blocks of a payload the payload type that they have on another
// leg. It reports false, and the payload is of no use, if its headers are cut off.
func retype(payload []byte, pt uint8) bool {
	for range mostBlocks {
		if len(payload) < redLast {
			return false
		}
		follows := payload[0] & redFollows
		payload[0] = follows | pt
		if follows == 0 {
			return true
		}
		if len(payload) < redHeader {
			return false
		}
		payload = payload[redHeader:]
	}
	return false
}

// own returns the block of a payload that is not a copy, for a phone that takes
// no others; nil if the payload lies about its lengths.
func own(payload []byte) []byte {
	copies := 0
	for range mostBlocks {
		if len(payload) < redLast {
			return nil
		}
		if payload[0]&redFollows == 0 {
			if payload = payload[redLast:]; copies > len(payload) {
				return nil
			}
			return payload[copies:]
		}
		if len(payload) < redHeader {
			return nil
		}
		copies += int(payload[2]&3)<<8 | int(payload[3])
		payload = payload[redHeader:]
	}
	return nil
}
