package transport

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"offhook/internal/crash"
)

// Conn is one connection to a SIP server. Read must be called by one goroutine
// at a time and all the time, since it also sees to the keepalives; everything
// else may be called from anywhere.
type Conn interface {
	// Read returns the next whole message. It blocks until there is one; an error is
	// the last, and why the connection has ended or is to be ended by End.
	Read() ([]byte, error)
	// Write sends one whole message. It blocks for no longer than 10 s.
	Write(message []byte) error
	// Answers says that the far side answers the keepalives of the connection, so
	// that its silence is noticed here. Until then nothing but an answer to a
	// request proves that it lives.
	Answers() bool
	// Done is closed when the connection has ended, and Err is why; it is nil
	// before, and net.ErrClosed after Close.
	Done() <-chan struct{}
	Err() error
	// Close ends the connection. It waits for the far side no longer than 200 ms.
	Close() error
	// End ends the connection because of err.
	End(err error)
	// RTT is the round trip of the last keepalive that was answered, 0 before.
	RTT() time.Duration
	// LastHeard is when bytes last came from the far side.
	LastHeard() time.Time
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
}

// Config says how a connection is kept alive. The zero value has the defaults.
type Config struct {
	// PingInterval is the time between keepalives, 0 for 12 s (1 s for datagrams that
	// nobody answers), negative for none.
	PingInterval time.Duration
	// PongTimeout is how long the far side may stay silent after a keepalive that
	// it is known to answer; 0 is 5 s.
	PongTimeout time.Duration
	// PongDelay holds the answer to a PING of a WebSocket back. Kamailio 5.6 closes
	// a connection whose PONG is there before it has noted its own PING, which
	// happens on loopback; 20 ms cure it. 0 answers at once.
	PongDelay time.Duration
	// Logger receives what was skipped and why connections ended; nil is silent.
	Logger *slog.Logger
}

const (
	defaultPingInterval = 12 * time.Second
	defaultPongTimeout  = 5 * time.Second
	writeTimeout        = 10 * time.Second
	// maxMessage is the largest message in bytes that is passed on; larger ones are
	// skipped.
	maxMessage = 64 * 1024
)

func (c Config) withDefaults() Config {
	if c.PingInterval == 0 {
		c.PingInterval = defaultPingInterval
	}
	if c.PongTimeout <= 0 {
		c.PongTimeout = defaultPongTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// The ways in which a connection ends by itself, beside the errors of the
// network.
var (
	// ErrSilent says that the far side answered no keepalive in time.
	ErrSilent = errors.New("sip: no answer to a keepalive")
	// ErrUnfinished says that a message on a stream did not end within 10 s.
	ErrUnfinished = errors.New("sip: a message that does not end")
	// ErrNotSIP says that a stream holds what is not SIP.
	ErrNotSIP = errors.New("sip: the stream holds what is not SIP")
	// ErrMoved says that the server sees the phone at another address than before:
	// what it knows of the flow is no longer true (RFC 5626, section 4.4.2).
	ErrMoved = errors.New("sip: the address seen by the server has changed")
)

// life is what every connection has: its end, and the signs of the far side's
// life.
type life struct {
	done chan struct{}
	// release closes what is below, once.
	release func(err error)

	mu      sync.Mutex
	err     error
	last    time.Time
	rtt     time.Duration
	answers bool
	timer   *time.Timer
}

func (l *life) init(release func(error)) {
	l.done, l.last, l.release = make(chan struct{}), time.Now(), release
}

func (l *life) Done() <-chan struct{} { return l.done }

func (l *life) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *life) RTT() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rtt
}

func (l *life) LastHeard() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

func (l *life) Answers() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answers
}

func (l *life) Close() error {
	l.End(net.ErrClosed)
	return nil
}

// End ends the connection; the first reason counts.
func (l *life) End(err error) {
	l.mu.Lock()
	if l.err != nil {
		l.mu.Unlock()
		return
	}
	if l.err = err; err == nil {
		l.err = net.ErrClosed
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	close(l.done)
	l.mu.Unlock()
	l.release(err)
}

// ended is End for a reader or writer that met err; it returns why the
// connection ended in truth.
func (l *life) ended(err error) error {
	l.End(err)
	return l.Err()
}

func (l *life) heard() {
	l.mu.Lock()
	l.last = time.Now()
	l.mu.Unlock()
}

// after arms the one timer of the keepalives, unless the connection has ended.
func (l *life) after(d time.Duration, f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.afterLocked(d, f)
}

func (l *life) afterLocked(d time.Duration, f func()) {
	if l.err != nil {
		return
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	l.timer = time.AfterFunc(d, crash.Guarded(f))
}
