package process

import (
	"math"
	"sync"
	"sync/atomic"
)

// Config says what to do to the microphone's sound. Each can be switched later.
type Config struct {
	Echo, Noise, Gain bool
}

const (
	// tail is how long an echo may last in the canceller: 200 ms, two thirds of the
	// reverberation of a furnished room. The devices' own delay is taken off before.
	tail = sampleRate * 200 / 1000
	// ringFrames is how many frames of the loudspeaker are kept: 1.28 s.
	ringFrames = 128
	// spare is how many frames the canceller is given of the delay, so that an
	// estimate too long does not put the echo before its cause.
	spare = 4
	// outgrown is how many frames the echo may lag behind its place before the
	// place is moved.
	outgrown = 9
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
	drift   driftMeter
	between *[phases + 1][taps]float32
	slip    float64 // samples that the reading of the ring is ahead of whole frames
	far     [frameSize]int16
	// window is the stretch of the ring that far is read from, with what lies around it;
	// the rates of two clocks differ by less than a sample in a frame.
	near    [frameSize + taps + 1]int16
	window  [frameSize + taps + 1]float32
	bulk    int64 // frames that the echo is known to lag
	silence [frameSize]int16
	before  [frameSize]int16 // the microphone's frame, with its echo
	held    *held
	benefit benefit
	idle    bool // there is no echo
	scout   *scout
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
	scout, err := newScout()
	if err != nil {
		s.close()
		return nil, err
	}
	p := &Processor{speex: s, scout: scout, applied: bitFresh, between: between(), held: newHeld()}
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
			p.forget()
			p.restart()
		}
		p.idle, p.scout.on, p.scout.tried = false, false, 0
		p.benefit.forget()
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

// forget gives up what was learnt of the echo's path.
func (p *Processor) forget() {
	p.speex.forget()
	p.held.forget()
}

// restart takes up the loudspeaker's sound at its present end.
func (p *Processor) restart() {
	p.read = max(0, p.written.Load()-1)
	p.behind, p.checked = ringFrames, 0
	p.slip = 0
	p.drift.lose()
}

func (p *Processor) cancel(frame []int16) {
	w := p.written.Load()
	p.keepUp(w)
	p.fetch(w)
	recent := p.silence[:]
	if p.read < w && p.read > w-ringFrames+4 {
		recent = p.ring[p.read%ringFrames][:]
	}
	p.read++
	if lag, sure := p.delay.add(recent, frame); sure {
		// The echo has to lie behind its cause, and within the tail.
		if place := int64(lag) - p.bulk; place < 2 && p.bulk > 0 || place > outgrown {
			p.bulk = max(0, int64(lag)-spare)
			p.slip = 0
			p.drift.lose()
			p.forget()
		}
	}
	if p.scout.on {
		if !p.scout.look(p.far[:], frame) {
			return
		}
		p.scout.on, p.scout.tried = false, p.benefit.frames
		p.benefit.taken, p.benefit.gained = p.scout.benefit.taken, p.scout.benefit.gained
		p.drift.lose()
		p.forget()
	}
	copy(p.before[:], frame)
	p.speex.cancel(frame, p.far[:])
	p.slip += p.drift.hear(p.before[:], frame)
	p.held.choose(p.speex, p.far[:], p.before[:], frame)
	idle := p.benefit.judge(p.far[:], p.before[:], frame)
	if idle {
		copy(frame, p.before[:])
	}
	if idle != p.idle {
		p.idle = idle
		p.speex.suppress(!idle)
	}
	p.drift.step(p.speex)
	p.scout.relieve(&p.benefit)
}

// fetch reads the loudspeaker's sound that belongs to the next frame of the
// microphone, at the pace of the microphone's clock. It keeps a frame of the
// delay in hand, so that it can be read faster.
func (p *Processor) fetch(w int64) {
	rate := 1 + p.drift.rate
	at := float64((p.read-1-p.bulk)*frameSize) + p.slip
	p.slip += frameSize * p.drift.rate
	for ; p.slip >= frameSize; p.slip -= frameSize {
		p.bulk--
	}
	for ; p.slip < 0; p.slip += frameSize {
		p.bulk++
	}
	first, last := int64(at)-taps, int64(at+frameSize*rate)+taps
	if first < 0 || last >= w*frameSize || first < (w-ringFrames+4)*frameSize {
		clear(p.far[:])
		return
	}
	from := int64(at) - taps/2 + 1
	if rate == 1 && at == math.Trunc(at) { // the clocks agree: nothing is between
		p.copyFrom(int64(at), p.far[:])
		return
	}
	p.copyFrom(from, p.near[:])
	for i, v := range p.near {
		p.window[i] = float32(v)
	}
	for i := range p.far {
		x := at + float64(i)*rate
		k := int64(x)
		row, near := &p.between[int((x-float64(k))*phases+0.5)], p.window[k-int64(at):][:taps]
		var v float32
		for j := range row {
			v += row[j] * near[j]
		}
		p.far[i] = int16(max(-32768, min(v, 32767)))
	}
}

const taps, phases = 16, 256

// between makes the filters (a windowed sinc) that read the ring between two of
// its samples, once.
var between = sync.OnceValue(func() *[phases + 1][taps]float32 {
	var rows [phases + 1][taps]float32
	for p := range rows {
		for j := range taps {
			t := float64(p)/phases - float64(j-taps/2+1)
			v := 1.0
			if t != 0 {
				v = math.Sin(math.Pi*t) / (math.Pi * t) * (0.5 + 0.5*math.Cos(math.Pi*t/(taps/2+0.5)))
			}
			rows[p][j] = float32(v)
		}
	}
	return &rows
})

// copyFrom fills out with the samples of the ring from k on.
func (p *Processor) copyFrom(k int64, out []int16) {
	for len(out) > 0 {
		n := copy(out, p.ring[k/frameSize%ringFrames][k%frameSize:])
		k, out = k+int64(n), out[n:]
	}
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
func (p *Processor) Close() {
	p.speex.close()
	p.scout.close()
}
