package backoff

import (
	"testing"
	"time"
)

func TestBoundsDouble(t *testing.T) {
	b := Backoff{Base: 100 * time.Millisecond, Max: time.Second}
	for range 2 {
		for i, want := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
			if got := b.Bound(); got != want*time.Millisecond {
				t.Errorf("failure %d: %v", i, got)
			}
		}
		b.Reset()
	}
	for range 200 { // far beyond what can be shifted
		if d := b.Next(); d < time.Millisecond || d > b.Max+time.Millisecond {
			t.Fatal(d)
		}
	}
	if d := (&Backoff{}).Next(); d != time.Millisecond {
		t.Errorf("without bounds: %v", d)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"120": 2 * time.Minute, " 7 ": 7 * time.Second, "1800;duration=3600": 30 * time.Minute, "120 (I'm in a meeting)": 2 * time.Minute,
		"": 0, "soon": 0, "-5": 0, "99999999999999": time.Hour, "999999": time.Hour,
		"Mon, 30 Nov 2026 12:00:30 GMT": 30 * time.Second, "Mon, 30 Nov 2026 11:00:00 GMT": 0, "Tue, 01 Dec 2026 12:00:00 GMT": time.Hour,
	} {
		if got := RetryAfter(value, now, time.Hour); got != want {
			t.Errorf("%q is %v, want %v", value, got, want)
		}
	}
}
