package audio

import (
	"math"
	"sync/atomic"
)

// Volumes are how loud the sound of a call is, each 0 (silent) to 1 (as it comes), and
// the far side's up to MaxVolume, for one who speaks softly. The zero value is 1 for
// both.
type Volumes struct {
	// Far is the far side's voice, Tones are what the phone itself plays in a call:
	// ringback and the signs of other calls.
	Far, Tones float64
}

// MaxVolume is how much louder than it comes the far side can be made.
const MaxVolume = 2

// SetVolumes changes how loud the call is, at once. It waits for nothing.
func (p *Path) SetVolumes(v Volumes) {
	if v == (Volumes{}) {
		v = Volumes{Far: 1, Tones: 1}
	}
	p.farLoud.store(min(max(v.Far, 0), MaxVolume))
	p.toneLoud.store(min(max(v.Tones, 0), 1))
}

// gain is a loudness that a device's thread reads while others change it.
type gain struct{ bits atomic.Uint64 }

func (g *gain) store(v float64) { g.bits.Store(math.Float64bits(v)) }
func (g *gain) load() float64   { return math.Float64frombits(g.bits.Load()) }

// apply makes a frame louder or softer; what is too loud is cut at full scale.
func (g *gain) apply(frame []int16) {
	v := g.load()
	if v == 1 {
		return
	}
	for i, s := range frame {
		frame[i] = int16(min(max(float64(s)*v, math.MinInt16), math.MaxInt16))
	}
}
