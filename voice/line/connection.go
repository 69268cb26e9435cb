package line

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"offhook/internal/backoff"
	"offhook/internal/crash"
	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/sip/transport"
)

const (
	reconnectFloor = 100 * time.Millisecond
	reconnectCeil  = 20 * time.Second
	// healthyFor is how long a flow must hold for the backoff to start over.
	healthyFor = time.Minute
	// proofTimeout bounds the wait for a sign of life of a flow that is doubted.
	proofTimeout = 2 * time.Second
	// connectTimeout bounds one attempt.
	connectTimeout = 15 * time.Second
)

// Connection keeps one flow to the exophone open, so that an INVITE is one round
// trip, and opens another when it is lost: at once when somebody needs it, else
// with full-jitter backoff from 100 ms to 20 s.
type Connection struct {
	connect func(ctx context.Context) (Flow, error)
	clock   clock.Clock
	log     *slog.Logger
	// changed is called after each change of up or err. Not under the mutex.
	changed func(up bool, err error)

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{}
	// doubt asks for a proof of the open flow.
	doubt chan struct{}

	mu  sync.Mutex
	cur Flow
	// attempts counts finished attempts to connect; err is the result of the
	// last one.
	attempts int
	err      error
	// news is closed and replaced at each change of the above.
	news chan struct{}
}

// NewConnection makes a connection that connect opens. changed is called after each
// change of its state, err why it is down.
func NewConnection(connect func(ctx context.Context) (Flow, error), clock clock.Clock, log *slog.Logger, changed func(bool, error)) *Connection {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Connection{
		connect: connect, clock: clock, log: log, changed: changed,
		ctx: ctx, cancel: cancel,
		done: make(chan struct{}), wake: make(chan struct{}, 1), doubt: make(chan struct{}, 1), news: make(chan struct{}),
	}
	crash.Go(l.run)
	return l
}

// Look implements Connecting.
func (l *Connection) Look() Outlook {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Outlook{l.cur, l.attempts, l.err, l.news}
}

// Done implements Connecting.
func (l *Connection) Done() <-chan struct{} { return l.done }

// Retry ends a pause between two attempts.
func (l *Connection) Retry() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Check proves the open flow, which may hang on an address that is gone, and
// connects again at once if it gives no sign of life.
func (l *Connection) Check() {
	select {
	case l.doubt <- struct{}{}:
	default:
	}
	l.Retry()
}

// Close closes the flow and returns when the line's goroutine is gone.
func (l *Connection) Close() {
	l.cancel()
	<-l.done
}

func (l *Connection) run() {
	defer close(l.done)
	delays := backoff.Backoff{Base: reconnectFloor, Max: reconnectCeil}
	for l.ctx.Err() == nil {
		started := l.clock.Now()
		f, err := l.attempt()
		l.set(f, err)
		if err == nil {
			if f = l.hold(f); l.ctx.Err() != nil {
				_ = f.Close()
				l.set(nil, ErrClosed)
				return
			}
			_ = f.Close()
			l.lost(f.Err())
			if l.clock.Now().Sub(started) >= healthyFor {
				delays.Reset()
			}
		}
		if l.ctx.Err() != nil {
			return
		}
		l.pause(delays.Next(), err)
	}
}

// hold returns when a flow is gone. One that is doubted and gives no sign of life is
// replaced, before it is closed, by another; the last one is returned.
func (l *Connection) hold(f Flow) Flow {
	for {
		select {
		case <-f.Done():
			return f
		case <-l.ctx.Done():
			return f
		case <-l.doubt:
		}
		ctx, cancel := context.WithTimeout(l.ctx, proofTimeout)
		err := f.Prove(ctx)
		cancel()
		if err == nil {
			continue
		}
		l.log.Info("the signalling connection gives no sign of life", "error", err)
		next, err := l.attempt()
		if err != nil {
			_ = f.Close()
			return f
		}
		l.set(next, nil)
		_ = f.Close()
		f = next
	}
}

func (l *Connection) attempt() (Flow, error) {
	ctx, cancel := context.WithTimeout(l.ctx, connectTimeout)
	defer cancel()
	return l.connect(ctx)
}

func (l *Connection) set(f Flow, err error) {
	l.mu.Lock()
	l.cur, l.err = f, err
	l.attempts++
	close(l.news)
	l.news = make(chan struct{})
	l.mu.Unlock()
	if err != nil && l.ctx.Err() == nil {
		l.log.Warn("signalling connection failed", "error", err)
	}
	l.changed(f != nil, err)
}

func (l *Connection) lost(err error) {
	if known := (*fault.Error)(nil); !errors.As(err, &known) {
		err = fault.Wrap(err, fault.NetworkError, "platform.connection-lost")
	}
	l.mu.Lock()
	l.cur, l.err = nil, err
	close(l.news)
	l.news = make(chan struct{})
	l.mu.Unlock()
	l.log.Info("signalling connection lost", "error", err)
	l.changed(false, err)
}

// pause waits before the next attempt, at least as long as the platform asks for.
func (l *Connection) pause(d time.Duration, err error) {
	var later *transport.HandshakeError
	if errors.As(err, &later) {
		d = max(d, min(later.RetryAfter, time.Minute))
	}
	clock.Wait(l.ctx, l.clock, d, l.wake)
}
