package process

import "sync/atomic"

// Config says what to do to the microphone's sound. Each can be switched later.
type Config struct {
	Echo, Noise, Gain bool
}

const (
	// tail is how long an echo may last in the canceller: 150 ms. The devices'
	// own delay is taken off before.
	tail = sampleRate * 150 / 1000
	// ringFrames is how many frames of the loudspeaker are kept: 1.28 s.
	ringFrames = 128
	// spare is how many frames the canceller is given of the delay, so that an
	// estimate too long does not put the echo before its cause.
	spare = 2
	// outgrown is how many frames the echo may lag behind its place before the
	// place is moved.
	outgrown = 8
)

// Processor is an echo canceller, noise suppressor and gain control. Played and
// Process run on two real-time threads; neither allocates or waits.
type Processor struct {
	wanted  atomic.Uint32 // bits of Config
	headset atomic.Bool

	// The ring of what was played: the loudspeaker's thread writes, the
	// microphone's reads.
	ring    [ringFrames][frameSize]int16
	written atomic.Int64

	// The rest belongs to the microphone's thread.
	speex   *speex
	applied uint32
	read    int64 // frame of the ring that goes with the next of the microphone
	behind  int64 // smallest distance of read to written lately
	checked int
	delay   delayEstimator
	bulk    int64 // frames that the echo is known to lag
	silence [frameSize]int16
}

const (
	bitEcho = 1 << iota
	bitNoise
	bitGain
	bitFresh // never applied
)

// New makes a Processor.
func New(cfg Config) (*Processor, error) {
	s, err := newSpeex(tail)
	if err != nil {
		return nil, err
	}
	p := &Processor{speex: s, applied: bitFresh}
	p.Set(cfg)
	return p, nil
}

// Set switches the parts, from any goroutine.
func (p *Processor) Set(cfg Config) {
	var v uint32
	if cfg.Echo {
		v |= bitEcho
	}
	if cfg.Noise {
		v |= bitNoise
	}
	if cfg.Gain {
		v |= bitGain
	}
	p.wanted.Store(v)
}

// SetHeadset says that nothing of the loudspeaker reaches the microphone: then
// there is no echo to cancel, whatever Config says.
func (p *Processor) SetHeadset(on bool) { p.headset.Store(on) }

// Played tells what the loudspeaker is about to play.
func (p *Processor) Played(frame []int16) {
	w := p.written.Load()
	copy(p.ring[w%ringFrames][:], frame)
	p.written.Store(w + 1)
}

// Process cleans a frame of the microphone, in place.
func (p *Processor) Process(frame []int16) {
	if len(frame) != frameSize {
		return
	}
	want := p.wanted.Load()
	if p.headset.Load() {
		want &^= bitEcho
	}
	if want != p.applied {
		if want&bitEcho != 0 && p.applied&bitEcho == 0 {
			p.speex.forget()
			p.restart()
		}
		p.speex.set(want&bitEcho != 0, want&bitNoise != 0, want&bitGain != 0)
		p.applied = want
	}
	if want&bitEcho != 0 {
		p.cancel(frame)
	}
	if want != 0 {
		p.speex.clean(frame)
	}
}

// restart takes up the loudspeaker's sound at its present end.
func (p *Processor) restart() {
	p.read = max(0, p.written.Load()-1)
	p.behind, p.checked = ringFrames, 0
}

func (p *Processor) cancel(frame []int16) {
	w := p.written.Load()
	p.keepUp(w)
	far := p.silence[:]
	if k := p.read - p.bulk; k >= 0 && k < w && k > w-ringFrames+4 {
		far = p.ring[k%ringFrames][:]
	}
	recent := p.silence[:]
	if p.read < w && p.read > w-ringFrames+4 {
		recent = p.ring[p.read%ringFrames][:]
	}
	p.read++
	if lag, sure := p.delay.add(recent, frame); sure {
		// The echo has to lie behind its cause, and within the tail.
		if place := int64(lag) - p.bulk; place < 1 || place > outgrown {
			p.bulk = max(0, int64(lag)-spare)
			p.speex.forget()
		}
	}
	p.speex.cancel(frame, far)
}

// keepUp holds read just behind written. The two threads run in bursts, so only
// what is always too much, or ever missing, is corrected.
func (p *Processor) keepUp(w int64) {
	p.behind = min(p.behind, w-p.read)
	if w-p.read < 1 || w-p.read > ringFrames/2 {
		p.restart()
		return
	}
	if p.checked++; p.checked < 200 {
		return
	}
	if p.behind > 4 { // the microphone's clock is the slower one
		p.read += p.behind - 2
	}
	p.behind, p.checked = ringFrames, 0
}

// Close releases it; no thread is inside any more.
func (p *Processor) Close() { p.speex.close() }
