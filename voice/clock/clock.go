// Package clock is the time that the engine lives by, so that a test can have a time
// of its own.
package clock

import (
	"context"
	"time"

	"offhook/internal/crash"
)

// Clock is the time; every timer of a call is one of its AfterFunc.
type Clock interface {
	// Now is the present time.
	Now() time.Time
	// AfterFunc calls f in a goroutine of its own after d. stop prevents that
	// and reports whether it came in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// System is the machine's clock.
type System struct{}

// Now returns time.Now.
func (System) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (System) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// Sleep waits for d; false if ctx ended first.
func Sleep(ctx context.Context, c Clock, d time.Duration) bool {
	return Wait(ctx, c, d, nil)
}

// Wait is Sleep that ends early when woken; it is true then.
func Wait(ctx context.Context, c Clock, d time.Duration, woken <-chan struct{}) bool {
	over := make(chan struct{})
	stop := c.AfterFunc(d, crash.Guarded(func() { close(over) }))
	defer stop()
	select {
	case <-over:
		return true
	case <-woken:
		return true
	case <-ctx.Done():
		return false
	}
}
