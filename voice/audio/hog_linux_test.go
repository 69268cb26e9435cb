package audio

import (
	"encoding/binary"
	"errors"
	"os/exec"
	"runtime"
	"strconv"
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
	if isBroken(frame) {
		l.broken++
	}
}

// count starts to count anew.
func (l *listener) count() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames, l.broken, l.worst = 0, 0, 0
}

// share is how many frames of 10,000 were broken.
func (l *listener) share() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return 10000 * float64(l.broken) / float64(max(1, l.frames))
}

// isBroken reports whether a frame is not wholly the steady tone of 800 Hz, which
// has 8 whole periods in a frame: any gap or jump shows in its amplitude.
func isBroken(frame []int16) bool {
	a := amplitude(frame, 800)
	return a < 0.24 || a > 0.26
}

// otherProgram plays and counts the same tone on sink b, by programs of the sound
// server with as deep a buffer as the phone ever takes: what this machine lets
// anybody do at this moment.
func otherProgram(b *testing.B) *listener {
	const format = "--rate=48000 --channels=1 --format=s16le --raw "
	play := exec.Command("sh", "-c", "exec pacat "+format+"--device=b --latency-msec="+strconv.Itoa(deepest*int(frameTime.Milliseconds())))
	hear := exec.Command("sh", "-c", "exec parec "+format+"--device=b.monitor --latency-msec=10")
	in, err := play.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := hear.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(play.Start(), hear.Start()); err != nil {
		b.Fatal(err)
	}
	l := &listener{tone: newSineSource(800)}
	var wg sync.WaitGroup
	wg.Go(func() {
		frame := make([]int16, FrameSamples)
		for err := error(nil); err == nil; err = binary.Write(in, binary.LittleEndian, frame) {
			l.tone.fill(frame)
		}
	})
	wg.Go(func() {
		frame := make([]int16, FrameSamples)
		for binary.Read(out, binary.LittleEndian, frame) == nil {
			l.Push(frame)
		}
	})
	b.Cleanup(func() {
		for _, cmd := range []*exec.Cmd{play, hear} {
			_ = cmd.Process.Kill()
		}
		wg.Wait()
		_ = errors.Join(play.Wait(), hear.Wait())
	})
	return l
}

// BenchmarkFramesUnderHog plays a tone through real devices while every core is
// kept busy, by other programs or by this one, and the garbage collector is forced
// every 50 ms. It reports the broken frames in 10,000, on the way through the sound
// server and back; those since the buffer last grew, which come to settled; how deep
// it has become; and as the floor, what broke for another program in the same time. Run it for a minute: -bench Hog -benchtime 6000x.
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
	other := otherProgram(b)
	for _, l := range []*listener{l, other} {
		srv.until("frames flow", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.frames > 200 })
		l.count()
	}
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
	settled, deep := &listener{}, 0
	for b.Loop() {
		time.Sleep(10 * time.Millisecond)
		was := deep
		_ = p.do(func() error { deep = p.out.depth; return nil })
		if deep != was {
			l.mu.Lock()
			settled.frames, settled.broken = l.frames, l.broken
			l.mu.Unlock()
		}
	}
	l.mu.Lock()
	settled.frames, settled.broken = l.frames-settled.frames, l.broken-settled.broken
	l.mu.Unlock()
	b.ReportMetric(l.share(), "broken/10000")
	b.ReportMetric(settled.share(), "settled/10000")
	b.ReportMetric(other.share(), "floor/10000")
	stop.Store(true)
	wg.Wait()
	b.ReportMetric(float64(deep*int(frameTime.Milliseconds())), "ms-deep")
	l.mu.Lock()
	defer l.mu.Unlock()
	b.ReportMetric(l.worst.Seconds()*1000, "ms-worst-wait")
	b.ReportMetric(float64(l.frames), "frames")
}
