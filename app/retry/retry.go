// Package retry tries again what failed: after delays that grow, and at once when
// the user or a change of the network asks for it.
package retry

import (
	"context"
	"sync"
	"time"

	"offhook/internal/backoff"
	"offhook/internal/crash"
)

// Signal makes everything that waits for its next attempt try at once. The zero
// value is not usable; NewSignal makes one.
type Signal struct {
	mu     sync.Mutex
	ch     chan struct{}
	closed bool
}

// NewSignal makes a signal that nobody has fired.
func NewSignal() *Signal { return &Signal{ch: make(chan struct{})} }

// Next returns the channel that the next Fire closes.
func (s *Signal) Next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ch
}

// Fire wakes all that wait now.
func (s *Signal) Fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		close(s.ch)
		s.ch = make(chan struct{})
	}
}

// Close wakes all that wait, now and later.
func (s *Signal) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.ch)
	}
}

// The pace at which the phone tries again by itself (wire decisions).
const (
	base = 400 * time.Millisecond
	most = 20 * time.Second
)

// Wait waits for d, for now, or for ctx, whose error it returns. A caller takes
// now from Signal.Next before the attempt that failed, so that a Fire in between is
// not lost; nil waits for d or ctx alone.
func Wait(ctx context.Context, d time.Duration, now <-chan struct{}) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-now:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Hooks are what Until tells of its attempts.
type Hooks struct {
	// Failed is told of each failure and how long the next attempt waits.
	Failed func(err error, delay time.Duration)
	// Fired is called before an attempt that a Signal brought forward.
	Fired func()
	// Grace is how long an attempt may go on after a Signal: it may have begun on a
	// network that is gone, where it would wait for its whole time.
	Grace time.Duration
}

// Until calls f until it succeeds or ctx ends, whose error it returns; again at once
// after s fires.
func (s *Signal) Until(ctx context.Context, f func(context.Context) error, h Hooks) error {
	b := backoff.Backoff{Base: base, Max: most}
	for {
		now := s.Next()
		err := withGrace(ctx, now, h.Grace, f)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		select {
		case <-now:
			h.Fired()
			b.Reset()
			continue
		default:
		}
		delay := b.Next()
		h.Failed(err, delay)
		if err := Wait(ctx, delay, now); err != nil {
			return err
		}
	}
}

// withGrace calls f with a context that ends grace after now.
func withGrace(ctx context.Context, now <-chan struct{}, grace time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer crash.Guard()
		select {
		case <-ctx.Done():
		case <-now:
			_ = Wait(ctx, grace, nil)
			cancel()
		}
	}()
	return f(ctx)
}
