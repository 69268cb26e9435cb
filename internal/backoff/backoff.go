// Package backoff says when to try again what has failed.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Backoff is delays whose bound doubles from Base to Max with each failure. They are
// random below it (full jitter), so that a server that comes back is not met by all
// its clients at once. It is for one goroutine.
type Backoff struct {
	Base, Max time.Duration
	failures  int
}

// Bound counts a failure and returns the bound of the delay that follows it.
func (b *Backoff) Bound() time.Duration {
	bound := b.Max
	if b.failures < 30 {
		bound = min(b.Max, b.Base<<b.failures)
	}
	b.failures++
	return bound
}

// Next counts a failure and returns the delay that follows it, which is at least a
// millisecond.
func (b *Backoff) Next() time.Duration {
	return rand.N(max(b.Bound(), 1)) + time.Millisecond
}

// Reset forgets the failures.
func (b *Backoff) Reset() { b.failures = 0 }
