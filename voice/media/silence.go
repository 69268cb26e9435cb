package media

import (
	"math"
	"time"
)

// Silence is what lies no more than overFloor, as a ratio of powers, over the
// quietest sound of late and under loudestSilence, a mean power of -40 dBov, for
// hangover. While it lasts its level goes out every noiseEvery, so that neither
// the far side nor a firewall takes the call for dead, and at once when it has
// changed by noiseStep dB.
const (
	overFloor      = 4
	loudestSilence = 328 * 328
	hangover       = 200 * time.Millisecond
	noiseEvery     = 400 * time.Millisecond
	noiseStep      = 6
)

// silence tells when nobody speaks, for codecs that can't (RFC 3389, section 4). It
// belongs to the sender's goroutine.
type silence struct {
	floor float64       // mean power of the quietest sound, 0 before the first
	quiet time.Duration // how long nobody has spoken
	since time.Duration // since the last level went out
	told  int           // that level in -dBov
	on    bool
}

// hear judges the next packet's sound. on says that it need not be sent; due that
// a level is to go out instead.
func (s *silence) hear(pcm []int16) (on, due bool, level int) {
	var sum int64
	for _, v := range pcm {
		sum += int64(v) * int64(v)
	}
	power := float64(sum) / float64(len(pcm))
	switch {
	case power == 0: // muted: that is no background
	case s.floor == 0 || power < s.floor:
		s.floor = max(power, 1)
	default:
		s.floor *= 1.008 // 1.7 dB a second: a louder place becomes the new floor
	}
	length := time.Duration(len(pcm)) * time.Second / 48000
	if power > loudestSilence || power > overFloor*s.floor {
		s.on, s.quiet = false, 0
		return false, false, 0
	}
	if s.quiet += length; s.quiet <= hangover {
		return false, false, 0
	}
	level = 127
	if power > 0 {
		level = min(max(int(math.Round(-10*math.Log10(power/(math.MaxInt16*math.MaxInt16)))), 0), 127)
	}
	s.since += length
	if !s.on || s.since >= noiseEvery || level-s.told >= noiseStep || s.told-level >= noiseStep {
		s.on, s.since, s.told = true, 0, level
		return true, true, level
	}
	return true, false, level
}
