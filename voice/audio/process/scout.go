package process

const (
	// tryFor is for how many frames of a loudspeaker that is heard a canceller has to be
	// of no use before it sleeps.
	tryFor = 300
	// hopeless is the benefit below which it is of no use.
	hopeless = 0.15
	// The scout hears one sample of six, which makes 8 kHz: most of a voice's power.
	sparse      = 6
	scoutFrame  = frameSize / sparse
	scoutTail   = tail / sparse
	scoutSample = sampleRate / sparse
)

// scout looks for an echo in the place of a canceller that is of no use, as on a
// headset that does not say that it is one. It is a canceller of its own that hears the
// voice in less detail, and so takes an eighth of the work.
type scout struct {
	canceller
	benefit  benefit
	mic, far [scoutFrame]int16
	heard    [scoutFrame]int16
	// on says that the canceller sleeps; tried is how many frames it had judged when it
	// was of use the last time, or woke.
	on    bool
	tried int
}

func newScout() (*scout, error) {
	c, err := newCanceller(scoutFrame, scoutSample, scoutTail)
	return &scout{canceller: c}, err
}

// relieve lets the canceller sleep if it has been of no use for long enough. One that
// is learning another path is of more and more use.
func (s *scout) relieve(b *benefit) {
	if !b.idle || b.gained > hopeless*b.taken && b.taken >= 0.02 {
		s.tried = b.frames
	}
	if b.frames-s.tried < tryFor {
		return
	}
	s.on = true
	s.forget()
	s.benefit = benefit{idle: true, frames: unproven}
}

// look takes a frame of the loudspeaker and of the microphone. It reports whether
// there is an echo now, so that the canceller has to wake.
func (s *scout) look(far, mic []int16) bool {
	thin(s.far[:], far)
	thin(s.mic[:], mic)
	s.heard = s.mic
	s.cancel(s.mic[:], s.far[:])
	return !s.benefit.judge(s.far[:], s.heard[:], s.mic[:])
}

// thin takes the mean of each stretch of a frame.
func thin(out, frame []int16) {
	for i := range out {
		sum := 0
		for _, v := range frame[i*sparse:][:sparse] {
			sum += int(v)
		}
		out[i] = int16(sum / sparse)
	}
}
