package platform

import (
	"math"

	"offhook/demo/relay"
)

// Parameters of the E-model (ITU-T G.107, G.113 appendix I): the rating without
// impairment, the impairment of each codec, and its robustness to loss.
const (
	ratingBase   = 93.2
	frameMs      = 20.0
	robustG711   = 4.3  // without concealment
	robustOpus   = 16.0 // with forward error correction
	jitterFactor = 2.0  // a playout buffer holds about so much of the jitter
)

// mos estimates how the phone's sound reached the platform: 1 to 4.5, or 0
// without packets. It knows loss and jitter on the way here only; the phones'
// own figures see the whole way.
func mos(m relay.Stats, codec string) float64 {
	if m.PacketsReceived == 0 {
		return 0
	}
	lost := float64(max(m.PacketsLost, 0))
	loss := 100 * lost / (lost + float64(m.PacketsReceived))
	robustness := robustG711
	if codec == "Opus" || codec == "opus" {
		robustness = robustOpus
	}
	delay := frameMs + jitterFactor*m.JitterMs
	r := ratingBase - 0.024*delay - 95*loss/(loss+robustness)
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
