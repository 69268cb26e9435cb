package audio

import "sync/atomic"

// Mixer is the far side of a conference that this phone mixes: each party hears the
// microphone and the others, and the loudspeaker plays all of them, which is what the
// echo canceller hears, too. It allocates nothing once it is made, and waits for
// nothing.
//
// The loudspeaker's thread takes the parties' sound and the microphone's thread sends
// it on; where one of the two devices is missing the other does both.
type Mixer struct {
	legs  []*mixed
	muted atomic.Bool
	// micAlone and playedAlone count the frames of one device since the last of the other, for the
	// microphone and for the loudspeaker; pulling and pushing keep the two from doing
	// the same at once.
	micAlone, playedAlone atomic.Int32
	pulling, pushing      atomic.Bool
	// sum, mic and out belong to the thread that pushes, played to the one that pulls.
	sum, played  [FrameSamples]int32
	out, silence [FrameSamples]int16
}

// mixed is one party.
type mixed struct {
	far   Far
	muted atomic.Bool
	meter meter
	heard frameRing
	// pulled belongs to the thread that pulls, said to the one that pushes.
	pulled, said [FrameSamples]int16
}

// NewMixer makes a mixer of parties, whose sound nothing else may push or pull as long
// as the mixer does.
func NewMixer(parties ...Far) *Mixer {
	m := &Mixer{}
	for _, far := range parties {
		m.legs = append(m.legs, &mixed{far: far})
	}
	return m
}

// aloneFrames is after how many frames without the other device its work is done by
// this one.
const aloneFrames = 10

// Push takes a frame of the microphone and sends each party what it is to hear.
func (m *Mixer) Push(frame []int16) {
	m.playedAlone.Store(0)
	if m.micAlone.Add(1) > aloneFrames && m.pulling.CompareAndSwap(false, true) {
		m.take()
		m.pulling.Store(false)
	}
	m.send(frame)
}

// Pull fills a frame with what all parties say.
func (m *Mixer) Pull(frame []int16) {
	m.micAlone.Store(0)
	if !m.pulling.CompareAndSwap(false, true) {
		clear(frame)
		return
	}
	m.take()
	for i := range frame {
		frame[i] = clamp(m.played[i])
	}
	m.pulling.Store(false)
	if m.playedAlone.Add(1) > aloneFrames {
		m.send(m.silence[:])
	}
}

// take pulls the sound of all parties. The caller holds pulling.
func (m *Mixer) take() {
	clear(m.played[:])
	for _, l := range m.legs {
		l.far.Pull(l.pulled[:])
		l.meter.add(l.pulled[:])
		if l.muted.Load() {
			clear(l.pulled[:])
		}
		for i, v := range l.pulled {
			m.played[i] += int32(v)
		}
		l.heard.put(&l.pulled)
	}
}

// send gives each party the microphone and the others.
func (m *Mixer) send(mic []int16) {
	if !m.pushing.CompareAndSwap(false, true) {
		return
	}
	if m.muted.Load() {
		mic = m.silence[:]
	}
	for i := range m.sum {
		m.sum[i] = int32(mic[i])
	}
	for _, l := range m.legs {
		l.heard.get(&l.said)
		for i, v := range l.said {
			m.sum[i] += int32(v)
		}
	}
	for _, l := range m.legs {
		for i, v := range l.said {
			m.out[i] = clamp(m.sum[i] - int32(v))
		}
		l.far.Push(m.out[:])
	}
	m.pushing.Store(false)
}

func clamp(v int32) int16 { return int16(min(max(v, -32768), 32767)) }

// SetMuted keeps the microphone from all parties; they hear each other on.
func (m *Mixer) SetMuted(on bool) { m.muted.Store(on) }

// Muted implements Mutable.
func (m *Mixer) Muted() bool { return m.muted.Load() }

// MuteParty keeps the sound of a party, by its place in NewMixer, from everybody.
func (m *Mixer) MuteParty(i int, on bool) { m.legs[i].muted.Store(on) }

// Level is how loud a party is, 0 (silence) to 1 (full scale).
func (m *Mixer) Level(i int) float64 { return float64(m.legs[i].meter.load()) }

// frameRing carries frames from one thread to another, without locks. It holds back a
// little, for the two threads come in bursts, and drops what is too old.
type frameRing struct {
	frames     [8][FrameSamples]int16
	head, tail atomic.Uint32 // of the writer, of the reader
	// flowing belongs to the reader.
	flowing bool
}

// ringStart is how many frames must be there before the first is read.
const ringStart = 2

func (r *frameRing) put(frame *[FrameSamples]int16) {
	head := r.head.Load()
	if head-r.tail.Load() >= uint32(len(r.frames)) {
		return // the reader is away
	}
	r.frames[head%uint32(len(r.frames))] = *frame
	r.head.Store(head + 1)
}

func (r *frameRing) get(frame *[FrameSamples]int16) {
	tail := r.tail.Load()
	there := r.head.Load() - tail
	switch {
	case there == 0:
		r.flowing = false
	case there >= ringStart:
		r.flowing = true
	}
	if !r.flowing {
		clear(frame[:])
		return
	}
	if there > uint32(len(r.frames))-2 { // the two clocks differ
		tail = r.head.Load() - ringStart
	}
	*frame = r.frames[tail%uint32(len(r.frames))]
	r.tail.Store(tail + 1)
}
