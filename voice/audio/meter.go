package audio

import (
	"math"
	"sync/atomic"
)

// meter shows how loud one direction is. One thread feeds it, any may read it.
type meter struct {
	level atomic.Uint32 // math.Float32bits
}

const (
	// meterFloor is what a meter shows as 0, in dB below full scale.
	meterFloor = 60.0
	// meterFall is how much of the scale a meter falls in 10 ms: from full to
	// nothing in half a second.
	meterFall = 0.02
)

// add shows one frame.
func (m *meter) add(frame []int16) {
	now := float32(min(1, max(0, 1+loudness(frame)/meterFloor)))
	m.level.Store(math.Float32bits(max(now, m.load()-meterFall)))
}

func (m *meter) load() float32 { return math.Float32frombits(m.level.Load()) }

// loudness is the mean power of frame in dB over full scale; at most 0, −100
// for digital silence.
func loudness(frame []int16) float64 {
	var sum int64
	for _, v := range frame {
		sum += int64(v) * int64(v)
	}
	if sum == 0 {
		return -100
	}
	return 10 * math.Log10(float64(sum)/float64(len(frame))/(32768*32768))
}
