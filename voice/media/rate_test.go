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
	}{
		{"no report yet", 40000, nil, 40000, 40000, false},
		{"clean", 40000, []step{{20, 0, 20 * ms, ms, 0}}, 40000, 40000, true},
		{"clean, and a wish for less", 24000, []step{{20, 0, 20 * ms, ms, 0}}, 24000, 24000, true},
		{"clean for a moment", 40000, []step{{4, 0, 20 * ms, ms, 0}}, 40000, 40000, false},
		{"light loss gets room for a copy", 24000, []step{{10, 5, 20 * ms, ms, 0}}, 32000, 32000, false},
		{"loss without a queue is a bad radio", 40000, []step{{20, 15, 20 * ms, ms, 0}}, 40000, 40000, false},
		{"hopeless loss", 40000, []step{{20, 0, 20 * ms, ms, 0}, {2, 40, 20 * ms, ms, 0}}, 16000, 16000, false},
		{"a queue", 40000, []step{{5, 0, 20 * ms, ms, 0}, {6, 0, 180 * ms, ms, 0}}, 16000, 16000, false},
		{"one slow report is none", 40000, []step{{5, 0, 20 * ms, ms, 0}, {1, 0, 180 * ms, ms, 0}}, 40000, 40000, false},
		{"a short queue with loss", 40000, []step{{5, 0, 20 * ms, ms, 0}, {2, 8, 80 * ms, ms, 0}}, 20000, 25000, false},
		{"a longer path is no queue for ever", 40000, []step{{5, 0, 20 * ms, ms, 0}, {120, 0, 180 * ms, ms, 0}}, 40000, 40000, true},
		{"trouble that is over", 40000, []step{{5, 0, 20 * ms, ms, 0}, {6, 0, 180 * ms, ms, 0}, {14, 0, 20 * ms, ms, 0}}, 40000, 40000, false},
		{"and long over", 40000, []step{{5, 0, 20 * ms, ms, 0}, {6, 0, 180 * ms, ms, 0}, {60, 0, 20 * ms, ms, 0}}, 40000, 40000, true},
		{"a far side that tells no round trip", 40000, []step{{20, 0, 0, ms, 0}}, 40000, 40000, true},
		{"jitter", 40000, []step{{20, 0, 20 * ms, 25 * ms, 0}}, 40000, 40000, false},
		{"an estimate of the receiver", 40000, []step{{20, 0, 20 * ms, ms, 48000}}, 28000, 28000, false},
		{"an estimate of nothing", 40000, []step{{1, 0, 20 * ms, ms, 1}}, 16000, 16000, false},
		{"an old estimate", 40000, []step{{1, 0, 20 * ms, ms, 30000}, {40, 0, 20 * ms, ms, 0}}, 40000, 40000, true},
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
	}
}
