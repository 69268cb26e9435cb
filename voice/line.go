package voice

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"offhook/voice/fault"
	"offhook/voice/sip/transport"
)

const (
	reconnectFloor = 100 * time.Millisecond
	reconnectCeil  = 20 * time.Second
	// healthyFor is how long a flow must hold for the backoff to start over.
	healthyFor = time.Minute
	// connectTimeout bounds one attempt.
	connectTimeout = 15 * time.Second
)

// line keeps one flow to the exophone open, so that an INVITE is one round
// trip, and opens another when it is lost: at once when somebody needs it, else
// with full-jitter backoff from 100 ms to 20 s.
type line struct {
	connect func(ctx context.Context) (flow, error)
	clock   Clock
	log     *slog.Logger
	// changed is called after each change of up or err. Not under the mutex.
	changed func(up bool, err error)

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	kick   chan struct{}

	mu  sync.Mutex
	cur flow
	// attempts counts finished attempts to connect; err is the result of the
	// last one.
	attempts int
	err      error
	// news is closed and replaced at each change of the above.
	news chan struct{}
}

func newLine(connect func(ctx context.Context) (flow, error), clock Clock, log *slog.Logger, changed func(bool, error)) *line {
	ctx, cancel := context.WithCancel(context.Background())
	l := &line{
		connect: connect, clock: clock, log: log, changed: changed,
		ctx: ctx, cancel: cancel,
		done: make(chan struct{}), kick: make(chan struct{}, 1), news: make(chan struct{}),
	}
	go l.run()
	return l
}

// look implements connecting.
func (l *line) look() outlook {
	l.mu.Lock()
	defer l.mu.Unlock()
	return outlook{l.cur, l.attempts, l.err, l.news}
}

// over implements connecting.
func (l *line) over() <-chan struct{} { return l.done }

// hurry ends a pause between two attempts.
func (l *line) hurry() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// renew drops the open flow, which may hang on an address that is gone, and
// connects again at once.
func (l *line) renew() {
	l.mu.Lock()
	cur := l.cur
	l.mu.Unlock()
	if cur != nil {
		_ = cur.Close()
	}
	l.hurry()
}

// close closes the flow and returns when the line's goroutine is gone.
func (l *line) close() {
	l.cancel()
	<-l.done
}

func (l *line) run() {
	defer close(l.done)
	failures := 0
	for l.ctx.Err() == nil {
		started := l.clock.Now()
		f, err := l.attempt()
		l.set(f, err)
		if err == nil {
			select {
			case <-f.Done():
			case <-l.ctx.Done():
				_ = f.Close()
				l.set(nil, errLineClosed)
				return
			}
			_ = f.Close()
			l.lost(f.Err())
			if l.clock.Now().Sub(started) >= healthyFor {
				failures = 0
			}
		}
		if l.ctx.Err() != nil {
			return
		}
		l.pause(failures, err)
		failures++
	}
}

func (l *line) attempt() (flow, error) {
	ctx, cancel := context.WithTimeout(l.ctx, connectTimeout)
	defer cancel()
	return l.connect(ctx)
}

func (l *line) set(f flow, err error) {
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

func (l *line) lost(err error) {
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

// pause waits before the next attempt: full jitter, so that a platform that
// comes back is not met by all its phones at once.
func (l *line) pause(failures int, err error) {
	ceil := reconnectCeil
	if failures < 8 {
		ceil = min(reconnectFloor<<failures, reconnectCeil)
	}
	d := time.Duration(rand.Int64N(int64(ceil))) + time.Millisecond
	var later *transport.HandshakeError
	if errors.As(err, &later) {
		d = max(d, min(later.RetryAfter, time.Minute))
	}
	woken := make(chan struct{})
	stop := l.clock.AfterFunc(d, func() { close(woken) })
	defer stop()
	select {
	case <-woken:
	case <-l.kick:
	case <-l.ctx.Done():
	}
}
