package audio

import (
	"math"
	"testing"
)

// tonal is a party that says a tone and keeps what it hears.
type tonal struct {
	hz    float64
	at    int
	heard []int16
}

func (p *tonal) Push(frame []int16) { p.heard = append(p.heard, frame...) }
func (p *tonal) Pull(frame []int16) {
	for i := range frame {
		frame[i] = int16(6000 * math.Sin(2*math.Pi*p.hz*float64(p.at)/SampleRate))
		p.at++
	}
}

// power is how much of a tone is in a sound (Goertzel), as its amplitude.
func power(sound []int16, hz float64) float64 {
	c := 2 * math.Cos(2*math.Pi*hz/SampleRate)
	var a, b float64
	for _, v := range sound {
		a, b = float64(v)+c*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-c*a*b)) / float64(len(sound))
}

// hears checks which of the tones a sound has.
func hearsOnly(t *testing.T, who string, sound []int16, want ...float64) {
	t.Helper()
	for _, hz := range []float64{400, 600, 800, 1000} {
		wanted := false
		for _, w := range want {
			wanted = wanted || w == hz
		}
		if got := power(sound, hz); (got > 3000) != wanted {
			t.Errorf("%s hears %.0f Hz at %.0f", who, hz, got)
		}
	}
}

// Each party hears the microphone and the others, the loudspeaker all parties; a mute
// of the microphone or of a party takes that one away and nothing else.
func TestMixer(t *testing.T) {
	t.Parallel()
	a, b, c := &tonal{hz: 400}, &tonal{hz: 600}, &tonal{hz: 800}
	mic := &tonal{hz: 1000}
	m := NewMixer(a, b, c)
	var speaker []int16
	run := func(frames int) {
		a.heard, b.heard, c.heard, speaker = nil, nil, nil, nil
		in, out := make([]int16, FrameSamples), make([]int16, FrameSamples)
		for range frames {
			m.Pull(out)
			speaker = append(speaker, out...)
			mic.Pull(in)
			m.Push(in)
		}
		tail := func(s []int16) []int16 { return s[len(s)-20*FrameSamples:] }
		a.heard, b.heard, c.heard, speaker = tail(a.heard), tail(b.heard), tail(c.heard), tail(speaker)
	}
	run(40)
	hearsOnly(t, "a", a.heard, 600, 800, 1000)
	hearsOnly(t, "b", b.heard, 400, 800, 1000)
	hearsOnly(t, "c", c.heard, 400, 600, 1000)
	hearsOnly(t, "the user", speaker, 400, 600, 800)
	if m.Level(0) < 0.5 || m.Muted() {
		t.Errorf("a speaks at %.2f, muted %v", m.Level(0), m.Muted())
	}

	m.SetMuted(true)
	m.MuteParty(1, true)
	run(40)
	hearsOnly(t, "a", a.heard, 800)
	hearsOnly(t, "b", b.heard, 400, 800)
	hearsOnly(t, "c", c.heard, 400)
	hearsOnly(t, "the user", speaker, 400, 800)
	if !m.Muted() || m.Level(1) < 0.5 {
		t.Error("a muted party is not seen to speak")
	}
}

// Without a microphone or without a loudspeaker the parties hear each other all the
// same.
func TestMixerWithOneDevice(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(m *Mixer, frame []int16){
		"no microphone":  (*Mixer).Pull,
		"no loudspeaker": (*Mixer).Push,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := &tonal{hz: 400}, &tonal{hz: 600}
			m := NewMixer(a, b)
			for range 60 {
				run(m, make([]int16, FrameSamples))
			}
			hearsOnly(t, "a", a.heard[len(a.heard)-20*FrameSamples:], 600)
			hearsOnly(t, "b", b.heard[len(b.heard)-20*FrameSamples:], 400)
		})
	}
}

// The devices come in bursts, and their clocks differ: nothing is lost but what is too
// old, and sound goes on.
func TestMixerInBursts(t *testing.T) {
	t.Parallel()
	a, b := &tonal{hz: 400}, &tonal{hz: 600}
	m := NewMixer(a, b)
	frame, mic := make([]int16, FrameSamples), make([]int16, FrameSamples)
	for round := range 100 {
		for range 3 {
			m.Pull(frame)
		}
		for range 3 {
			m.Push(mic)
		}
		if round%10 == 0 {
			m.Pull(frame) // one clock is faster
		}
	}
	hearsOnly(t, "a", a.heard[len(a.heard)-100*FrameSamples:len(a.heard)-80*FrameSamples], 600)
}

func TestMixerAllocatesNothing(t *testing.T) {
	m := NewMixer(quiet{}, quiet{}, quiet{})
	frame := make([]int16, FrameSamples)
	if n := testing.AllocsPerRun(100, func() { m.Pull(frame); m.Push(frame) }); n != 0 {
		t.Errorf("%.1f allocations a frame", n)
	}
}

// quiet is a party that costs nothing.
type quiet struct{}

func (quiet) Push([]int16) {}
func (quiet) Pull([]int16) {}

// What 10 ms of a conference of three cost beside what their sessions do.
func BenchmarkMixer(b *testing.B) {
	m := NewMixer(quiet{}, quiet{})
	frame := make([]int16, FrameSamples)
	b.ReportAllocs()
	for b.Loop() {
		m.Pull(frame)
		m.Push(frame)
	}
}
