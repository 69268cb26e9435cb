package media

import (
	"sync/atomic"
	"time"
)

// frameSamples is the length of the frames of Push and Pull: 10 ms at 48 kHz.
const frameSamples = 480

// frameRing carries microphone frames from the one thread that calls Push to
// the one goroutine that encodes. Neither ever waits for the other.
type frameRing struct {
	slots      [16]frame
	head, tail atomic.Uint32 // head: next to read, tail: next to write
}

type frame struct {
	pcm [frameSamples]int16
	// epoch tells frames from before a gate was shut from those after.
	epoch uint32
}

// free is the slot to write next, or nil if the ring is full; commit hands it
// over.
func (r *frameRing) free() *frame {
	t := r.tail.Load()
	if t-r.head.Load() == uint32(len(r.slots)) {
		return nil
	}
	return &r.slots[t%uint32(len(r.slots))]
}

func (r *frameRing) commit() { r.tail.Add(1) }

// len is the number of frames that wait.
func (r *frameRing) len() int { return int(r.tail.Load() - r.head.Load()) }

// front is the oldest frame; release gives its slot back.
func (r *frameRing) front() *frame {
	h := r.head.Load()
	if h == r.tail.Load() {
		return nil
	}
	return &r.slots[h%uint32(len(r.slots))]
}

func (r *frameRing) release() { r.head.Add(1) }

// maxPayload is the longest audio payload that is taken from the network.
const maxPayload = 1280

// packetRing carries received packets from the network goroutine to the thread
// that calls Pull.
type packetRing struct {
	slots      [64]packet
	head, tail atomic.Uint32
}

type packet struct {
	// play is where the packet is played; a new codec has a new one. stream rises
	// with each new source.
	play    *playout
	stream  uint32
	arrival time.Duration
	ts      uint32
	seq     uint16
	red     bool // data holds blocks (RFC 2198)
	n       int
	data    [maxPayload]byte
}

// put copies a packet in; false means that nobody has pulled for
// 640 ms or more.
func (r *packetRing) put(play *playout, stream uint32, seq uint16, ts uint32, at time.Duration, payload []byte, red bool) bool {
	t := r.tail.Load()
	if t-r.head.Load() == uint32(len(r.slots)) || len(payload) > maxPayload {
		return false
	}
	p := &r.slots[t%uint32(len(r.slots))]
	p.play, p.stream, p.seq, p.ts, p.arrival, p.red = play, stream, seq, ts, at, red
	p.n = copy(p.data[:], payload)
	r.tail.Add(1)
	return true
}

func (r *packetRing) front() *packet {
	h := r.head.Load()
	if h == r.tail.Load() {
		return nil
	}
	return &r.slots[h%uint32(len(r.slots))]
}

func (r *packetRing) release() { r.head.Add(1) }

// drop empties the ring.
func (r *packetRing) drop() { r.head.Store(r.tail.Load()) }
