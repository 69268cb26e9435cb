package wsconn

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/gobwas/ws"
)

// Role says which end of the WebSocket a Conn is. A client masks what it sends
// and expects unmasked frames; a server the other way round (RFC 6455, 5.1).
type Role int

// The two roles.
const (
	Client Role = iota
	Server
)

// Defaults of Config.
const (
	DefaultPingInterval = 15 * time.Second
	DefaultPongTimeout  = 5 * time.Second
	DefaultWriteTimeout = 10 * time.Second
	// DefaultMaxMessage is the largest message that sipgo 1.7 reads whole.
	DefaultMaxMessage = 32 * 1024
	// maxFrame is the size from which on a frame is not even skipped.
	maxFrame = 16 * 1024 * 1024
)

// Config is how a Conn behaves. The zero value is a client with the defaults.
type Config struct {
	Role Role
	// PingInterval is the time between PINGs, 0 for DefaultPingInterval,
	// negative for none.
	PingInterval time.Duration
	// PongTimeout is how long the far side may stay silent after a PING before
	// the connection counts as dead; 0 for DefaultPongTimeout.
	PongTimeout time.Duration
	// PongDelay holds the answer to a PING back. Kamailio 5.6 closes a
	// connection whose PONG is there before it has noted its own PING, which
	// happens on loopback; 20 ms cure it. 0 answers at once.
	PongDelay time.Duration
	// WriteTimeout limits a write; a connection that takes longer is dead. 0
	// is DefaultWriteTimeout.
	WriteTimeout time.Duration
	// MaxMessage is the largest message in bytes that is passed on; larger
	// ones are skipped and logged. 0 is DefaultMaxMessage.
	MaxMessage int
	// Accept, if set, is asked for every whole message received; a message it
	// refuses is skipped. It must not keep the slice.
	Accept func(message []byte) bool
	// Rewrite, if set, is given every message that Accept let pass, and returns
	// what the transport is to read instead; nil skips the message. It must not
	// keep the slice, but may return a part of it.
	Rewrite func(message []byte) []byte
	// OnClose, if set, is called once, when the connection has ended, with
	// what Err returns. It must not block.
	OnClose func(err error)
	// Logger receives what was skipped and why connections died; nil is silent.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.PingInterval == 0 {
		c.PingInterval = DefaultPingInterval
	}
	if c.PongTimeout <= 0 {
		c.PongTimeout = DefaultPongTimeout
	}
	if c.WriteTimeout <= 0 {
		c.WriteTimeout = DefaultWriteTimeout
	}
	if c.MaxMessage <= 0 {
		c.MaxMessage = DefaultMaxMessage
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// The ways in which a connection dies by itself. Err returns one of these, a
// *CloseError, net.ErrClosed after Close, io.EOF, or the error of the raw
// connection.
var (
	// ErrPongTimeout says that nothing was heard in time after a PING.
	ErrPongTimeout = errors.New("wsconn: no answer to ping")
	// ErrFrameTooLarge says that a frame announced more than 16 MiB.
	ErrFrameTooLarge = errors.New("wsconn: frame too large")
	// ErrHandshakeTooLarge says that the HTTP handshake did not end in 16 KiB.
	ErrHandshakeTooLarge = errors.New("wsconn: handshake too large")
)

// CloseError is the CLOSE frame by which the far side ended the connection
// (RFC 6455, 5.5.1). Code is 0 if it gave none.
type CloseError struct {
	Code   int
	Reason string
}

// Error returns the code and the reason.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("wsconn: closed by the far side (%d)", e.Code)
	}
	return fmt.Sprintf("wsconn: closed by the far side (%d, %q)", e.Code, e.Reason)
}

// closeCode is the code under which a connection that died of err is closed
// (RFC 6455, 7.4.1), 0 if the raw connection failed and can carry no CLOSE.
func closeCode(err error) ws.StatusCode {
	var protocol ws.ProtocolError
	var closed *CloseError
	switch {
	case errors.As(err, &closed), errors.Is(err, net.ErrClosed):
		return ws.StatusNormalClosure
	case errors.As(err, &protocol), errors.Is(err, ws.ErrHeaderLengthMSB):
		return ws.StatusProtocolError
	case errors.Is(err, ErrFrameTooLarge):
		return ws.StatusMessageTooBig
	case errors.Is(err, ErrPongTimeout):
		return ws.StatusGoingAway
	}
	return 0
}
