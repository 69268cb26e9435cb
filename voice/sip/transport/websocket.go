package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"offhook/internal/backoff"
)

// maxFrame is the size in bytes from which on a message is not even skipped.
const maxFrame = 16 * 1024 * 1024

// CloseError is the CLOSE by which the far side ended a WebSocket (RFC 6455,
// section 5.5.1).
type CloseError = websocket.CloseError

// HandshakeError is the HTTP status with which a server refused the WebSocket.
type HandshakeError struct {
	Status int
	// RetryAfter is how long the server wants to be left alone, 0 if it did not say.
	RetryAfter time.Duration
}

// Error returns the status.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("sip: the WebSocket was refused with HTTP status %d", e.Status)
}

type webSocket struct {
	life
	cfg    Config
	raw    net.Conn
	conn   *websocket.Conn
	ctx    context.Context
	cancel context.CancelFunc
}

// DialWebSocket shakes hands for the subprotocol sip over raw (RFC 7118, section
// 4), which it owns from here on; TLS is the caller's. address is the host of
// the request, path its path and query. A *HandshakeError is the server's
// refusal.
func DialWebSocket(ctx context.Context, raw net.Conn, address, path string, header http.Header, cfg Config) (Conn, error) {
	w := &webSocket{cfg: cfg.withDefaults(), raw: raw}
	client := &http.Client{
		Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) { return raw, nil },
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	conn, res, err := websocket.Dial(ctx, "ws://"+address+path, &websocket.DialOptions{
		HTTPClient: client, HTTPHeader: header, Subprotocols: []string{"sip"},
		OnPingReceived: func(context.Context, []byte) bool {
			time.Sleep(w.cfg.PongDelay)
			w.heard()
			return true
		},
	})
	if err != nil {
		_ = raw.Close()
		client.CloseIdleConnections()
		if res != nil && res.StatusCode != http.StatusSwitchingProtocols {
			return nil, &HandshakeError{Status: res.StatusCode, RetryAfter: backoff.RetryAfter(res.Header.Get("Retry-After"), time.Now(), 24*time.Hour)}
		}
		return nil, err
	}
	conn.SetReadLimit(maxFrame)
	w.conn = conn
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.init(w.release)
	w.answers = true
	if w.cfg.PingInterval > 0 {
		w.after(w.cfg.PingInterval, w.ping)
	}
	return w, nil
}

// release says goodbye, if there is anybody to hear it, and closes.
func (w *webSocket) release(err error) {
	var closed CloseError
	if errors.Is(err, net.ErrClosed) && !errors.As(err, &closed) {
		_ = w.raw.SetDeadline(time.Now().Add(200 * time.Millisecond))
		_ = w.conn.Close(websocket.StatusNormalClosure, "")
	}
	w.cancel()
	_ = w.conn.CloseNow()
	w.cfg.Logger.Debug("websocket ended", "reason", err)
}

func (w *webSocket) LocalAddr() net.Addr  { return w.raw.LocalAddr() }
func (w *webSocket) RemoteAddr() net.Addr { return w.raw.RemoteAddr() }

// Read returns the next message.
func (w *webSocket) Read() ([]byte, error) {
	for {
		_, reader, err := w.conn.Reader(w.ctx)
		if err != nil {
			return nil, w.ended(err)
		}
		message, err := io.ReadAll(io.LimitReader(reader, maxMessage+1))
		if err != nil {
			return nil, w.ended(err)
		}
		w.heard()
		switch {
		case len(message) > maxMessage:
			rest, err := io.Copy(io.Discard, reader)
			if err != nil {
				return nil, w.ended(err)
			}
			w.cfg.Logger.Warn("skipped an oversized message", "bytes", int64(len(message))+rest)
		case string(message) == string(crlfcrlf): // RFC 5626, section 4.4.1
			_ = w.Write(crlf)
		case blank(message):
		default:
			return message, nil
		}
	}
}

// Write sends a message.
func (w *webSocket) Write(message []byte) error {
	if err := w.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(w.ctx, writeTimeout)
	defer cancel()
	if err := w.conn.Write(ctx, websocket.MessageText, message); err != nil {
		return w.ended(err)
	}
	return nil
}

// ping asks for a PONG; anything that is heard meanwhile does as well.
func (w *webSocket) ping() {
	sent := time.Now()
	ctx, cancel := context.WithTimeout(w.ctx, w.cfg.PongTimeout)
	defer cancel()
	err := w.conn.Ping(ctx)
	w.mu.Lock()
	if err == nil {
		w.rtt, w.last = time.Since(sent), time.Now()
	}
	dead := w.last.Before(sent)
	if !dead {
		w.afterLocked(max(0, w.cfg.PingInterval-time.Since(sent)), w.ping)
	}
	w.mu.Unlock()
	if dead {
		w.End(ErrSilent)
	}
}

// blank says that a message is a keepalive, or nothing at all.
func blank(message []byte) bool {
	for _, b := range message {
		if b != '\r' && b != '\n' && b != 0 {
			return false
		}
	}
	return true
}
