package codec

// concealer hides lost sound in the manner of G.711 Appendix I: the last pitch
// period is repeated, fades from the second 10 ms on, is silent after 60 ms,
// and is cross-faded into the first packet that arrives again.
type concealer struct {
	// scale is the sample rate in units of 8 kHz: 1 or 2.
	scale   int
	history [2 * plcHistory]float32 // newest last
	period  [2 * plcMaxPitch]float32
	pitch   int     // length of period, 0 while nothing is lost
	at      int     // next sample of period
	lostFor int     // samples since the loss began
	step    float32 // jump between history and period, faded out
}

// Lengths in samples at 8 kHz.
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
		n := min(len(s), min(32*c.scale+c.lostFor/5, 80*c.scale))
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
	past := c.past()
	if len(s) > len(past) {
		s = s[len(s)-len(past):]
	}
	copy(past, past[len(s):])
	for i, v := range s {
		past[len(past)-len(s)+i] = float32(v)
	}
}

// past is the sound that has been played last.
func (c *concealer) past() []float32 { return c.history[:plcHistory*c.scale] }

// begin copies the last pitch period. Its last quarter is blended towards what
// stood before its first sample, so that it repeats without a click.
func (c *concealer) begin() {
	p, past := c.findPitch(), c.past()
	from := len(past) - p
	copy(c.period[:p], past[from:])
	q := p / 4
	for i := range q {
		w := float32(i+1) / float32(q+1)
		c.period[p-q+i] = (1-w)*past[len(past)-q+i] + w*past[from-q+i]
	}
	c.pitch, c.at, c.lostFor = p, 0, 0
	c.step = past[len(past)-1] - past[from-1]
}

// findPitch is the lag at which the last 20 ms resemble what came before most,
// by normalised cross-correlation; the highest voice wins a near tie, because
// every multiple of the true period fits as well.
func (c *concealer) findPitch() int {
	past := c.past()
	recent := len(past) - plcWindow*c.scale
	now := past[recent:]
	best, bestLag := float32(0), plcMaxPitch*c.scale
	for lag := plcMinPitch * c.scale; lag <= plcMaxPitch*c.scale; lag++ {
		then := past[recent-lag : len(past)-lag]
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
	case c.lostFor >= plcGone*c.scale:
		gain = 0
	case c.lostFor > plcHold*c.scale:
		gain = 1 - float32(c.lostFor-plcHold*c.scale)/float32((plcGone-plcHold)*c.scale)
	}
	if c.lostFor < plcGone*c.scale {
		c.lostFor++
	}
	return v * gain
}
