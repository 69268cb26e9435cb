package process

const (
	// lookEvery is how often the echo's place is looked at: 1 s of frames.
	lookEvery = 100
	// firmness is the share of what was seen that is corrected at once, firmFirst
	// that of the first looks.
	firmness   = 0.25
	firmFirst  = 0.7
	firstLooks = 5
	// mostDrift is beyond any two sound cards: 500 ppm.
	mostDrift = 500e-6
	// mostMove is how far the echo's place moves in a second by drift alone, in
	// samples; more is another reflection or another path.
	mostMove = 30
)

// driftMeter learns how much faster the microphone's clock runs than the
// loudspeaker's, from the way that the echo's place wanders. A canceller can't
// follow an echo that moves by several samples a second, so the loudspeaker's
// sound is read at the microphone's pace.
type driftMeter struct {
	rate   float64 // added to the pace of reading
	frames int
	place  float64
	known  bool
	looks  int
}

// lose forgets the echo's place, but not the clocks.
func (d *driftMeter) lose() { d.known, d.frames = false, 0 }

func (d *driftMeter) step(s *speex) {
	if d.frames++; d.frames < lookEvery {
		return
	}
	d.frames = 0
	at, ok := s.peak()
	if !ok {
		d.known = false
		return
	}
	if moved := at - d.place; d.known && moved > -mostMove && moved < mostMove {
		firm := firmness
		if d.looks++; d.looks <= firstLooks {
			firm = firmFirst
		}
		d.rate -= firm * moved / (lookEvery * frameSize)
		d.rate = max(-mostDrift, min(d.rate, mostDrift))
	}
	d.place, d.known = at, true
}
