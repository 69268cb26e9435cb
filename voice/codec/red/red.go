// Package red reads and writes RTP payloads that bring earlier packets again inside
// later ones (RFC 2198): a lost packet is played from its copy, exactly as it was.
// Nothing in it allocates, but for the text of descriptions.
package red

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// Name is the encoding's name in a description.
const Name = "red"

// MostBlocks is how many blocks of a payload are read, its own one counted.
const MostBlocks = 8

// The header of a block has HeaderSize bytes, that of the last one OwnHeaderSize
// (RFC 2198, section 3). LongestCopy is the most that a header can tell the length
// of.
const (
	HeaderSize    = 4
	OwnHeaderSize = 1
	LongestCopy   = 1<<10 - 1
)

// follows is set in the header of each block but the last.
const follows = 0x80

// Block is what one packet had for payload, among those in a payload.
type Block struct {
	PayloadType uint8
	// Back is by how much its timestamp lies before that of the packet.
	Back    uint32
	Payload []byte
}

// Blocks are those of a payload, its own one last.
type Blocks struct {
	all [MostBlocks]Block
	n   int
}

// Own is the block that is no copy; Copies are the others. There are none before
// Read has returned true.
func (r *Blocks) Own() *Block { return &r.all[r.n-1] }

// Copies are the blocks of earlier packets, in the order in which they stand.
func (r *Blocks) Copies() []Block { return r.all[:r.n-1] }

// Read finds the blocks of a payload, which they are parts of. It reports false for
// a payload that lies about its lengths, or has more than MostBlocks.
func (r *Blocks) Read(payload []byte) bool {
	lengths := [MostBlocks]int{}
	for r.n = 0; r.n < MostBlocks; r.n++ {
		b, length, size := header(payload)
		if size == 0 {
			return false
		}
		r.all[r.n], lengths[r.n], payload = b, length, payload[size:]
		if size == OwnHeaderSize {
			return r.cut(lengths, payload)
		}
	}
	return false
}

// cut gives the blocks their parts of what follows the headers.
func (r *Blocks) cut(lengths [MostBlocks]int, body []byte) bool {
	for i := range r.n {
		if lengths[i] > len(body) {
			return false
		}
		r.all[i].Payload, body = body[:lengths[i]], body[lengths[i]:]
	}
	r.all[r.n].Payload = body
	r.n++
	return true
}

// header reads the header of a block; size is 0 if it is cut off.
func header(p []byte) (b Block, length, size int) {
	switch {
	case len(p) < OwnHeaderSize:
		return b, 0, 0
	case p[0]&follows == 0:
		return Block{PayloadType: p[0]}, 0, OwnHeaderSize
	case len(p) < HeaderSize:
		return b, 0, 0
	}
	v := binary.BigEndian.Uint32(p)
	return Block{PayloadType: uint8(v >> 24 & 0x7f), Back: v >> 10 & 0x3fff}, int(v & LongestCopy), HeaderSize
}

// Own is the block of a payload that is no copy, for who takes no others; nil if
// the payload lies about its lengths.
func Own(payload []byte) []byte {
	var r Blocks
	if !r.Read(payload) {
		return nil
	}
	return r.Own().Payload
}

// Retype gives all blocks of a payload another payload type. It reports false, and
// the payload is of no use, if its headers are cut off.
func Retype(payload []byte, pt uint8) bool {
	for range MostBlocks {
		_, _, size := header(payload)
		if size == 0 {
			return false
		}
		payload[0] = payload[0]&follows | pt
		if size == OwnHeaderSize {
			return true
		}
		payload = payload[size:]
	}
	return false
}

// PutHeader writes the header of a copy of length bytes; that of a payload's own
// block is its payload type alone.
func PutHeader(b []byte, pt uint8, back uint32, length int) {
	binary.BigEndian.PutUint32(b, follows<<24|uint32(pt)<<24|back<<10|uint32(length))
}

// Fmtp describes payloads of so many blocks of one payload type, as a description's
// fmtp line does: it names the payload type of each (RFC 2198, section 5).
func Fmtp(pt uint8, blocks int) string {
	return strings.Join(slices.Repeat([]string{strconv.Itoa(int(pt))}, blocks), "/")
}

// Room is how many blocks of one payload type alone an fmtp line has room for: 0 if
// it names others.
func Room(fmtp string, pt uint8) int {
	types := strings.Split(fmtp, "/")
	for _, t := range types {
		if strings.TrimSpace(t) != strconv.Itoa(int(pt)) {
			return 0
		}
	}
	return min(len(types), MostBlocks)
}
