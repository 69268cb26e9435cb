package recording

import (
	"encoding/binary"
	"errors"
)

// oggWriter makes the pages of an Ogg stream (RFC 3533) that carries Opus (RFC 7845).
type oggWriter struct {
	serial uint32
	pages  uint32
	buf    []byte
}

// Flags of a page.
const (
	oggFirst = 2
	oggLast  = 4
)

// head returns the two pages that begin a stream of one or two channels. Two channels
// are two mono streams, each a channel of its own: mapping family 1 with no coupled
// stream.
func (o *oggWriter) head(channels int) []byte {
	le := binary.LittleEndian
	h := append([]byte("OpusHead"), 1, byte(channels))
	h = le.AppendUint16(h, 0) // pre-skip: the sound begins in the middle of a stream
	h = le.AppendUint32(h, 48000)
	h = le.AppendUint16(h, 0)
	if channels == 1 {
		h = append(h, 0)
	} else {
		h = append(h, 1, byte(channels), 0, 0, 1)
	}
	t := []byte("OpusTags")
	t = le.AppendUint32(t, uint32(len("offhook")))
	t = append(t, "offhook"...)
	t = le.AppendUint32(t, 0)
	first := append([]byte(nil), o.page([][]byte{h}, 0, oggFirst)...)
	return append(first, o.page([][]byte{t}, 0, 0)...)
}

// page returns one page with whole packets; it is overwritten by the next call. All
// lengths together must need no more than 255 lacing values.
func (o *oggWriter) page(packets [][]byte, granule uint64, flags byte) []byte {
	le := binary.LittleEndian
	b := append(o.buf[:0], "OggS"...)
	b = append(b, 0, flags)
	b = le.AppendUint64(b, granule)
	b = le.AppendUint32(b, o.serial)
	b = le.AppendUint32(b, o.pages)
	b = le.AppendUint32(b, 0) // the sum, below
	b = append(b, 0)
	o.pages++
	count := 0
	for _, p := range packets {
		n := len(p)
		for ; n >= 255; n -= 255 {
			b = append(b, 255)
			count++
		}
		b = append(b, byte(n))
		count++
	}
	b[26] = byte(count)
	for _, p := range packets {
		b = append(b, p...)
	}
	le.PutUint32(b[22:], oggSum(b))
	o.buf = b
	return b
}

// laces is how many lacing values a packet needs.
func laces(packet []byte) int { return len(packet)/255 + 1 }

var oggTable = func() (t [256]uint32) {
	for i := range t {
		r := uint32(i) << 24
		for range 8 {
			if r&(1<<31) != 0 {
				r = r<<1 ^ 0x04c11db7
			} else {
				r <<= 1
			}
		}
		t[i] = r
	}
	return t
}()

// oggSum is the checksum of a page: a CRC that is not reflected (RFC 3533, section 6).
func oggSum(b []byte) (sum uint32) {
	for _, c := range b {
		sum = sum<<8 ^ oggTable[byte(sum>>24)^c]
	}
	return sum
}

// maxFrame is the most that the length of a frame can tell (RFC 6716, section 3.2.1).
const maxFrame = 1275

// errOpus says that something is no packet of Opus.
var errOpus = errors.New("recording: not a packet of Opus")

// opusSamples is how many samples of 48 kHz a packet holds (RFC 6716, section 3.1), 0
// if it is none.
func opusSamples(packet []byte) int {
	if len(packet) == 0 {
		return 0
	}
	config := packet[0] >> 3
	var frame int
	switch {
	case config < 12:
		frame = []int{480, 960, 1920, 2880}[config&3]
	case config < 16:
		frame = []int{480, 960}[config&1]
	default:
		frame = []int{120, 240, 480, 960}[config&3]
	}
	switch packet[0] & 3 {
	case 0:
		return frame
	case 1, 2:
		return 2 * frame
	}
	if len(packet) < 2 {
		return 0
	}
	return int(packet[1]&63) * frame
}

// appendSelfDelimited appends a packet in the form that says where it ends (RFC 6716,
// appendix B), as all but the last stream of an Ogg packet have it.
func appendSelfDelimited(b, packet []byte) ([]byte, error) {
	if len(packet) == 0 {
		return b, errOpus
	}
	toc, rest := packet[0], packet[1:]
	switch toc & 3 {
	case 0:
		if len(rest) > maxFrame {
			return b, errOpus
		}
		return append(appendLength(append(b, toc), len(rest)), rest...), nil
	case 1:
		if len(rest)%2 != 0 || len(rest)/2 > maxFrame {
			return b, errOpus
		}
		return append(appendLength(append(b, toc), len(rest)/2), rest...), nil
	case 2:
		first, size, ok := readLength(rest)
		if !ok || size+first > len(rest) || len(rest)-size-first > maxFrame {
			return b, errOpus
		}
		b = append(append(b, toc), rest[:size]...)
		b = appendLength(b, len(rest)-size-first)
		return append(b, rest[size:]...), nil
	}
	return appendManyFrames(b, packet)
}

// appendManyFrames does so for code 3: any number of frames, perhaps padded.
func appendManyFrames(b, packet []byte) ([]byte, error) {
	if len(packet) < 2 {
		return b, errOpus
	}
	count, at, padding := int(packet[1]&63), 2, 0
	if count == 0 {
		return b, errOpus
	}
	if packet[1]&64 != 0 {
		for more := true; more; at++ {
			if at >= len(packet) {
				return b, errOpus
			}
			if more = packet[at] == 255; more {
				padding += 254
			} else {
				padding += int(packet[at])
			}
		}
	}
	size := len(packet) - padding // where the frames end
	last := 0
	if packet[1]&128 != 0 {
		sum := 0
		for range count - 1 {
			if at >= size {
				return b, errOpus
			}
			n, bytes, ok := readLength(packet[at:size])
			if !ok {
				return b, errOpus
			}
			at, sum = at+bytes, sum+n
		}
		last = size - at - sum
	} else if size >= at && (size-at)%count == 0 {
		last = (size - at) / count
	} else {
		return b, errOpus
	}
	if last < 0 || last > maxFrame {
		return b, errOpus
	}
	b = append(b, packet[:at]...)
	b = appendLength(b, last)
	return append(b, packet[at:]...), nil
}

// appendLength and readLength write and read the length of a frame (RFC 6716, section
// 3.2.1).
func appendLength(b []byte, n int) []byte {
	if n < 252 {
		return append(b, byte(n))
	}
	first := 252 + n&3
	return append(b, byte(first), byte((n-first)/4))
}

func readLength(b []byte) (n, size int, ok bool) {
	switch {
	case len(b) == 0:
		return 0, 0, false
	case b[0] < 252:
		return int(b[0]), 1, true
	case len(b) < 2:
		return 0, 0, false
	}
	return int(b[0]) + 4*int(b[1]), 2, true
}
