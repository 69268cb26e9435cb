package media

import (
	"context"
	"slices"
	"testing"
	"time"
)

// percentiles reports how long something took.
func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	b.ReportMetric(ms(took[len(took)*95/100]), "p95-ms")
}

// BenchmarkConnect is the time from the answer to a path that stands, for a peer
// like the phone and for one that speaks ICE-lite with one candidate, as media
// servers do. The library alone takes up to 200 ms between two looks.
func BenchmarkConnect(b *testing.B) {
	b.Run("full", func(b *testing.B) {
		var took []time.Duration
		for range b.N {
			x, y := newPhone(b, 440, Config{}), newPhone(b, 1000, Config{})
			took = append(took, connecting(b, x, func(offer string) string {
				answer, err := y.Answer(context.Background(), offer)
				if err != nil {
					b.Fatal(err)
				}
				return answer
			}))
			x.end()
			y.end()
		}
		percentiles(b, took)
	})
	b.Run("lite", func(b *testing.B) {
		var took []time.Duration
		for range b.N {
			x, peer := newPhone(b, 440, Config{}), newPionPeer(b, true)
			took = append(took, connecting(b, x, peer.answer))
			x.end()
		}
		percentiles(b, took)
	})
}

func connecting(b *testing.B, x *phone, answer func(string) string) time.Duration {
	offer, err := x.Offer(context.Background(), false)
	if err != nil {
		b.Fatal(err)
	}
	text := answer(offer)
	begin := time.Now()
	if err := x.SetAnswer(text); err != nil {
		b.Fatal(err)
	}
	x.await("connection", func() bool { return x.count(Connected) > 0 })
	return x.first(Connected).Sub(begin)
}

// BenchmarkRestart is the sound that an ICE restart on a sound path costs: frames
// of 10 ms in which the far side does not hear the tone.
func BenchmarkRestart(b *testing.B) {
	x, y := call(b, Config{}, Config{})
	hears(b, y, 440)
	var took []time.Duration
	for range b.N {
		from, n := y.mark(), y.count(Connected)
		exchange(b, x, y, true)
		y.await("the new path", func() bool { return y.count(Connected) > n })
		y.listen(200 * time.Millisecond)
		s := y.since(from)
		var quiet time.Duration
		for i := 0; i+frameSamples <= len(s); i += frameSamples {
			if loudness(s[i:i+frameSamples]) < 1000 {
				quiet += 10 * time.Millisecond
			}
		}
		took = append(took, quiet)
		hears(b, y, 440)
	}
	percentiles(b, took)
}
