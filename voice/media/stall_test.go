package media

import (
	"testing"
	"time"
)

// However long a call is held, and whatever the held side sends meanwhile, both
// are heard again at once.
func TestLongHold(t *testing.T) {
	t.Parallel()
	for _, held := range []time.Duration{300 * time.Millisecond, 3 * time.Second, 15 * time.Second} {
		for _, music := range []bool{false, true} {
			w := newSim(t, Config{}, Config{})
			w.run(time.Second)
			w.a.Hold(true)
			if !music {
				w.exchange()
			}
			w.run(held)
			w.a.Hold(false)
			w.exchange()
			w.run(400 * time.Millisecond)
			for _, p := range []*simPhone{w.a, w.b} {
				hz := map[*simPhone]float64{w.a: 1000, w.b: 440}[p]
				if got := tone(p.last(200*time.Millisecond), hz); got < 0.8 {
					t.Errorf("held for %v, music %v: tone %.2f of %.0f Hz", held, music, got, hz)
				}
				if d := p.Statistics().JitterBufferMs; d > 60 {
					t.Errorf("held for %v, music %v: the buffer holds %.0f ms", held, music, d)
				}
			}
		}
	}
}

// A loudspeaker that stands still for a while, as one does that is replaced or a
// machine that sleeps, costs no more than that while.
func TestLoudspeakerStandsStill(t *testing.T) {
	t.Parallel()
	for _, still := range []time.Duration{300 * time.Millisecond, time.Second, 10 * time.Second} {
		w := newSim(t, Config{}, Config{})
		w.run(2 * time.Second)
		w.b.deaf = true
		w.run(still)
		w.b.deaf = false
		w.run(time.Second)
		if got := tone(w.b.last(500*time.Millisecond), 440); got < 0.8 {
			t.Errorf("after %v: tone %.2f", still, got)
		}
		w.run(time.Second)
		if d := w.b.Statistics().JitterBufferMs; d > 60 {
			t.Errorf("after %v: the buffer holds %.0f ms", still, d)
		}
	}
}
