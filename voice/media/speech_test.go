package media

import (
	"math/rand"
	"slices"
	"testing"
	"time"

	"offhook/internal/listen/speech"
	"offhook/internal/listen/stoi"
)

// trouble is a network as the comparison with other phones makes it: what becomes
// of a packet is drawn from its number and a seed.
type trouble struct {
	name   string
	loss   float64
	burst  float64       // mean length of a burst, for more than one packet
	jitter time.Duration // a delay of nothing to this is added, the order kept
	// The floors: intelligibility in the mean and of the worst run, and delay.
	mean, least, delay float64
}

var troubles = []trouble{
	{name: "clean", mean: 0.993, least: 0.993, delay: 75},
	{name: "loss 5 %", loss: 0.05, mean: 0.975, least: 0.97, delay: 150},
	{name: "loss 20 %", loss: 0.20, mean: 0.965, least: 0.945, delay: 150},
	{name: "bursts of 3, 10 %", loss: 0.10, burst: 3, mean: 0.955, least: 0.94, delay: 150},
	{name: "jitter 0-100 ms", jitter: 100 * time.Millisecond, mean: 0.99, least: 0.985, delay: 200},
}

// befall makes p's outgoing packets meet the network.
func (n trouble) befall(p *simPhone, seed int64) {
	r := rand.New(rand.NewSource(seed))
	bad := false
	var shake time.Duration
	p.lose = func(int) bool {
		u, v := r.Float64(), r.Float64()
		shake = time.Duration(v * float64(n.jitter))
		if n.burst <= 1 {
			return u < n.loss
		}
		leave := 1 / n.burst
		if enter := leave * n.loss / (1 - n.loss); bad {
			bad = u >= leave
		} else {
			bad = u < enter
		}
		return bad
	}
	last := time.Duration(0)
	p.shake = func(int) time.Duration {
		last = max(last, p.sim.now+shake)
		return last - p.sim.now
	}
}

// talk lets two people speak at once, after two seconds of silence, and returns the
// intelligibility of either to the other, and the median delay in ms.
func (n trouble) talk(t testing.TB, seed int64, said [2][]int16) (quality [2]float64, delay float64) {
	w := newSim(t, Config{}, Config{})
	phones := []*simPhone{w.a, w.b}
	const before = 2 * 48000
	for i, p := range phones {
		p.delay = 5 * time.Millisecond // within a step of the simulation
		n.befall(p, seed*1000+int64(i)+1)
		p.voice = func(k int) int16 {
			if k -= before; k < 0 || k >= len(said[i]) {
				return 0
			}
			return said[i][k]
		}
	}
	w.run(time.Duration(before+max(len(said[0]), len(said[1])))*time.Second/48000 + 500*time.Millisecond)
	for i, p := range phones {
		laid, lags := stoi.Lay(said[i], p.peer.heard[before:])
		quality[i] = stoi.Measure(said[i], laid)
		slices.Sort(lags)
		delay = max(delay, lags[len(lags)/2])
	}
	return quality, delay
}

// judge runs n with seeds from 1 on.
func (n trouble) judge(t testing.TB, seeds int64, said [2][]int16) (mean, least, delay float64) {
	least = 1
	for seed := int64(1); seed <= seeds; seed++ {
		q, d := n.talk(t, seed, said)
		for _, v := range q {
			mean += v / float64(2*seeds)
			least = min(least, v)
		}
		delay = max(delay, d)
	}
	if mean < n.mean || least < n.least || delay > n.delay {
		t.Errorf("%s: STOI %.4f (%.3f), %.4f at worst (%.3f), delay %.0f ms (%.0f)", n.name, mean, n.mean, least, n.least, delay, n.delay)
	}
	return mean, least, delay
}

// voices are those of the two.
func voices(t testing.TB, length time.Duration) (said [2][]int16) {
	for i, v := range []string{speech.Woman, speech.Man} {
		pcm, err := speech.Talk(v)
		if err != nil {
			t.Fatal(err)
		}
		said[i] = pcm[:min(len(pcm), int(length.Seconds()*48000))]
	}
	return said
}

// What two whole phones understand of each other on bad networks, reports and all.
func TestSpeechOnBadNetworks(t *testing.T) {
	t.Parallel()
	said := voices(t, 8*time.Second)
	for _, n := range troubles {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			n.mean, n.least = n.mean-0.01, n.least-0.015 // a few seconds have more luck in them
			n.judge(t, 1, said)
		})
	}
}

// BenchmarkSpeech prints the same over half a minute and eight seeds, beside the
// floors.
func BenchmarkSpeech(b *testing.B) {
	said := voices(b, time.Minute)
	for _, n := range troubles {
		b.Run(n.name, func(b *testing.B) {
			for b.Loop() {
				mean, least, delay := n.judge(b, 8, said)
				b.ReportMetric(mean, "STOI")
				b.ReportMetric(least, "STOI-worst")
				b.ReportMetric(n.mean, "STOI-floor")
				b.ReportMetric(delay, "ms-delay")
			}
		})
	}
}
