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

	// fineEvery is how many frames make one measure of how late the echo is: 0.25 s.
	fineEvery = 25
	// fineMost is the share of the echo that may be left, for the measure to be one
	// of the echo: more is somebody who speaks.
	fineMost = 0.4
	// mostLate bounds a measure, in samples. fineShift is how much of it the reading
	// of the loudspeaker's sound is moved by at once, finePace what a second of
	// it adds to the pace: together they settle without swinging.
	mostLate  = 1.0
	fineShift = 0.5
	finePace  = 2
)

// driftMeter learns how much faster the microphone's clock runs than the
// loudspeaker's. A canceller can't follow an echo that moves by several samples a
// second, so the loudspeaker's sound is read at the microphone's pace: to 3 ppm, or
// the echo comes back.
//
// At first the way that the echo's place wanders in what the canceller has learnt
// tells the pace; that lags behind. Once the canceller works, what it leaves does:
// an echo that comes late by a part of a sample leaves that part of its slope.
type driftMeter struct {
	rate   float64 // added to the pace of reading
	frames int
	place  float64
	known  bool
	looks  int

	// Sums over the frames of a fine measure: of what is left times the echo's
	// slope, of the slope's square, and of the squares of both.
	leftSlope, slopes, left, echo float64
	heard                         int
	// tuned says that there was a fine measure since the last look.
	tuned bool
}

// lose forgets the echo's place, but not the clocks.
func (d *driftMeter) lose() {
	d.known, d.frames = false, 0
	d.unhear()
}

func (d *driftMeter) unhear() { d.leftSlope, d.slopes, d.left, d.echo, d.heard = 0, 0, 0, 0, 0 }

// hear takes a frame of the microphone before and after the canceller. It returns
// by how many samples the reading of the loudspeaker's sound is to be moved.
func (d *driftMeter) hear(before, after []int16) (shift float64) {
	for i := 1; i < len(before)-1; i++ {
		e := float64(after[i])
		y := float64(before[i]) - e
		slope := (float64(before[i+1]) - float64(after[i+1]) - float64(before[i-1]) + float64(after[i-1])) / 2
		d.leftSlope += e * slope
		d.slopes += slope * slope
		d.left += e * e
		d.echo += y * y
	}
	if d.heard++; d.heard < fineEvery {
		return 0
	}
	if d.looks >= 1 && d.echo > loudFar*frameSize*fineEvery/16 && d.left < fineMost*d.echo {
		late := max(-mostLate, min(-d.leftSlope/d.slopes, mostLate))
		d.turn(-finePace * late * fineEvery / lookEvery / sampleRate)
		d.tuned = true
		shift = -fineShift * late
	}
	d.unhear()
	return shift
}

func (d *driftMeter) turn(by float64) { d.rate = max(-mostDrift, min(d.rate+by, mostDrift)) }

// step looks where the echo is, once a second.
func (d *driftMeter) step(s *speex) {
	if d.frames++; d.frames < lookEvery {
		return
	}
	d.frames = 0
	if d.tuned {
		d.tuned, d.known = false, false
		return
	}
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
		d.turn(-firm * moved / (lookEvery * frameSize))
	}
	d.place, d.known = at, true
}
