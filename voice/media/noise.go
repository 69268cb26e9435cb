package media

import (
	"math"
	"sync/atomic"
)

// Comfort noise in SDP (RFC 3389): its encoding name, static payload type and clock.
const (
	comfortName  = "CN"
	comfortType  = 13
	comfortClock = 8000
)

// comfort fills the pauses of a far side that sends nothing while nobody
// speaks, so that the line does not sound dead. It is noise of the announced
// level over the telephone band; the spectrum that a packet may describe is left
// out.
type comfort struct {
	// level is 1 + the level in -dBov while the far side is silent, else 0.
	level atomic.Int32

	// Of the thread that calls Pull. silent counts frames since the far side said
	// that it is silent.
	silent int
	seed   uint32
	last   float32
}

// hear takes a comfort noise packet: its first byte is the level (RFC 3389,
// section 3).
func (c *comfort) hear(payload []byte) {
	if len(payload) > 0 {
		c.level.Store(1 + int32(payload[0]&0x7f))
	}
}

// end is called for every packet of sound.
func (c *comfort) end() { c.level.Store(0) }

// fill replaces a frame once the sound from before the pause, which waits for
// delay in the jitter buffer, has been played. On its own the playout would go on
// with the background that it has learnt; the far side knows its own better.
func (c *comfort) fill(frame []int16, delay float64) {
	level := c.level.Load()
	if level == 0 {
		c.silent = 0
		return
	}
	const margin = 4 // frames, for the last packet itself
	if c.silent++; float64(c.silent-margin)*10 < delay {
		return
	}
	// 0 dBov is a square wave (RFC 3389, section 3); even noise of amplitude a has
	// the power of one of a/√3.
	amplitude := float32(math.MaxInt16 * math.Sqrt(3) * math.Pow(10, -float64(level-1)/20))
	const step = 6 // 8 kHz noise, drawn out to 48 kHz
	for i := 0; i+step <= len(frame); i += step {
		c.seed = c.seed*1664525 + 1013904223
		next := amplitude * float32(int32(c.seed)) / (1 << 31)
		for k := range step {
			frame[i+k] = int16(min(max(c.last+(next-c.last)*float32(k)/step, math.MinInt16), math.MaxInt16))
		}
		c.last = next
	}
}
