package audio

import (
	"math"
	"testing"
)

// played is ms of a tone.
func played(t Tone, country string, ms int) []int16 {
	p := newPlayer(melodyOf(t, country), 1)
	pcm := make([]int16, 0, ms*48)
	for len(pcm) < ms*48 {
		frame := make([]int16, FrameSamples)
		p.mix(frame)
		pcm = append(pcm, frame...)
	}
	return pcm
}

func TestTonesHaveTheCadenceAndPitchOfTheirCountry(t *testing.T) {
	t.Parallel()
	at := func(pcm []int16, ms int) []int16 { return pcm[ms*48 : (ms+100)*48] }
	in := played(Ringback, "IN", 6000)
	if silent(at(in, 100)) || !silent(at(in, 450)) || silent(at(in, 700)) || !silent(at(in, 1500)) || silent(at(in, 3100)) {
		t.Error("India's ringback is not 0.4 on 0.2 off 0.4 on 2 off")
	}
	us := played(Busy, "US", 2000)
	if a, b := amplitude(at(us, 100), 480), amplitude(at(us, 100), 620); math.Abs(a-0.16) > 0.01 || math.Abs(b-0.16) > 0.01 {
		t.Errorf("busy in the USA: %.3f of 480 Hz and %.3f of 620 Hz", a, b)
	}
	if !silent(at(us, 700)) || silent(at(us, 1200)) {
		t.Error("busy in the USA is not 0.5 on 0.5 off")
	}
	if a := amplitude(at(played(Ringback, "", 500), 200), 425); math.Abs(a-0.16) > 0.01 {
		t.Errorf("ringback elsewhere: %.3f of 425 Hz", a)
	}
}

func TestEveryMelodyIsWhole(t *testing.T) {
	t.Parallel()
	for country := range byCountry {
		for tone := Ringtone; tone <= RecordingBeep; tone++ {
			m := melodyOf(tone, country)
			if m.length() <= 0 || len(m.notes) == 0 {
				t.Errorf("%s in %q is empty", tone, country)
			}
			p := newPlayer(m, 1)
			frame := make([]int16, FrameSamples)
			frames, peak := 0, int16(0)
			for p.mix(frame) && frames < 1000 {
				for _, v := range frame {
					peak = max(peak, v)
				}
				clear(frame)
				frames++
			}
			endless := tone == Ringtone || tone == Ringback
			if endless != (frames == 1000) {
				t.Errorf("%s in %q plays %d frames", tone, country, frames)
			}
			if peak < 500 || peak > 20000 {
				t.Errorf("%s in %q peaks at %d", tone, country, peak)
			}
		}
	}
}

func TestTonesBeginAndEndWithoutAClick(t *testing.T) {
	t.Parallel()
	for tone := Ringtone; tone <= Ended; tone++ {
		pcm := played(tone, "GB", 2000)
		for i := 1; i < len(pcm); i++ {
			// The steepest a tone of these frequencies and level can be.
			if d := int(pcm[i]) - int(pcm[i-1]); d > 4500 || d < -4500 {
				t.Errorf("%s jumps by %d at %d ms", tone, d, i/48)
				break
			}
		}
	}
}

func TestDTMFPairs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key       rune
		low, high float64
	}{{'1', 697, 1209}, {'5', 770, 1336}, {'#', 941, 1477}, {'0', 941, 1336}, {'d', 941, 1633}, {'A', 697, 1633}} {
		if low, high, ok := dtmf(c.key); !ok || low != c.low || high != c.high {
			t.Errorf("%c: %v %v %v", c.key, low, high, ok)
		}
	}
	for _, r := range "xE +é" {
		if _, _, ok := dtmf(r); ok {
			t.Errorf("%q is a key", r)
		}
	}
}

func TestTheSoundPathAllocatesNothing(t *testing.T) {
	m := newMachine()
	p := NewPath(m, PathConfig{})
	defer p.Close()
	far := Far(&counter{})
	p.sources.Store(&far)
	p.target.Store(&far)
	p.tone.Store(newPlayer(melodyOf(Ringback, "IN"), 1))
	p.ringing.Store(newPlayer(melodyOf(Ringtone, ""), 1))
	frame := make([]int16, FrameSamples)
	r := &running{id: 1}
	if a := testing.AllocsPerRun(500, func() {
		p.out.beat(r, frame)
		p.in.beat(r, frame)
		p.ring.beat(r, frame)
	}); a != 0 {
		t.Errorf("%.1f allocations for each frame", a)
	}
	s := &cardSink{cardStream: &cardStream{}, pull: p.play}
	c := &cardSource{cardStream: &cardStream{}, deliver: p.capture}
	block := make([]byte, 700)
	if a := testing.AllocsPerRun(500, func() {
		s.fill(samples(block))
		c.take(samples(block))
	}); a != 0 {
		t.Errorf("%.1f allocations for each block of a device", a)
	}
}
