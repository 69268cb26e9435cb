package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"offhook/app"
	"offhook/internal/drive"
)

// The size of the benchmarks' display; a window is in its middle.
const displaySize = 760

// BenchmarkWindow measures how the real window feels, each figure beside that of
// an empty window of the same library on the same display:
//
//	go test -run '^$' -bench Window -benchtime 1x ./cmd/tour
func BenchmarkWindow(b *testing.B) {
	bin := build(b, map[string]string{"offhook": "offhook/cmd/desktop", "offhook-demo": "offhook/cmd/demo", "empty": "./testdata/empty"})
	b.Run("FirstFrame", func(b *testing.B) { benchFirstFrame(b, bin) })
	b.Run("Idle", func(b *testing.B) { benchIdle(b, bin) })
	b.Run("InCall", func(b *testing.B) { benchInCall(b, bin) })
}

// benchFirstFrame starts phone and empty window in turn, and takes the time from
// the start of the process to the first pixels in the middle of the display.
func benchFirstFrame(b *testing.B, bin map[string]string) {
	const starts = 9
	var phone, empty []float64
	for range b.N {
		phone, empty = nil, nil
		for range starts {
			empty = append(empty, firstFrame(b, bin["empty"]))
			phone = append(phone, firstFrame(b, bin["offhook"], "--profile", "bench", "--audio-in", "null", "--audio-out", "null", "--ring-out", "null"))
		}
	}
	b.ReportMetric(median(phone), "phone-ms")
	b.ReportMetric(median(empty), "empty-ms")
	b.ReportMetric(median(phone)/median(empty), "ratio")
	b.ReportMetric(0, "ns/op")
}

func firstFrame(b *testing.B, program string, args ...string) float64 {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	dir := homeDir(b)
	d, err := drive.OpenDisplay(ctx, dir, displaySize, displaySize)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	e, err := newEye(d.Name)
	if err != nil {
		b.Fatal(err)
	}
	defer e.close()
	const x, y, w, h = displaySize/2 - 20, displaySize/2 - 20, 40, 40
	before, err := e.awaitRest(x, y, w, h, 300*time.Millisecond)
	if err != nil {
		b.Fatal(err)
	}
	if len(args) > 0 {
		args = append(args, "--config-dir", filepath.Join(dir, "phone"))
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = windowEnv(dir, d.Name)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }() // killed
	if err := e.awaitChange(x, y, w, h, before, 30*time.Second); err != nil {
		b.Fatal(err)
	}
	return float64(time.Since(start)) / float64(time.Millisecond)
}

// homeDir is a home as people have one: with a folder for caches, without which
// every start reads all fonts anew.
func homeDir(b *testing.B) string {
	dir := b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".cache"), 0o700); err != nil {
		b.Fatal(err)
	}
	return dir
}

func windowEnv(dir, display string) []string {
	return append(os.Environ(), "DISPLAY="+display, "HOME="+dir, "XDG_CONFIG_HOME="+dir+"/config", "XDG_RUNTIME_DIR="+dir,
		"DBUS_SESSION_BUS_ADDRESS=unix:path="+dir+"/none", "WAYLAND_DISPLAY=", "FYNE_SCALE=1")
}

// benchIdle compares a phone that is ready on its dial page, the cursor in the
// number field, with an empty window.
func benchIdle(b *testing.B, bin map[string]string) {
	const rest, watched = 65 * time.Second, 30 * time.Second
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	for range b.N {
		t := openReady(ctx, b, bin, "OFFHOOK_UI_MAP=")
		dir := homeDir(b)
		empty := exec.CommandContext(ctx, bin["empty"])
		empty.Env = windowEnv(dir, t.display.Name)
		if err := empty.Start(); err != nil {
			b.Fatal(err)
		}
		if _, err := t.display.Window(ctx, "Empty"); err != nil {
			b.Fatal(err)
		}
		// The phone has the focus while it is watched, so that its cursor is there.
		if err := t.window.Click(ctx, 100, 120); err != nil {
			b.Fatal(err)
		}
		// What starting left behind is not counted, nor the first minute's seconds.
		time.Sleep(rest)
		pids := []int{t.phone.Process.Pid, empty.Process.Pid}
		loads := load(watched, pids...)
		b.ReportMetric(loads[0], "phone-cpu%")
		b.ReportMetric(loads[1], "empty-%")
		b.ReportMetric(memory(pids[0]), "phone-MB")
		b.ReportMetric(memory(pids[1]), "empty-MB")
		_ = empty.Process.Kill()
		_ = empty.Wait() // killed
		t.close()

	}
	b.ReportMetric(0, "ns/op")
}

// load is how much of a core each process takes over a time, in per cent.
func load(over time.Duration, pids ...int) []float64 {
	before := make([]time.Duration, len(pids))
	for i, pid := range pids {
		before[i] = processorTime(pid)
	}
	start := time.Now()
	time.Sleep(over)
	out := make([]float64, len(pids))
	for i, pid := range pids {
		out[i] = 100 * float64(processorTime(pid)-before[i]) / float64(time.Since(start))
	}
	return out
}

// openReady opens a phone that has been signed in and is ready on its dial page.
func openReady(ctx context.Context, b *testing.B, bin map[string]string, env ...string) *tour {
	b.Helper()
	dir := b.TempDir()
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("demo"), 0o600); err != nil {
		b.Fatal(err)
	}
	t, err := open(ctx, bin["offhook"], bin["offhook-demo"], dir, filepath.Join(dir, "out"), env, "--user", "alice", "--password-file", password)
	b.Cleanup(t.close)
	if err == nil {
		t.window, err = t.display.Window(ctx, "Offhook.*")
	}
	if err == nil {
		_, err = t.until(ctx, "ready", func(s *app.Snapshot) bool { return s.Ready })
	}
	if err == nil && len(env) == 0 {
		err = t.see(ctx, "Name or number")
	}
	if err != nil {
		b.Fatal(err)
	}
	return t
}

// benchInCall measures, in a call that says something: the time from a key or a
// press to the first changed pixel of the switch that it is for, and what the
// meters cost, as the difference between the call's page and the contacts.
func benchInCall(b *testing.B, bin map[string]string) {
	const watched = 20 * time.Second
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	for range b.N {
		t := openReady(ctx, b, bin)
		e, err := newEye(t.display.Name)
		must(err)
		must(t.enter(ctx, "Name or number", "echo"))
		must(t.display.Press(ctx, "Return"))
		_, err = t.until(ctx, "talking", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.DurationS >= 3 })
		must(err)
		o, scale, err := drive.AwaitObject(ctx, t.uiMap, "Mute")
		must(err)
		left, top, err := t.window.Origin(ctx)
		must(err)
		x, y := left+int(o.X*scale), top+int(o.Y*scale)
		w, h := int(o.W*scale), int(o.H*scale)

		const mute, control, two, one = xproto.Keysym('m'), xproto.Keysym(0xffe3), xproto.Keysym('2'), xproto.Keysym('1')
		b.ReportMetric(p95(react(b, e, x, y, w, h, func() error { return e.key(control, mute) })), "key-p95-ms")
		must(e.point(x+w/2, y+h/2))
		time.Sleep(300 * time.Millisecond) // the hover's own drawing
		pressed := react(b, e, x, y, w, h, e.press)
		b.ReportMetric(p95(pressed), "press-p95-ms")
		b.ReportMetric(median(pressed), "press-p50-ms")

		must(e.point(2, 2))
		pid := t.phone.Process.Pid
		talking := load(watched, pid)[0]
		must(e.key(control, two))
		must(t.see(ctx, "Search names and numbers"))
		aside := load(watched, pid)[0]
		must(e.key(control, one))
		b.ReportMetric(talking, "call-page-%")
		b.ReportMetric(aside, "contacts-page-%")
		b.ReportMetric(talking-aside, "meters-%")
		b.ReportMetric(memory(pid), "MB")
		e.close()
		t.close()
	}
	b.ReportMetric(0, "ns/op")
}

// react does something 40 times and takes the milliseconds until it is seen.
func react(b *testing.B, e *eye, x, y, w, h int, do func() error) []float64 {
	b.Helper()
	var took []float64
	for range 40 {
		before, err := e.awaitRest(x, y, w, h, 200*time.Millisecond)
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		if err := e.awaitChange(x, y, w, h, before, 5*time.Second); err != nil {
			b.Fatal(err)
		}
		took = append(took, float64(time.Since(start))/float64(time.Millisecond))
	}
	return took
}

func median(list []float64) float64 { return quantile(list, 0.5) }
func p95(list []float64) float64    { return quantile(list, 0.95) }

func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		panic(fmt.Sprintf("no values for the quantile %g", q))
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
