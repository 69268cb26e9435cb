package audio

import (
	"math"
	"sync/atomic"
)

// source is a paced Source: fill makes each frame.
type source struct {
	pacer pacer
	fill  func(frame []int16)
}

func (s *source) Start(deliver func(frame []int16)) error {
	frame := make([]int16, FrameSamples)
	s.pacer.start(func() {
		s.fill(frame)
		deliver(frame)
	})
	return nil
}

func (s *source) Close() error {
	s.pacer.stop()
	return nil
}

func newNullSource() *source { return &source{fill: func(frame []int16) { clear(frame) }} }

// newSineSource is a tone at a quarter of full scale.
func newSineSource(hz float64) *source {
	phase, step := 0.0, hz/SampleRate
	return &source{fill: func(frame []int16) {
		for i := range frame {
			frame[i] = int16(8192 * math.Sin(2*math.Pi*phase))
			phase += step
			phase -= math.Floor(phase)
		}
	}}
}

// newLoopSource repeats pcm, from its beginning on.
func newLoopSource(pcm []int16) *source {
	at := 0
	return &source{fill: func(frame []int16) {
		for n := 0; n < len(frame); {
			k := copy(frame[n:], pcm[at:])
			n += k
			at = (at + k) % len(pcm)
		}
	}}
}

// nullSink plays to nobody, at the pace of a sound card.
type nullSink struct{ pacer pacer }

func (s *nullSink) Start(pull func(frame []int16)) error {
	frame := make([]int16, FrameSamples)
	s.pacer.start(func() { pull(frame) })
	return nil
}

func (s *nullSink) Close() error {
	s.pacer.stop()
	return nil
}

// fileSink plays into a recording, which outlives it.
type fileSink struct {
	pacer  pacer
	rec    *recording
	closed atomic.Bool
}

func (s *fileSink) Start(pull func(frame []int16)) error {
	frame := make([]int16, FrameSamples)
	s.pacer.start(func() {
		pull(frame)
		s.rec.write(s, frame)
	})
	return nil
}

func (s *fileSink) Close() error {
	s.pacer.stop()
	if s.closed.Swap(true) {
		return nil
	}
	return s.rec.release(s)
}
