package voice_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"offhook/demo"
	"offhook/voice"
)

// TestFlat: what calls need is given back. The benchmark does the same with as
// many calls as it is told.
func TestFlat(t *testing.T) {
	p := startDemo(t, demo.Config{CallRate: 10000, CallBurst: 10000})
	alice := newPhone(t, p, "alice", sine, null)
	callAndHangUp(t, alice, 5) // warm up
	before := weigh()
	callAndHangUp(t, alice, 40)
	// What has ended goes in its own time; what leaks never does.
	after := weigh()
	for deadline := time.Now().Add(timeout); after.goroutines > before.goroutines+3 || after.files > before.files+2; after = weigh() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines and %d files, before %d and %d", after.goroutines, after.files, before.goroutines, before.files)
		}
	}
}

// BenchmarkFlat makes calls and reports what is left over of each. Use it with
// -benchtime 1000x.
func BenchmarkFlat(b *testing.B) {
	p := startDemo(b, demo.Config{CallRate: 10000, CallBurst: 10000})
	alice := newPhone(b, p, "alice", sine, null)
	callAndHangUp(b, alice, 20)
	before := weigh()
	n := 0
	for b.Loop() {
		callAndHangUp(b, alice, 1)
		n++
	}
	after := weigh()
	b.ReportMetric(float64(after.goroutines-before.goroutines), "goroutines")
	b.ReportMetric(float64(after.files-before.files), "files")
	b.ReportMetric(float64(before.heap)/1024, "heap-before-KB")
	b.ReportMetric(float64(after.heap)/1024, "heap-after-KB")
	b.ReportMetric(float64(before.resident), "rss-before-KB")
	b.ReportMetric(float64(after.resident), "rss-after-KB")
}

func callAndHangUp(t testing.TB, alice *phoneOf, n int) {
	t.Helper()
	for range n {
		call := alice.dialTo("echo")
		expect[voice.CallEstablished](alice)
		if err := call.Hangup(); err != nil {
			t.Fatal(err)
		}
		expect[voice.CallEnded](alice)
		expect[voice.MediaSessionDestroyed](alice)
	}
}

type weight struct {
	goroutines, files int
	heap              uint64
	resident          int
}

// weigh waits until what has ended is gone, and measures what is left. The
// platform, in the same process, is part of it.
func weigh() weight {
	var m runtime.MemStats
	w := weight{goroutines: 1 << 30}
	for range 15 {
		time.Sleep(50 * time.Millisecond)
		runtime.GC()
		w.goroutines = min(w.goroutines, runtime.NumGoroutine())
	}
	runtime.ReadMemStats(&m)
	w.heap = m.HeapAlloc
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		w.files = len(entries)
	}
	if text, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
				w.resident, _ = strconv.Atoi(f[1])
			}
		}
	}
	return w
}
