package audio

import "math"

// Tone is a sound that the phone makes itself.
type Tone int

// The tones. Ringtone, Ringback repeat until they are stopped; Busy and Reorder
// last a few seconds; the others sound once.
const (
	NoTone Tone = iota
	Ringtone
	Ringback
	Busy
	Reorder
	CallWaiting
	Connected
	Ended
	RecordingBeep
)

var toneNames = [...]string{"none", "ringtone", "ringback", "busy", "reorder", "call waiting", "connected", "ended", "recording"}

// String returns the tone's name, for logs.
func (t Tone) String() string {
	if t < 0 || int(t) >= len(toneNames) {
		return "unknown"
	}
	return toneNames[t]
}

// note is a stretch of a cadence: up to three frequencies at once, or a pause.
type note struct {
	ms int
	hz [3]float64
	// warble modulates the first frequency with this one, fully (as in India's
	// and Japan's ringback).
	warble float64
	// bell lets the note die away instead of ending at once.
	bell bool
}

// melody is a sequence of notes, played times times; 0 is for ever.
type melody struct {
	notes []note
	times int
	// gain is the amplitude of each frequency over full scale.
	gain float64
}

func (m melody) length() (ms int) {
	for _, n := range m.notes {
		ms += n.ms
	}
	return ms
}

// lasting repeats m until about ms have passed.
func (m melody) lasting(ms int) melody {
	m.times = max(1, (ms+m.length()/2)/m.length())
	return m
}

const (
	toneGain    = 0.16
	waitingGain = 0.05
	ramp        = SampleRate * 4 / 1000 // against clicks
)

// melodyOf is the melody of t in a country (ISO 3166 alpha-2, any other for ITU-T
// E.180's recommendation).
func melodyOf(t Tone, country string) melody {
	c := cadencesOf(country)
	switch t {
	case Ringtone:
		return ringtone
	case Ringback:
		return melody{notes: c.ringback, gain: toneGain}
	case Busy:
		return melody{notes: c.busy, gain: toneGain}.lasting(3000)
	case Reorder:
		return melody{notes: c.reorder, gain: toneGain}.lasting(2500)
	case CallWaiting:
		return melody{notes: c.waiting, gain: waitingGain, times: 1}
	case Connected:
		return melody{notes: []note{{ms: 60, hz: [3]float64{880}}, {ms: 80, hz: [3]float64{1320}}}, gain: 0.06, times: 1}
	case Ended:
		return melody{notes: []note{{ms: 80, hz: [3]float64{660}}, {ms: 100, hz: [3]float64{440}}}, gain: 0.06, times: 1}
	case RecordingBeep:
		return melody{notes: []note{{ms: 200, hz: [3]float64{1400}}}, gain: 0.05, times: 1}
	default:
		return melody{notes: []note{{ms: 10}}, times: 1}
	}
}

// ringtone is a rising chord of bells, twice, and a pause.
var ringtone = func() melody {
	var notes []note
	for range 2 {
		for _, hz := range []float64{659.26, 830.61, 987.77, 1318.51} {
			notes = append(notes, note{ms: 140, hz: [3]float64{hz, 2 * hz}, bell: true})
		}
		notes = append(notes, note{ms: 240})
	}
	return melody{notes: append(notes, note{ms: 1800}), gain: 0.28}
}()

// dtmf are the frequencies of a key (ITU-T Q.23).
func dtmf(digit rune) (low, high float64, ok bool) {
	const keys = "123A456B789C*0#D"
	for i, k := range keys {
		if k == digit || k == digit-'a'+'A' && digit >= 'a' {
			return [4]float64{697, 770, 852, 941}[i/4], [4]float64{1209, 1336, 1477, 1633}[i%4], true
		}
	}
	return 0, 0, false
}

// Samples is all of a tone that ends, at 48 kHz.
func (t Tone) Samples() (pcm []int16) {
	p := newPlayer(melodyOf(t, ""), 1)
	for more := true; more; {
		frame := make([]int16, FrameSamples)
		more = p.mix(frame)
		pcm = append(pcm, frame...)
	}
	return pcm
}

// player plays a melody. It belongs to the thread that plays.
type player struct {
	melody melody
	volume float64
	note   int
	at     int // samples into the note
	played int // repetitions
	phase  [3]float64
	wobble float64
}

func newPlayer(m melody, volume float64) *player { return &player{melody: m, volume: volume} }

// mix adds the next samples to frame, and reports false once there are no more.
func (p *player) mix(frame []int16) bool {
	for i := range frame {
		n := &p.melody.notes[p.note]
		length := n.ms * (SampleRate / 1000)
		for p.at >= length {
			p.at = 0
			p.phase, p.wobble = [3]float64{}, 0
			if p.note++; p.note == len(p.melody.notes) {
				p.note = 0
				if p.played++; p.played == p.melody.times {
					p.note = len(p.melody.notes) - 1
					p.at = length
					p.played--
					return false
				}
			}
			n = &p.melody.notes[p.note]
			length = n.ms * (SampleRate / 1000)
		}
		frame[i] = saturate(int(frame[i]) + int(32767*p.melody.gain*p.volume*p.sample(n, length)))
		p.at++
	}
	return true
}

func (p *player) sample(n *note, length int) float64 {
	var v float64
	for k, hz := range n.hz {
		if hz == 0 {
			continue
		}
		w := math.Sin(2 * math.Pi * p.phase[k])
		if n.bell && k > 0 {
			w /= 4
		}
		v += w
		p.phase[k] += hz / SampleRate
		p.phase[k] -= math.Floor(p.phase[k])
	}
	if v == 0 {
		return 0
	}
	if n.warble > 0 {
		v *= 0.5 + 0.5*math.Sin(2*math.Pi*p.wobble)
		p.wobble += n.warble / SampleRate
		p.wobble -= math.Floor(p.wobble)
	}
	if n.bell {
		v *= math.Exp(-3 * float64(p.at) / float64(length))
	}
	if edge := min(p.at, length-1-p.at); edge < ramp {
		v *= float64(edge) / ramp
	}
	return v
}

func saturate(v int) int16 { return int16(max(-32768, min(v, 32767))) }
