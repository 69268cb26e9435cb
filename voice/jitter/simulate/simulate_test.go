package main

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/internal/listen/stoi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// floor is what the buffer has reached on a network; the delay holds 20 ms of
// network, 20 ms of packet and 6.5 ms of codec.
type floor struct {
	net    string
	stoi   float64
	delay  float64 // ms, at most
	madeUp float64 // percent, at most
	seeds  uint64
	// long says that the benchmark alone tries it: another row is of its kind.
	long bool
}

var floors = []floor{
	{"clean", 0.995, 60, 0, 1, false},
	{"machine stands still, 80 ms", 0.91, 70, 1, 1, true},
	{"machine stands still, 180 ms", 0.87, 70, 1, 1, false},
	{"clean, frames in pairs", 0.99, 75, 0.5, 1, true},
	{"loss 20 %", 0.945, 105, 10, 1, false},
	{"bursts 10 %, mean 3", 0.935, 105, 10, 3, true},
	{"jitter 0-30 ms", 0.99, 85, 0.5, 1, true},
	{"jitter 0-100 ms", 0.99, 160, 1, 1, false},
	{"reordered", 0.985, 90, 1, 1, true},
	{"spikes 150 ms every 4 s", 0.94, 220, 4, 1, false},
	{"sender 200 ppm fast", 0.99, 60, 0.1, 1, true},
	{"sender 200 ppm slow", 0.99, 70, 0.1, 1, false},
	{"pauses (DTX)", 0.99, 85, 2, 1, false},
	{"recorded, uplink", 0.965, 260, 4, 1, true},
	{"recorded, radio", 0.87, 380, 9, 1, false},
	{"recorded, busy", 0.92, 330, 4, 1, true},
}

func TestSpeechSurvivesBadNetworks(t *testing.T) {
	t.Parallel()
	said, known := material(t)
	for _, c := range floors {
		if !c.long {
			t.Run(c.net, func(t *testing.T) { t.Parallel(); c.hold(t, said, known) })
		}
	}
}

// BenchmarkBadNetworks is the long form of TestSpeechSurvivesBadNetworks.
func BenchmarkBadNetworks(b *testing.B) {
	said, known := material(b)
	for _, c := range floors {
		b.Run(c.net, func(b *testing.B) { c.hold(b, said, known) })
	}
}

// material is what is said, and the networks that it is said over.
func material(t testing.TB) (said []int16, known []network) {
	t.Helper()
	said, err := talk("")
	if err != nil {
		t.Fatal(err)
	}
	if known, err = recorded(); err != nil {
		t.Fatal(err)
	}
	return said[:15*48000], append(known, networks...)
}

// hold plays speech over the network and reports what is below the floor.
func (c floor) hold(t testing.TB, said []int16, known []network) {
	t.Helper()
	at := slices.IndexFunc(known, func(n network) bool { return n.name == c.net })
	if at < 0 {
		t.Fatal("no such network")
	}
	var quality, delay, made float64
	for seed := range c.seeds {
		r, err := play(known[at], said, setup{codec: "opus", packet: 20 * ms, seed: seed + 1, bitrate: 40000, complexity: 9})
		if err != nil {
			t.Fatal(err)
		}
		quality += r.stoi / float64(c.seeds)
		delay += r.delay / float64(c.seeds)
		made += r.stats.ConcealedPercent() / float64(c.seeds)
	}
	t.Logf("STOI %.4f, delay %.1f ms, made up %.2f %%", quality, delay, made)
	if quality < c.stoi || delay > c.delay || made > c.madeUp {
		t.Errorf("STOI %.3f (%.3f), delay %.1f ms (%.1f), made up %.2f %% (%.1f)", quality, c.stoi, delay, c.delay, made, c.madeUp)
	}
}

// With copies of earlier packets in every packet far less is lost.
func TestCopiesOnBadNetworks(t *testing.T) {
	t.Parallel()
	said, err := talk("")
	if err != nil {
		t.Fatal(err)
	}
	said = said[:15*48000]
	for _, c := range []struct {
		net                 string
		copies              []int
		stoi, delay, madeUp float64
	}{
		{"clean", []int{4, 2}, 0.985, 60, 0},
		{"loss 5 %", []int{2}, 0.97, 150, 1.5},
		{"loss 20 %", []int{4, 2}, 0.965, 150, 3},
		{"bursts 10 %, mean 3", []int{4, 2}, 0.945, 150, 6},
	} {
		t.Run(c.net, func(t *testing.T) {
			t.Parallel()
			at := slices.IndexFunc(networks, func(n network) bool { return n.name == c.net })
			n := networks[at]
			n.tell = 0
			r, err := play(n, said, setup{codec: "opus", packet: 20 * ms, seed: 1, bitrate: 24000, complexity: 9, copies: c.copies})
			if err != nil {
				t.Fatal(err)
			}
			made := r.stats.ConcealedPercent()
			t.Logf("STOI %.4f, delay %.1f ms, made up %.2f %%", r.stoi, r.delay, made)
			if r.stoi < c.stoi || r.delay > c.delay || made > c.madeUp {
				t.Errorf("STOI %.3f (%.3f), delay %.1f ms (%.1f), made up %.2f %% (%.1f)", r.stoi, c.stoi, r.delay, c.delay, made, c.madeUp)
			}
		})
	}
}

func TestG711AndShortPackets(t *testing.T) {
	t.Parallel()
	said, err := talk("")
	if err != nil {
		t.Fatal(err)
	}
	said = said[:8*48000]
	for _, s := range []setup{
		{codec: "PCMU", packet: 20 * ms, seed: 1, bitrate: 40000, complexity: 5},
		{codec: "PCMA", packet: 10 * ms, seed: 1, bitrate: 40000, complexity: 5},
		{codec: "opus", packet: 10 * ms, seed: 1, bitrate: 40000, complexity: 5},
	} {
		for _, n := range []network{{name: "clean", make: steady(base)}, {name: "loss", make: loss(0.05)}} {
			r, err := play(n, said, s)
			if err != nil {
				t.Fatal(err)
			}
			if floor := map[string]float64{"clean": 0.98, "loss": 0.92}[n.name]; r.stoi < floor || r.delay > 75 {
				t.Errorf("%s, %v, %s: STOI %.3f, delay %.1f ms", s.codec, s.packet, n.name, r.stoi, r.delay)
			}
		}
	}
}

func TestSTOIOfTheSameAndOfNoise(t *testing.T) {
	t.Parallel()
	x := make([]int16, 4*48000)
	noise := make([]int16, len(x))
	for i := range x {
		f := float64(i) / 48000
		env := 0.5 + 0.5*math.Sin(2*math.Pi*3*f)
		x[i] = int16(8000 * env * (math.Sin(2*math.Pi*200*f) + 0.5*math.Sin(2*math.Pi*1130*f) + 0.3*math.Sin(2*math.Pi*3010*f)))
		noise[i] = int16(5000 * math.Sin(float64(i)*float64(i)))
	}
	if v := stoi.Measure(x, x); v < 0.999 {
		t.Errorf("of itself: %.3f", v)
	}
	if v := stoi.Measure(x, noise); v > 0.5 {
		t.Errorf("of noise: %.3f", v)
	}
}

func TestTheDelayIsFoundAgain(t *testing.T) {
	t.Parallel()
	said, err := talk("")
	if err != nil {
		t.Fatal(err)
	}
	said = said[:6*48000]
	heard := append(make([]int16, 48*123), said...)
	laid, lags := stoi.Lay(said, heard)
	for _, l := range lags {
		if math.Abs(l-123) > 0.2 {
			t.Errorf("delay %.2f ms, want 123", l)
		}
	}
	if v := stoi.Measure(said, laid); v < 0.999 {
		t.Errorf("STOI %.4f", v)
	}
}

func TestReadTrace(t *testing.T) {
	t.Parallel()
	n, err := readTrace("x", strings.NewReader("# a comment\n20\n\nlost\n 31.5\n"))
	if err != nil {
		t.Fatal(err)
	}
	next := n.make(nil)
	for i, want := range []fate{{delay: 20 * ms}, {lost: true}, {delay: 31500 * time.Microsecond}, {delay: 20 * ms}} {
		if got := next(0); got != want {
			t.Errorf("packet %d: %+v", i, got)
		}
	}
	for _, bad := range []string{"", "x", "-1", "NaN", "1e9"} {
		if _, err := readTrace("x", strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestTheTableIsPrinted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run([]string{"-net", "^clean$"}, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "clean") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("printed %q", out.String())
	}
	if run([]string{"-net", "["}, &out) == nil || run([]string{"-trace", "/nowhere"}, &out) == nil || run([]string{"-codec", "mp3"}, &out) == nil || run([]string{"-copies", "x"}, &out) == nil {
		t.Error("nonsense was accepted")
	}
}
