package auth

import "time"

// Clock is the time that a Keeper lives by.
type Clock interface {
	// Now is the present time.
	Now() time.Time
	// AfterFunc calls f in a goroutine of its own after d. stop prevents that
	// and reports whether it came in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns time.Now.
func (SystemClock) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (SystemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}
