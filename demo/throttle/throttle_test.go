package throttle

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func TestFailuresDoubleThePause(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Unix(1000, 0)}
	f := NewFailures(c.now)
	for i, want := range []time.Duration{0, 0, 0, 0, time.Second, 2 * time.Second, 4 * time.Second} {
		if n := f.Failed("mallory"); n != i+1 {
			t.Fatalf("failure %d counted as %d", i+1, n)
		}
		if got := f.Wait("mallory"); got != want {
			t.Errorf("after %d failures wait %v, want %v", i+1, got, want)
		}
	}
	for range 40 {
		f.Failed("mallory")
	}
	if got := f.Wait("mallory"); got != longestDelay {
		t.Errorf("the longest pause is %v", got)
	}
	if f.Wait("alice") != 0 {
		t.Error("another key waits too")
	}
	f.Succeeded("mallory")
	if f.Wait("mallory") != 0 {
		t.Error("a success does not forgive")
	}
}

func TestRateRefills(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Unix(1000, 0)}
	r := NewRate(2, 3, c.now)
	for i, want := range []bool{true, true, true, false} {
		if got := r.Allow("a"); got != want {
			t.Errorf("request %d: %v", i, got)
		}
	}
	if !r.Allow("b") {
		t.Error("another key is limited too")
	}
	c.at = c.at.Add(time.Second)
	for i, want := range []bool{true, true, false} {
		if got := r.Allow("a"); got != want {
			t.Errorf("a second later, request %d: %v", i, got)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Unix(1000, 0)}
	r, f := NewRate(1, 1, c.now), NewFailures(c.now)
	for i := range 3 * maxKeys {
		r.Allow(fmt.Sprint(i))
		f.Failed(fmt.Sprint(i))
	}
	if len(r.keys) > maxKeys || len(f.keys) > maxKeys {
		t.Errorf("%d and %d keys are remembered", len(r.keys), len(f.keys))
	}
}
