package media

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"offhook/voice/codec"
)

// Loss in bursts is rated worse than the same loss spread out, by the model and by
// the session, and the far side is told of it (RFC 3611, section 4.7).
func TestMOSInBursts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{codec.Opus, codec.PCMU} {
		rate := func(length float64) (mos, ratio float64) {
			w := newSim(t, Config{Codecs: []string{name}}, Config{})
			rng, bad := rand.New(rand.NewPCG(2, 9)), false
			const mean = 0.08
			var pattern []bool
			w.a.lose = func(int) bool {
				if bad {
					bad = rng.Float64() >= 1/length
				} else {
					bad = rng.Float64() < mean/(1-mean)/length
				}
				pattern = append(pattern, bad)
				return bad
			}
			w.run(30 * time.Second)
			st := w.b.Statistics()
			want := burstsOf(pattern)
			if math.Abs(st.BurstDensity-want.density) > 4 {
				t.Errorf("%s, bursts of %.0f: density %.1f %%, counted %.1f %%", name, length, st.BurstDensity, want.density)
			}
			info, _ := codec.Lookup(name)
			recovered := w.b.recv.playing.Load().Buffer.Statistics().Recovered > 0
			model := mosOf(eModel(impairmentOf(info, recovered), st.AverageLatencyMs, st.CurrentPacketLossRate, want.ratio))
			if math.Abs(float64(st.MOS)-model) > 0.2 {
				t.Errorf("%s, bursts of %.0f: MOS %.2f, the model says %.2f", name, length, st.MOS, model)
			}
			return float64(st.MOS), want.ratio
		}
		spread, one := rate(1)
		bunched, ratio := rate(4)
		t.Logf("%s: MOS %.2f spread out (burst ratio %.2f), %.2f in bursts of 4 (%.2f)", name, spread, one, bunched, ratio)
		if ratio < 2 || one > 1.3 {
			t.Errorf("%s: burst ratios %.2f and %.2f", name, one, ratio)
		}
	}
}

// counted is what a loss pattern comes to.
type counted struct {
	bursts         int
	density, ratio float64 // percent; of G.107
}

// burstsOf reads the definitions of RFC 3611, section 4.7.2, and of G.107's BurstR
// off a whole pattern, true for lost.
func burstsOf(pattern []bool) (c counted) {
	var at []int // of the losses
	runs := 0
	for i, lost := range pattern {
		if lost {
			if i == 0 || !pattern[i-1] {
				runs++
			}
			at = append(at, i)
		}
	}
	lost, all := 0, 0
	for i := 0; i < len(at); {
		j := i
		for j+1 < len(at) && at[j+1]-at[j]-1 < gmin {
			j++
		}
		if j > i {
			c.bursts++
			lost += j - i + 1
			all += at[j] - at[i] + 1
		}
		i = j + 1
	}
	c.density, c.ratio = percent(int64(lost), int64(all)), 1
	if len(at) > 0 && len(at) < len(pattern) {
		mean := float64(len(at)) / float64(runs)
		c.ratio = max(mean*(1-float64(len(at))/float64(len(pattern))), 1)
	}
	return c
}

// The running meter says what the definitions say of the whole pattern.
func TestBurstMeterOnRandomPatterns(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		pattern := make([]bool, 200+rng.IntN(2000))
		enter, leave, bad := rng.Float64()*0.1, 0.1+rng.Float64()*0.9, false
		for i := range pattern {
			if bad = bad && rng.Float64() >= leave || !bad && rng.Float64() < enter; bad {
				pattern[i] = true
			}
		}
		pattern[0] = false // a stream is known by a packet that came
		pattern = append(pattern, make([]bool, gmin)...)
		var b burstMeter
		run := 0
		for _, lost := range pattern {
			if lost {
				run++
				continue
			}
			b.received(run)
			run = 0
		}
		want := burstsOf(pattern)
		if int(b.bursts) != want.bursts || math.Abs(b.density()-want.density) > 1e-9 || math.Abs(b.ratio()-want.ratio) > 1e-9 {
			t.Fatalf("%d bursts of %.2f %%, ratio %.3f; by definition %d of %.2f %%, %.3f",
				b.bursts, b.density(), b.ratio(), want.bursts, want.density, want.ratio)
		}
	}
}

func TestBurstMeter(t *testing.T) {
	t.Parallel()
	feed := func(pattern string) *burstMeter {
		var b burstMeter
		lost := 0
		for _, c := range pattern {
			if c == 'x' {
				lost++
				continue
			}
			b.received(lost)
			lost = 0
		}
		return &b
	}
	clean := strings.Repeat(".", 100)
	for _, tc := range []struct {
		name    string
		pattern string
		density float64
		bursts  int64
		ratio   float64
	}{
		{"clean", clean, 0, 0, 1},
		{"lone losses", clean + "x" + clean + "x" + clean, 0, 0, 1},
		{"one burst", clean + "xx..xx..xx" + clean, 60, 1, 1.94},
		{"two bursts", clean + "xxxx" + clean + "x.x.x" + clean, 100 * 7.0 / 9, 2, 1.71},
		{"a burst that goes on", clean + "x.x.", 100 * 2.0 / 3, 0, 1},
	} {
		b := feed(tc.pattern)
		if math.Abs(b.density()-tc.density) > 0.1 || b.bursts != tc.bursts || math.Abs(b.ratio()-tc.ratio) > 0.02 {
			t.Errorf("%s: density %.1f %% in %d bursts, ratio %.2f", tc.name, b.density(), b.bursts, b.ratio())
		}
		all := b.burstLost + b.burstRecvd + b.gapLost + b.gapRecvd + b.lostInBurst + b.recvInBurst + b.run
		if all != b.packets {
			t.Errorf("%s: %d packets counted of %d", tc.name, all, b.packets)
		}
	}
}
