package media

import (
	"testing"
	"time"
)

func TestRateControl(t *testing.T) {
	t.Parallel()
	type step struct {
		seconds     int
		loss        float64
		rtt, jitter time.Duration
		remb        float64
	}
	const ms = time.Millisecond
	for _, tc := range []struct {
		name        string
		base        int
		steps       []step
		least, most int // bit/s at the end
		short       bool
		copies      int
	}{
		{"no report yet", 40000, nil, 40000, 40000, true, 0},
		{"clean", 40000, []step{{20, 0, 20 * ms, ms, 0}}, 40000, 40000, true, 0},
		{"clean, and a wish for less", 24000, []step{{20, 0, 20 * ms, ms, 0}}, 24000, 24000, true, 0},
		{"clean from the first report on", 40000, []step{{1, 0, 20 * ms, ms, 0}}, 40000, 40000, true, 0},
		{"clean for a moment after loss", 40000, []step{{2, 5, 20 * ms, ms, 0}, {20, 0, 20 * ms, ms, 0}}, 40000, 40000, false, 0},
		{"light loss gets room for a copy", 24000, []step{{10, 5, 20 * ms, ms, 0}}, 32000, 32000, false, 2},
		{"a lost packet now and then gets one copy", 40000, []step{{10, 2, 20 * ms, ms, 0}}, 40000, 40000, false, 1},
		{"loss without a queue is a bad radio", 40000, []step{{20, 15, 20 * ms, ms, 0}}, 40000, 40000, false, 2},
		{"hopeless loss", 40000, []step{{20, 0, 20 * ms, ms, 0}, {8, 50, 20 * ms, ms, 0}}, 16000, 16000, false, 0},
		{"a second of heavy loss", 40000, []step{{20, 10, 20 * ms, ms, 0}, {1, 40, 20 * ms, ms, 0}}, 40000, 40000, false, 2},
		{"a queue", 40000, []step{{5, 0, 20 * ms, ms, 0}, {6, 0, 180 * ms, ms, 0}}, 16000, 16000, false, 0},
		{"one slow report is none", 40000, []step{{5, 0, 20 * ms, ms, 0}, {1, 0, 180 * ms, ms, 0}}, 40000, 40000, false, 0},
		{"a short queue with loss", 40000, []step{{5, 0, 20 * ms, ms, 0}, {2, 8, 80 * ms, ms, 0}}, 20000, 25000, false, 0},
		{"a longer path is no queue for ever", 40000, []step{{5, 0, 20 * ms, ms, 0}, {120, 0, 180 * ms, ms, 0}}, 40000, 40000, true, 0},
		{"trouble that is over", 40000, []step{{5, 0, 20 * ms, ms, 0}, {6, 0, 180 * ms, ms, 0}, {14, 0, 20 * ms, ms, 0}}, 40000, 40000, false, 0},
		{"and long over", 40000, []step{{5, 0, 20 * ms, ms, 0}, {6, 0, 180 * ms, ms, 0}, {60, 0, 20 * ms, ms, 0}}, 40000, 40000, true, 0},
		{"a far side that tells no round trip", 40000, []step{{20, 0, 0, ms, 0}}, 40000, 40000, true, 0},
		{"jitter", 40000, []step{{20, 0, 20 * ms, 25 * ms, 0}}, 40000, 40000, false, 0},
		{"an estimate of the receiver", 40000, []step{{20, 0, 20 * ms, ms, 48000}}, 28000, 28000, false, 0},
		{"an estimate of nothing", 40000, []step{{1, 0, 20 * ms, ms, 1}}, 16000, 16000, false, 0},
		{"an old estimate", 40000, []step{{1, 0, 20 * ms, ms, 30000}, {40, 0, 20 * ms, ms, 0}}, 40000, 40000, true, 0},
	} {
		c := newRateControl(tc.base)
		at := time.Hour
		for _, s := range tc.steps {
			for range s.seconds {
				at += time.Second
				c.report(s.loss, s.rtt, s.jitter, at)
				if s.remb > 0 {
					c.bandwidth(s.remb, at)
				}
			}
		}
		if got := c.bitrate(at); got < tc.least || got > tc.most {
			t.Errorf("%s: %d bit/s, want %d to %d", tc.name, got, tc.least, tc.most)
		}
		if got := c.short(at); got != tc.short {
			t.Errorf("%s: short packets %v", tc.name, got)
		}
		if got := c.copies(at); got != tc.copies {
			t.Errorf("%s: copies by plan %d, want %d", tc.name, got, tc.copies)
		}
	}
}
