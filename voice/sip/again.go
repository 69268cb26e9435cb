package sip

import (
	"context"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/crash"
)

// A server that hangs takes connections and requests in and forgets them. It is asked
// again while the first attempt still waits, so that it is found soon after its
// return, and one that is only slow may take its time.

const (
	// askAgain is the time after which an unanswered REGISTER of a stream is followed
	// by another one; an attempt to connect is after twice that time.
	askAgain = 2 * time.Second
	// connectTime is how long the attempts to connect last, answerTime those to
	// register over a stream, or to refresh a registration.
	connectTime = 15 * time.Second
	answerTime  = 6 * time.Second
	// maxAttempts is how many of them are under way at once.
	maxAttempts = 4
)

// result is what came of one attempt of several.
type result[T any] struct {
	value T
	err   error
}

// firstOf runs try, once more after each delay, until one of them succeeds, all that
// were begun have failed, or ctx ends, which ends them, too. unwanted gets what else
// came about; it is nil if that needs no care.
func firstOf[T any](ctx context.Context, a *Account, delay time.Duration, try func(context.Context) (T, error), unwanted func(T)) (T, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results, running, begun := make(chan result[T], maxAttempts), 0, 0
	begin := func() {
		running, begun = running+1, begun+1
		a.late.Go(func() {
			defer crash.Guard()
			value, err := try(ctx)
			results <- result[T]{value, err}
		})
	}
	begin()
	again := time.NewTicker(delay)
	defer again.Stop()
	for {
		select {
		case r := <-results:
			running--
			if r.err != nil && running > 0 {
				continue
			}
			if rest := running; rest > 0 && unwanted != nil {
				a.late.Go(func() {
					defer crash.Guard()
					for range rest {
						if r := <-results; r.err == nil {
							unwanted(r.value)
						}
					}
				})
			}
			return r.value, r.err
		case <-again.C:
			if begun < maxAttempts {
				begin()
			}
		}
	}
}

// connect opens a flow.
func (a *Account) connect(ctx context.Context) (*Flow, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	return firstOf(ctx, a, 2*a.cfg.askAgain, func(ctx context.Context) (*Flow, error) { return Connect(ctx, a.cfg.Config) }, func(f *Flow) { _ = f.Close() })
}

// ask sends a REGISTER and returns the answer to it. A datagram is sent again by its
// transaction; on a stream that is for another REGISTER to do.
func (a *Account) ask(ctx context.Context, f *Flow, expires time.Duration) (*sipmsg.Response, error) {
	try := func(ctx context.Context) (*sipmsg.Response, error) { return f.final(ctx, a.request(f, expires)) }
	if f.datagrams() {
		return try(ctx)
	}
	return firstOf(ctx, a, a.cfg.askAgain, try, nil)
}
