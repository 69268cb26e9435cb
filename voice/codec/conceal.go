package codec

// concealer hides lost G.711 in the manner of G.711 Appendix I: the last pitch
// period is repeated, fades from the second 10 ms on, is silent after 60 ms,
// and is cross-faded into the first packet that arrives again. It works at
// 8 kHz.
type concealer struct {
	history [plcHistory]float32 // newest last
	period  [plcMaxPitch]float32
	pitch   int     // length of period, 0 while nothing is lost
	at      int     // next sample of period
	lostFor int     // samples since the loss began
	step    float32 // jump between history and period, faded out
}

const (
	plcHistory  = 390
	plcMinPitch = 40  // 200 Hz
	plcMaxPitch = 120 // 66 Hz
	plcWindow   = 160 // 20 ms are compared to find the pitch
	plcHold     = 80  // full loudness for the first 10 ms
	plcGone     = 480 // silent from 60 ms on
)

// good takes decoded sound, in place: after a loss its beginning is blended
// with the repetition that the listener hears.
func (c *concealer) good(s []int16) {
	if c.pitch > 0 {
		n := min(len(s), min(32+c.lostFor/5, 80))
		for i := range n {
			w := float32(i+1) / float32(n+1)
			s[i] = clip(w*float32(s[i]) + (1-w)*c.next())
		}
		c.pitch = 0
	}
	c.remember(s)
}

// lost fills s with the repetition.
func (c *concealer) lost(s []int16) {
	if c.pitch == 0 {
		c.begin()
	}
	for i := range s {
		s[i] = clip(c.next())
	}
	c.remember(s)
}

func (c *concealer) remember(s []int16) {
	if len(s) > plcHistory {
		s = s[len(s)-plcHistory:]
	}
	copy(c.history[:], c.history[len(s):])
	for i, v := range s {
		c.history[plcHistory-len(s)+i] = float32(v)
	}
}

// begin copies the last pitch period. Its last quarter is blended towards what
// stood before its first sample, so that it repeats without a click.
func (c *concealer) begin() {
	p := c.findPitch()
	from := plcHistory - p
	copy(c.period[:p], c.history[from:])
	q := p / 4
	for i := range q {
		w := float32(i+1) / float32(q+1)
		c.period[p-q+i] = (1-w)*c.history[plcHistory-q+i] + w*c.history[from-q+i]
	}
	c.pitch, c.at, c.lostFor = p, 0, 0
	c.step = c.history[plcHistory-1] - c.history[from-1]
}

// findPitch is the lag at which the last 20 ms resemble what came before most,
// by normalised cross-correlation; the highest voice wins a near tie, because
// every multiple of the true period fits as well.
func (c *concealer) findPitch() int {
	now := c.history[plcHistory-plcWindow:]
	best, bestLag := float32(0), plcMaxPitch
	for lag := plcMinPitch; lag <= plcMaxPitch; lag++ {
		then := c.history[plcHistory-plcWindow-lag : plcHistory-lag]
		var cross, energy float32
		for i, v := range then {
			cross += v * now[i]
			energy += v * v
		}
		if cross <= 0 || energy == 0 {
			continue
		}
		if score := cross * cross / energy; score > best*1.02 {
			best, bestLag = score, lag
		}
	}
	return bestLag
}

// next is the next sample of the repetition.
func (c *concealer) next() float32 {
	v := c.period[c.at]
	if q := c.pitch / 4; c.lostFor < q {
		v += c.step * float32(q-c.lostFor) / float32(q)
	}
	if c.at++; c.at == c.pitch {
		c.at = 0
	}
	gain := float32(1)
	switch {
	case c.lostFor >= plcGone:
		gain = 0
	case c.lostFor > plcHold:
		gain = 1 - float32(c.lostFor-plcHold)/float32(plcGone-plcHold)
	}
	if c.lostFor < plcGone {
		c.lostFor++
	}
	return v * gain
}
