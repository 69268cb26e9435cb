package media

import "encoding/binary"

// rtpHeader is the part of an RTP packet's header that matters here (RFC 3550,
// section 5.1).
type rtpHeader struct {
	marker  bool
	pt      uint8
	seq     uint16
	ts      uint32
	ssrc    uint32
	payload []byte
}

const rtpHeaderSize = 12

// parseRTP reads a packet without copying or allocating. A packet that lies
// about its own lengths is refused.
func parseRTP(b []byte) (h rtpHeader, ok bool) {
	if len(b) < rtpHeaderSize || b[0]>>6 != 2 {
		return h, false
	}
	at := rtpHeaderSize + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 { // header extension
		if len(b) < at+4 {
			return h, false
		}
		at += 4 + 4*int(binary.BigEndian.Uint16(b[at+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 { // padding
		pad := int(b[len(b)-1])
		if pad == 0 {
			return h, false
		}
		end -= pad
	}
	if at > end {
		return h, false
	}
	return rtpHeader{
		marker:  b[1]&0x80 != 0,
		pt:      b[1] & 0x7f,
		seq:     binary.BigEndian.Uint16(b[2:]),
		ts:      binary.BigEndian.Uint32(b[4:]),
		ssrc:    binary.BigEndian.Uint32(b[8:]),
		payload: b[at:end],
	}, true
}

// put writes the fixed header to b, which holds at least 12 bytes.
func (h *rtpHeader) put(b []byte) {
	b[0] = 0x80
	b[1] = h.pt
	if h.marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], h.seq)
	binary.BigEndian.PutUint32(b[4:], h.ts)
	binary.BigEndian.PutUint32(b[8:], h.ssrc)
}

// isRTCP tells RTCP from RTP on one port by the second byte (RFC 5761, section
// 4).
func isRTCP(b []byte) bool { return len(b) >= 8 && b[1] >= 192 && b[1] <= 223 }
