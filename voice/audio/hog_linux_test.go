package audio

import (
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// listener plays a tone and counts the frames in which it does not come back
// whole.
type listener struct {
	mu             sync.Mutex
	tone           *source
	frames, broken int
	worst          time.Duration
	last           time.Time
}

func (l *listener) Pull(frame []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.last.IsZero() {
		l.worst = max(l.worst, now.Sub(l.last))
	}
	l.last = now
	l.tone.fill(frame)
}

func (l *listener) Push(frame []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames++
	// A steady tone of 800 Hz has 8 whole periods in a frame: any gap or jump
	// shows in its amplitude.
	if a := amplitude(frame, 800); a < 0.24 || a > 0.26 {
		l.broken++
	}
}

// BenchmarkFramesUnderHog plays a tone through real devices while every core is
// kept busy, by other programs or by this one, and the garbage collector is forced
// every 50 ms. It reports the broken frames in 10,000, on the way through the sound
// server and back. Run it for a minute: -bench Hog -benchtime 6000x.
func BenchmarkFramesUnderHog(b *testing.B) {
	b.Run("none", func(b *testing.B) { underHog(b, func(*sync.WaitGroup, *atomic.Bool) {}) })
	b.Run("programs", func(b *testing.B) { underHog(b, hogOutside) })
	b.Run("goroutines", func(b *testing.B) { underHog(b, hogInside) })
}

// hogOutside keeps a core busy until stop, from a program of its own.
func hogOutside(wg *sync.WaitGroup, stop *atomic.Bool) {
	hog := exec.Command("sh", "-c", "while :; do :; done")
	if hog.Start() != nil {
		return
	}
	wg.Go(func() {
		for !stop.Load() {
			time.Sleep(50 * time.Millisecond)
		}
		_ = hog.Process.Kill()
		_ = hog.Wait()
	})
}

// hogInside keeps a core busy until stop, from a goroutine that makes garbage.
func hogInside(wg *sync.WaitGroup, stop *atomic.Bool) {
	wg.Go(func() {
		var keep [][]byte
		for !stop.Load() {
			keep = append(keep, make([]byte, 4096))
			if len(keep) > 2000 {
				keep = nil
			}
		}
	})
}

func underHog(b *testing.B, hog func(*sync.WaitGroup, *atomic.Bool)) {
	srv := startPulse(b)
	_, p, _, _ := pulsePath(b, "device:a.monitor", "device:a")
	l := &listener{tone: newSineSource(800)}
	_ = p.OpenPlayout(l)
	_ = p.OpenCapture(l)
	srv.until("frames flow", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.frames > 200 })
	l.mu.Lock()
	l.frames, l.broken, l.worst = 0, 0, 0
	l.mu.Unlock()
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		hog(&wg, &stop)
	}
	wg.Go(func() {
		for !stop.Load() {
			time.Sleep(50 * time.Millisecond)
			runtime.GC()
		}
	})
	for b.Loop() {
		time.Sleep(10 * time.Millisecond)
	}
	stop.Store(true)
	wg.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	b.ReportMetric(10000*float64(l.broken)/float64(max(1, l.frames)), "broken/10000")
	b.ReportMetric(l.worst.Seconds()*1000, "ms-worst-wait")
	b.ReportMetric(float64(l.frames), "frames")
}
