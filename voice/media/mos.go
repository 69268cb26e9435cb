package media

import (
	"math"

	"offhook/voice/codec"
)

// impairment is what G.107 wants to know of a codec: the equipment impairment Ie
// and the robustness to packet loss Bpl.
type impairment struct{ ie, bpl float64 }

// impairmentOf returns the values of a codec; recovers says that lost frames are
// made whole by the ones after them.
func impairmentOf(c codec.Info, recovers bool) impairment {
	if recovers {
		return impairment{c.Ie, c.BplFEC}
	}
	return impairment{c.Ie, c.Bpl}
}

// eModel is the transmission rating R of ITU-T G.107 with its default values:
// delay is mouth to ear in ms, loss in percent after the jitter buffer, burst
// the burst ratio.
func eModel(c impairment, delay, loss, burst float64) float64 {
	// With all defaults Ro - Is is 93.2 (G.107, section 7.7).
	const base = 93.2
	return base - delayImpairment(delay) - lossImpairment(c, loss, burst)
}

// delayImpairment is Idd of G.107, equation 7-27, for the default echo loss:
// with the far side's echo cancelled only the delay itself is heard.
func delayImpairment(ms float64) float64 {
	const mT, sT = 100, 1
	if ms <= mT {
		return 0
	}
	x := math.Log2(ms / mT)
	root := func(v float64) float64 { return math.Pow(1+math.Pow(v, 6*sT), 1.0/(6*sT)) }
	return 25 * (root(x) - 3*root(x/3) + 2)
}

// lossImpairment is Ie,eff of G.107, equation 7-29.
func lossImpairment(c impairment, loss, burst float64) float64 {
	if loss <= 0 {
		return c.ie
	}
	return c.ie + (95-c.ie)*loss/(loss/max(burst, 1)+c.bpl)
}

// mosOf turns R into the mean opinion score (G.107, annex B).
func mosOf(r float64) float64 {
	switch {
	case math.IsNaN(r) || r <= 0:
		return 1
	case r >= 100:
		return 4.5
	default:
		return max(1+0.035*r+r*(r-60)*(100-r)*7e-6, 1)
	}
}

// ForecastMOS is the mean opinion score that a call with the preferred codec and its
// redundancy would have over a path of that delay from mouth to ear, in ms, and that loss,
// in percent.
func ForecastMOS(delay, loss float64) float64 {
	return mosOf(eModel(impairmentOf(codec.Infos()[0], true), delay, loss, 1))
}
