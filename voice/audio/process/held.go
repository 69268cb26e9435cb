package process

import "gonum.org/v1/gonum/dsp/fourier"

const (
	// parts are the pieces of a frame's length that the echo's path has.
	parts = tail / frameSize
	// window is the length of the transforms: a frame and the piece before it.
	window = 2 * frameSize
	bins   = window/2 + 1

	// takeEvery is how often the path is looked at: 1 s of frames. It is kept when
	// over that time no more than pure of the echo was left, so nobody spoke.
	takeEvery = 100
	pure      = 0.03
	// spoken is the share of the echo in what is left from which somebody speaks.
	spoken = 0.1
	// outdone is by how much the canceller may leave less than the kept path while
	// somebody speaks, and outgone the same for when it is the path that has
	// changed: what a canceller learns of a voice is much less.
	outdone, outgone = 0.4, 0.15
	// brief is the weight of a new frame in the comparison: 100 ms.
	brief = 0.1
	// restAfter is for how many frames no more than pure has to be left before the path
	// rests: it could take away little more.
	restAfter = 30
)

// held is the echo's path as it was learnt while nobody spoke. A canceller that goes
// on learning while both sides speak learns the near voice and takes it away; what
// is held cancels the echo meanwhile.
type held struct {
	fft   *fourier.FFT
	valid bool

	path  [parts][bins]complex128
	cause [parts][bins]complex128 // of the newest frames, newest at at
	// played are the same frames and the one before them, newest at newest: while
	// there is no path, the transforms are left.
	played [parts + 1][frameSize]float64
	at     int
	newest int
	last   [window]float64
	sum    [bins]complex128
	time   [window]float64
	taps   [window]float64

	notch notch
	mic   [frameSize]float64 // behind the notch
	left  [frameSize]float64
	// calm is for how many frames the canceller has left next to nothing. The path rests
	// then: it takes a third of the canceller's own work.
	calm int

	// Loudness of late: of the echo, of what the canceller leaves of the frame, and
	// of what the path leaves while it is awake.
	echo, other, own float64
	frames           int
	sumEcho, sumLeft float64
	// weight is the share of the path in what is given out.
	weight float64
}

func newHeld() *held { return &held{fft: fourier.NewFFT(window)} }

// forget gives the path up.
func (h *held) forget() {
	h.valid, h.weight, h.calm = false, 0, 0
	h.frames, h.sumEcho, h.sumLeft = 0, 0, 0
}

// choose takes a frame of the loudspeaker and of the microphone before and after the
// canceller, and puts into after what is better while somebody speaks.
func (h *held) choose(s *speex, far, before, after []int16) {
	h.play(far)
	var y, e float64
	for i, v := range before {
		d, r := h.notch.pass(float64(v)), float64(after[i])
		h.mic[i] = d
		y += (d - r) * (d - r)
		e += r * r
	}
	h.echo += brief * (y - h.echo)
	h.other += brief * (e - h.other)
	h.rest()
	if h.awake() {
		h.hear()
		var f float64
		for i, d := range h.mic {
			h.left[i] = d - h.time[frameSize+i]
			f += h.left[i] * h.left[i]
		}
		h.own += brief * (f - h.own)
	}
	goal := 0.0
	if h.awake() {
		switch {
		case h.other < outgone*h.own:
			h.forget()
		case h.own < 0.8*h.other, h.other > spoken*h.echo && h.other > outdone*h.own:
			goal = 1
		}
	}
	if goal != 0 || h.weight != 0 {
		step := (goal - h.weight) / frameSize
		for i := range after {
			h.weight += step
			after[i] = int16(max(-32768, min(float64(after[i])+h.weight*(h.left[i]-float64(after[i])), 32767)))
		}
		h.weight = goal
	}
	h.sumEcho += y
	h.sumLeft += e
	if h.frames++; h.frames < takeEvery {
		return
	}
	if h.sumLeft < pure*h.sumEcho && h.sumEcho > loudFar*frameSize*takeEvery/16 {
		h.take(s)
	}
	h.frames, h.sumEcho, h.sumLeft = 0, 0, 0
}

// awake reports whether the path is tried now.
func (h *held) awake() bool { return h.valid && h.calm < restAfter }

// play takes a frame of the loudspeaker.
func (h *held) play(far []int16) {
	h.newest = (h.newest + parts) % (parts + 1)
	for i, v := range far {
		h.played[h.newest][i] = float64(v)
	}
	h.at = (h.at + parts - 1) % parts
}

// rest counts how long the canceller has done without the path, and wakes it as soon as
// there is something for it to do.
func (h *held) rest() {
	switch {
	case !h.valid:
	case h.other > pure*h.echo || h.weight != 0:
		if h.calm >= restAfter {
			h.wake()
		}
		h.calm = 0
	default:
		h.calm++
	}
}

// wake makes the transforms that were left while the path rested, but for the newest.
func (h *held) wake() {
	for back := 1; back < parts; back++ {
		h.transform(back)
	}
	h.own = h.other // it has yet to show what it leaves
}

// hear makes the echo of the newest frame of the loudspeaker in the second half of
// time, by overlap-save.
func (h *held) hear() {
	h.transform(0)
	clear(h.sum[:])
	for p := range parts {
		x, w := &h.cause[(h.at+p)%parts], &h.path[p]
		for i, v := range x {
			h.sum[i] += v * w[i]
		}
	}
	h.fft.Sequence(h.time[:], h.sum[:])
}

// transform makes the cause of the frame that was played back frames ago.
func (h *held) transform(back int) {
	copy(h.last[:], h.played[(h.newest+back+1)%(parts+1)][:])
	copy(h.last[frameSize:], h.played[(h.newest+back)%(parts+1)][:])
	h.fft.Coefficients(h.cause[(h.at+back)%parts][:], h.last[:])
}

// take keeps the path as the canceller has learnt it.
func (h *held) take(s *speex) {
	s.learn()
	clear(h.taps[:])
	// libspeexdsp's transform back multiplies by its length, and so does h.fft's.
	const scale = 32767 * window * window
	for p := range parts {
		for i := range frameSize {
			h.taps[i] = float64(s.response[p*frameSize+i]) / scale
		}
		h.fft.Coefficients(h.path[p][:], h.taps[:])
	}
	if h.valid {
		return
	}
	h.valid, h.calm = true, 0
	h.transform(0)
	h.wake()
}

// notch is the canceller's own filter against a constant part, so that what it
// leaves and what the path leaves can follow each other.
type notch struct{ a, b float64 }

func (n *notch) pass(v float64) float64 {
	const radius = 0.992
	const den = radius*radius + 0.7*(1-radius)*(1-radius)
	out := n.a + v
	n.a = n.b + 2*(radius*out-v)
	n.b = v - den*out
	return radius * out
}
