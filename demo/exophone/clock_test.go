package exophone_test

import (
	"sync"
	"time"

	"offhook/demo/exophone"
)

// fastClock makes the exchange's timers of one length fire twenty times sooner, or
// all of them.
type fastClock struct{ length time.Duration }

func (fastClock) Now() time.Time { return time.Now() }
func (c fastClock) AfterFunc(d time.Duration, f func()) exophone.Timer {
	if c.length == 0 || d == c.length {
		d /= 20
	}
	return time.AfterFunc(d, f)
}

func fast(c *exophone.Config) { c.Clock = fastClock{} }

// slowClock keeps timers from firing within a test.
type slowClock struct{}

func (slowClock) Now() time.Time { return time.Now() }
func (slowClock) AfterFunc(d time.Duration, f func()) exophone.Timer {
	return time.AfterFunc(d*1000, f)
}

// heldLimit is a length that no timer has but the one that a test wants to hold.
const heldLimit = 53 * time.Minute

// heldClock lets timers of heldLimit wait for the test's word, however slow the
// machine is.
type heldClock struct {
	mu     sync.Mutex
	passed bool
	held   []*heldTimer
}

func (*heldClock) Now() time.Time { return time.Now() }
func (c *heldClock) AfterFunc(d time.Duration, f func()) exophone.Timer {
	if d != heldLimit {
		return time.AfterFunc(d, f)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.passed {
		return time.AfterFunc(0, f)
	}
	t := &heldTimer{c, f}
	c.held = append(c.held, t)
	return t
}

// pass lets the limit pass, for the timers to come too.
func (c *heldClock) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed = true
	for _, t := range c.held {
		if t.f != nil {
			go t.f()
		}
	}
	c.held = nil
}

type heldTimer struct {
	clock *heldClock
	f     func()
}

func (t *heldTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	stopped := !t.clock.passed && t.f != nil
	if stopped {
		t.f = nil
	}
	return stopped
}
