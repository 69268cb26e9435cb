package platform

import (
	"math"

	"offhook/demo/relay"
	"offhook/voice/codec"
)

// Parameters of the E-model (ITU-T G.107): the rating without impairment, and what
// the way and the playout buffer add to the delay.
const (
	ratingBase   = 93.2
	frameMs      = 20.0
	jitterFactor = 2.0 // a playout buffer holds about so much of the jitter
)

// mos estimates how the phone's sound reached the platform: 1 to 4.5, or 0
// without packets. It knows loss and jitter on the way here only; the phones'
// own figures see the whole way.
func mos(m relay.Stats, name string) float64 {
	if m.PacketsReceived == 0 {
		return 0
	}
	lost := float64(max(m.PacketsLost, 0))
	loss := 100 * lost / (lost + float64(m.PacketsReceived))
	spoken, ok := codec.Lookup(name)
	if !ok {
		return 0
	}
	delay := frameMs + jitterFactor*m.JitterMs
	r := ratingBase - 0.024*delay - spoken.Ie - (95-spoken.Ie)*loss/(loss+spoken.BplFEC)
	if delay > 177.3 {
		r -= 0.11 * (delay - 177.3)
	}
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return math.Round(100*max(1, 1+0.035*r+r*(r-60)*(100-r)*7e-6)) / 100
}
