package audio

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gen2brain/malgo"
)

// periodMs is the length of a device's block. Smaller ones gain a few milliseconds
// and break sooner on a busy machine.
const periodMs = 10

// cardStream is an opened device. Its callback runs on a thread of the sound
// system and touches nothing but what is set before Start.
type cardStream struct {
	cards *cards
	ctx   *malgo.AllocatedContext
	dev   *malgo.Device
	kind  Kind
	spec  Spec
	close sync.Once
	// over stops an abandoned device from calling anybody, should it wake up.
	over atomic.Bool
}

func (s *cardStream) start() error {
	_, err := within(openLimit, func() (int, error) { return 0, s.dev.Start() }, nil)
	if err != nil {
		return openFault(s.kind, s.spec, err)
	}
	return nil
}

// Close ends the stream, or abandons it: the device and its connection stay
// allocated then, since the sound system is still inside them.
func (s *cardStream) Close() error {
	s.over.Store(true)
	s.close.Do(func() {
		closing := func() (int, error) {
			s.dev.Uninit()
			s.cards.release(s.ctx)
			return 0, nil
		}
		if _, err := within(closeLimit, closing, nil); err != nil {
			s.cards.log.Warn("abandoned a sound device that does not close", "kind", s.kind.String(), "device", s.spec.String())
			s.cards.mu.Lock()
			s.cards.drop(s.ctx)
			s.cards.mu.Unlock()
		}
	})
	return nil
}

// samples is a device's block as samples.
func samples(b []byte) []int16 {
	if len(b) < 2 {
		return nil
	}
	return unsafe.Slice((*int16)(unsafe.Pointer(&b[0])), len(b)/2)
}

// cardSource cuts what a microphone's callbacks bring into frames.
type cardSource struct {
	*cardStream
	deliver func([]int16)
	frame   [FrameSamples]int16
	n       int
}

func (c *cards) openSource(spec Spec) (Source, error) {
	s := &cardSource{}
	stream, err := c.open(Capture, spec, shallowest, func(_, in []byte, _ uint32) { s.take(samples(in)) })
	if err != nil {
		return nil, err
	}
	s.cardStream = stream
	return s, nil
}

func (s *cardSource) Start(deliver func([]int16)) error {
	s.deliver = deliver
	return s.start()
}

func (s *cardSource) take(in []int16) {
	if s.over.Load() {
		return
	}
	for len(in) > 0 {
		k := copy(s.frame[s.n:], in)
		in = in[k:]
		if s.n += k; s.n == FrameSamples {
			s.n = 0
			s.deliver(s.frame[:])
		}
	}
}

// cardSink fills a loudspeaker's callbacks from frames.
type cardSink struct {
	*cardStream
	pull  func([]int16)
	frame [FrameSamples]int16
	n     int // samples of frame that are still to be played
}

func (c *cards) openSink(spec Spec, depth int) (Sink, error) {
	s := &cardSink{}
	stream, err := c.open(Playback, spec, depth, func(out, _ []byte, _ uint32) { s.fill(samples(out)) })
	if err != nil {
		return nil, err
	}
	s.cardStream = stream
	return s, nil
}

func (s *cardSink) Start(pull func([]int16)) error {
	s.pull = pull
	return s.start()
}

func (s *cardSink) fill(out []int16) {
	if s.over.Load() {
		clear(out)
		return
	}
	for len(out) > 0 {
		if s.n == 0 {
			s.pull(s.frame[:])
			s.n = FrameSamples
		}
		k := copy(out, s.frame[FrameSamples-s.n:])
		out, s.n = out[k:], s.n-k
	}
}
