package audio

import (
	"math"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/audio/wave"
)

// echo is a far side that sends back what it hears, and keeps it.
type echo struct {
	mu    sync.Mutex
	heard []int16
	play  func(frame []int16)
	muted atomic.Bool
}

func (e *echo) Muted() bool { return e.muted.Load() }

func (e *echo) Push(frame []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, frame...)
}

func (e *echo) Pull(frame []int16) {
	clear(frame)
	if e.play != nil {
		e.play(frame)
	}
}

func (e *echo) take() []int16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.heard
	e.heard = nil
	return h
}

// amplitude is how much of hz is in pcm, 1 for full scale.
func amplitude(pcm []int16, hz float64) float64 {
	var s, c float64
	for i, v := range pcm {
		a, b := math.Sincos(2 * math.Pi * hz * float64(i) / SampleRate)
		s += a * float64(v)
		c += b * float64(v)
	}
	return 2 * math.Hypot(s, c) / float64(len(pcm)) / 32768
}

func silent(pcm []int16) bool {
	for _, v := range pcm {
		if v != 0 {
			return false
		}
	}
	return true
}

func newTestSystem(t *testing.T) System {
	t.Helper()
	sys, err := NewSystem(Config{NoDevices: true})
	if err != nil {
		t.Fatal(err)
	}
	return sys
}

func TestACallBetweenSyntheticDevices(t *testing.T) {
	out := filepath.Join(t.TempDir(), "heard.wav")
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		far := &echo{play: newSineSource(1000).fill}
		p := NewPath(sys, PathConfig{In: Spec{Kind: SpecSine, Hz: 440}, Out: Spec{Kind: SpecFile, Value: out}})

		p.PlayTone(Ringback)
		time.Sleep(time.Second)
		if len(far.take()) != 0 {
			t.Fatal("the microphone was open before the answer")
		}
		p.StopTone()
		if err := p.OpenPlayout(far); err != nil {
			t.Fatal(err)
		}
		if err := p.OpenCapture(far); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if a := amplitude(far.take(), 440); math.Abs(a-0.25) > 0.01 {
			t.Errorf("the far side hears the tone at %.3f of full scale", a)
		}
		mic, speaker := p.Levels()
		if mic < 0.6 || mic > 0.9 || speaker < 0.6 || speaker > 0.9 {
			t.Errorf("meters show %.2f and %.2f", mic, speaker)
		}

		far.muted.Store(true)
		time.Sleep(11 * time.Millisecond)
		far.take()
		time.Sleep(500 * time.Millisecond)
		if h := far.take(); len(h) < 40*FrameSamples || !silent(h) {
			t.Error("a muted microphone is not digital silence")
		}
		far.muted.Store(false)
		time.Sleep(300 * time.Millisecond)
		if silent(far.take()) {
			t.Error("the microphone stayed muted")
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if err := p.OpenPlayout(far); err == nil {
			t.Error("a closed path was opened again")
		}
		if err := sys.Close(); err != nil {
			t.Fatal(err)
		}
	})
	pcm, err := wave.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	// A second of ringback, 1.8 s of the far side.
	if d := time.Duration(len(pcm)) * time.Second / SampleRate; d < 2780*time.Millisecond || d > 2840*time.Millisecond {
		t.Errorf("%v recorded", d)
	}
	if a := amplitude(pcm[9600:38400], 425); a < 0.14 || a > 0.17 {
		t.Errorf("ringback at %.3f", a)
	}
	if a := amplitude(pcm[60000:120000], 1000); math.Abs(a-0.25) > 0.01 {
		t.Errorf("far side at %.3f", a)
	}
}

func TestOneFileForAllCallsWithoutTheSilenceBetween(t *testing.T) {
	out := filepath.Join(t.TempDir(), "heard.wav")
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		for call := range 3 {
			p := NewPath(sys, PathConfig{Out: Spec{Kind: SpecFile, Value: out}})
			if err := p.OpenPlayout(&echo{play: newSineSource(1000).fill}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(995 * time.Millisecond)
			_ = p.Close()
			pcm, err := wave.ReadFile(out)
			if err != nil || len(pcm) != (call+1)*SampleRate {
				t.Errorf("after call %d: %d samples, %v", call, len(pcm), err)
			}
			time.Sleep(time.Minute)
		}
		if err := sys.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFileInputStartsFromItsBeginningEachTime(t *testing.T) {
	in := filepath.Join(t.TempDir(), "said.wav")
	w, err := wave.Create(in)
	if err != nil {
		t.Fatal(err)
	}
	said := make([]int16, 700) // shorter than a second frame, so that it loops
	for i := range said {
		said[i] = int16(i + 1)
	}
	_ = w.Write(said)
	_ = w.Close()
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		for range 2 {
			far := &echo{}
			p := NewPath(sys, PathConfig{In: Spec{Kind: SpecFile, Value: in}, Out: Spec{Kind: SpecNull}})
			if err := p.OpenCapture(far); err != nil {
				t.Fatal(err)
			}
			time.Sleep(95 * time.Millisecond)
			_ = p.Close()
			h := far.take()
			if len(h) != 10*FrameSamples {
				t.Fatalf("%d samples", len(h))
			}
			for i, v := range h {
				if v != said[i%len(said)] {
					t.Fatalf("sample %d is %d", i, v)
				}
			}
			time.Sleep(123 * time.Millisecond)
		}
		_ = sys.Close()
	})
}

func TestWithoutAnySoundACallStillWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var notices []Notice
		sys := newTestSystem(t)
		p := NewPath(sys, PathConfig{Notice: func(n Notice) {
			mu.Lock()
			defer mu.Unlock()
			notices = append(notices, n)
		}})
		far := &echo{}
		if err := p.OpenPlayout(far); err != nil {
			t.Fatal(err)
		}
		if err := p.OpenCapture(far); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if n := len(far.take()) / FrameSamples; n < 499 || n > 501 {
			t.Errorf("%d frames in 5 s", n)
		}
		_ = p.Close()
		_ = sys.Close()
		mu.Lock()
		defer mu.Unlock()
		if len(notices) != 2 || notices[0].Code != NoDevice || notices[1].Code != NoDevice || notices[0].Err == nil {
			t.Errorf("notices %+v", notices)
		}
	})
}

func TestRingtoneRingsOnItsOwnDeviceUntilItIsStopped(t *testing.T) {
	ring := filepath.Join(t.TempDir(), "ring.wav")
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		p := NewPath(sys, PathConfig{Out: Spec{Kind: SpecNull}, Ring: Spec{Kind: SpecFile, Value: ring}})
		p.PlayTone(Ringtone)
		time.Sleep(8 * time.Second)
		p.StopTone()
		p.WaitTone(t.Context())
		time.Sleep(5 * time.Second)
		_ = p.Close()
		_ = sys.Close()
	})
	pcm, err := wave.ReadFile(ring)
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Duration(len(pcm)) * time.Second / SampleRate; d < 7990*time.Millisecond || d > 8030*time.Millisecond {
		t.Errorf("rang for %v", d)
	}
	if silent(pcm[:SampleRate/2]) || silent(pcm[4*SampleRate:]) {
		t.Error("the ringtone did not sound and sound again")
	}
}

func TestBusyToneEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		p := NewPath(sys, PathConfig{Out: Spec{Kind: SpecNull}})
		begin := time.Now()
		p.PlayTone(Busy)
		p.WaitTone(t.Context())
		if d := time.Since(begin); d < 2*time.Second || d > 4*time.Second {
			t.Errorf("busy for %v", d)
		}
		_ = p.Close()
		_ = sys.Close()
	})
}
