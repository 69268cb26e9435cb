package push

import (
	"context"
	"errors"
	"sync"
	"time"

	"offhook/internal/backoff"
	"offhook/internal/crash"
)

// Receiver keeps one connection to the inbox. Its methods are safe for
// concurrent use.
type Receiver struct {
	cfg     Config
	retries chan struct{}
	deliver *delivery

	// What follows belongs to Run. offered is the token of the present attempt, ""
	// without one; rejected is the one that the server has just refused. renewed says
	// that a refused token was replaced already since the inbox was last connected.
	offered, rejected string
	renewed           bool

	mu     sync.Mutex // guards status; held while OnStatus runs, for its order
	status Status
}

// New makes a receiver; Run starts it.
func New(cfg Config) (*Receiver, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	saved, err := cfg.Store.Load()
	if err != nil {
		cfg.Logger.Warn("the inbox's ledger could not be read; messages may come twice", "error", err)
		saved = State{}
	}
	r := &Receiver{cfg: cfg, retries: make(chan struct{}, 1)}
	r.deliver = newDelivery(&r.cfg, saved)
	r.status = Status{Phase: Stopped, Since: time.Now()}
	return r, nil
}

// Status is how it stands now.
func (r *Receiver) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// set changes the status and reports it.
func (r *Receiver) set(change func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.status
	change(&r.status)
	if before.OK() != r.status.OK() {
		r.status.Since = time.Now()
	}
	if r.cfg.OnStatus != nil && r.status != before {
		r.cfg.OnStatus(r.status)
	}
}

// Retry is for when the machine woke, the network changed or the user signed in
// again: a receiver that waits tries at once, one that is refused or replaced
// tries again, one that is connected proves it by a ping at once, and one that is
// connecting begins anew unless it succeeds soon. A Retry-After of the server is
// obeyed all the same.
func (r *Receiver) Retry() {
	select {
	case r.retries <- struct{}{}:
	default:
	}
}

// Run connects and delivers until ctx ends, and returns when every goroutine of
// the receiver is gone. A message that the handler has is waited for.
func (r *Receiver) Run(ctx context.Context) {
	var working sync.WaitGroup
	working.Go(crash.Guarded(func() { r.deliver.run(ctx) }))
	defer working.Wait()
	defer r.set(func(s *Status) { s.Phase, s.RetryAt, s.Err = Stopped, time.Time{}, nil })

	pause := backoff.Backoff{Base: r.cfg.BackoffBase, Max: r.cfg.BackoffMax}
	for ctx.Err() == nil {
		r.set(func(s *Status) { s.Phase, s.RetryAt = Connecting, time.Time{}; s.Attempts++ })
		started := time.Now()
		fail := r.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(fail.err, errOtherInbox) {
			continue // the ledger has been turned over
		}
		if s := r.Status(); s.OK() && time.Since(started) >= healthy {
			pause.Reset()
		}
		if fail.phase == Refused && r.offered != "" && !r.renewed {
			// The platform may have revoked the token, or this machine's clock may have
			// thought it valid for too long: a new one is tried once.
			r.rejected, r.renewed = r.offered, true
			r.cfg.Logger.Info("inbox token refused", "error", fail.err)
			continue
		}
		r.cfg.Logger.Info("inbox not reachable", "phase", fail.phase, "error", fail.err)
		if fail.phase != Waiting {
			r.set(func(s *Status) { s.Phase, s.Err, s.RetryAt = fail.phase, fail.err, time.Time{} })
			pause.Reset()
			r.awaitRetry(ctx)
			continue
		}
		wait := r.cfg.Jitter(pause.Bound())
		if r.await(ctx, fail, wait) {
			pause.Reset() // a network that has just come up needs a few quick attempts
		}
	}
}

// await waits for the next attempt. A Retry cuts our own pause short, not the
// server's. It returns whether there was one.
func (r *Receiver) await(ctx context.Context, fail failure, wait time.Duration) (asked bool) {
	now := time.Now()
	earliest := now.Add(fail.pause)
	at := earliest.Add(wait)
	for {
		r.set(func(s *Status) { s.Phase, s.Err, s.RetryAt = Waiting, fail.err, at })
		select {
		case <-ctx.Done():
			return asked
		case <-time.After(time.Until(at)):
			return asked
		case <-r.retries:
			asked = true
			if !time.Now().Before(earliest) {
				return asked
			}
			at = earliest
		}
	}
}

func (r *Receiver) awaitRetry(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-r.retries:
	}
}
