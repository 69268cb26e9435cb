package wsconn

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gobwas/ws"
)

// Conn is a raw connection that speaks clean WebSocket to the transport above:
// Read gives frames that hold one whole text message each, Write takes frames.
// Before the first frame both directions let the HTTP handshake through.
//
// Read must be called by one goroutine at a time, as any net.Conn's user would;
// everything else may be called from anywhere.
type Conn struct {
	raw net.Conn
	cfg Config

	in  incoming
	out []byte // what Read has still to hand out

	wmu       sync.Mutex
	wbuf      []byte // written by the transport, not yet a whole frame
	wShake    headEnd
	wShakeLen int

	live liveness

	endOnce sync.Once
	done    chan struct{}
	errMu   sync.Mutex
	err     error
}

// New wraps a raw connection on which the handshake is still to come. The Conn
// owns raw from here on.
func New(raw net.Conn, cfg Config) *Conn {
	c := &Conn{raw: raw, cfg: cfg.withDefaults(), done: make(chan struct{})}
	c.in = incoming{br: bufio.NewReaderSize(raw, 8192), max: c.cfg.MaxMessage, state: ws.StateClientSide}
	if cfg.Role == Server {
		c.in.state = ws.StateServerSide
	}
	c.live.init()
	return c
}

// Read fills b with bytes of the handshake, or of the next message as one
// unfragmented text frame. It handles control frames while it waits.
func (c *Conn) Read(b []byte) (int, error) {
	if len(c.out) > 0 {
		n := copy(b, c.out)
		c.out = c.out[n:]
		return n, nil
	}
	if c.closed() {
		return 0, net.ErrClosed
	}
	for {
		n, err := c.read(b)
		if err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() && !c.closed() {
				return 0, err // a deadline set from above; nothing is lost
			}
			c.end(err)
			if errors.Is(c.Err(), net.ErrClosed) {
				return 0, net.ErrClosed
			}
			// sipgo knows io.EOF as an ordinary end.
			return 0, io.EOF
		}
		if n > 0 {
			return n, nil
		}
	}
}

// read does one step: some bytes of the handshake, or one frame.
func (c *Conn) read(b []byte) (int, error) {
	if !c.in.shaken {
		n, err := c.in.handshake(b)
		c.live.heard()
		if c.in.shaken {
			c.startKeepalive()
		}
		return n, err
	}
	ev, err := c.in.next()
	if c.in.progress {
		c.live.heard()
	}
	if err != nil {
		return 0, err
	}
	switch ev.kind {
	case gotPing:
		c.answerPing(ev.payload)
	case gotPong:
		c.live.pong(ev.payload)
	case gotClose:
		code, reason := ws.ParseCloseFrameData(ev.payload)
		return 0, &CloseError{Code: int(code), Reason: reason}
	case gotOversized:
		c.cfg.Logger.Warn("skipped an oversized message", "bytes", ev.size, "limit", c.cfg.MaxMessage)
	case gotMessage:
		return c.deliver(b, ev.payload)
	}
	return 0, nil
}

var crlfcrlf = []byte("\r\n\r\n")

// deliver hands a whole message up as one frame, unless it is a keepalive
// (RFC 5626, 4.4.1), empty, or refused.
func (c *Conn) deliver(b, message []byte) (int, error) {
	if len(bytes.Trim(message, "\r\n\x00")) == 0 {
		if bytes.Equal(message, crlfcrlf) {
			return 0, c.send(ws.OpText, crlfcrlf[:2])
		}
		return 0, nil
	}
	if c.cfg.Accept != nil && !c.cfg.Accept(message) {
		return 0, nil
	}
	if c.cfg.Rewrite != nil {
		if message = c.cfg.Rewrite(message); message == nil {
			return 0, nil
		}
	}
	h := ws.Header{Fin: true, OpCode: ws.OpText, Length: int64(len(message))}
	// The transport of a server insists on masked frames. A mask of zeroes
	// changes nothing.
	h.Masked = c.cfg.Role == Server
	var frame bytes.Buffer
	frame.Grow(ws.HeaderSize(h) + len(message))
	_ = ws.WriteHeader(&frame, h)
	frame.Write(message)
	n := copy(b, frame.Bytes())
	c.out = frame.Bytes()[n:]
	return n, nil
}

// Write takes bytes of the handshake or of frames. A frame goes out as soon as
// it is complete, in one write, so that nothing comes between its header and
// its payload. Only the transport above may call it: sipgo writes a frame in two
// parts.
func (c *Conn) Write(b []byte) (int, error) {
	c.wmu.Lock()
	shaken, n, err := c.write(b)
	c.wmu.Unlock()
	if err != nil {
		c.end(err)
		return n, err
	}
	if shaken {
		c.startKeepalive()
	}
	return n, nil
}

// write is Write under the lock. shaken says that the handshake ended here.
func (c *Conn) write(b []byte) (shaken bool, n int, err error) {
	if c.closed() {
		return false, 0, net.ErrClosed
	}
	rest := b
	if !c.wShake.done() {
		head := c.wShake.scan(rest)
		if c.wShakeLen += head; c.wShakeLen > maxHandshake {
			return false, 0, ErrHandshakeTooLarge
		}
		if err := c.writeRaw(rest[:head]); err != nil {
			return false, 0, err
		}
		rest = rest[head:]
		shaken = c.wShake.done()
	}
	if len(rest) == 0 {
		return shaken, len(b), nil
	}
	c.wbuf = append(c.wbuf, rest...)
	whole, err := wholeFrames(c.wbuf)
	if err != nil {
		return shaken, 0, err
	}
	if whole > 0 {
		err = c.writeRaw(c.wbuf[:whole])
		c.wbuf = append(c.wbuf[:0], c.wbuf[whole:]...)
		if err != nil {
			return shaken, 0, err
		}
	}
	return shaken, len(b), nil
}

// wholeFrames is the length of the complete frames at the start of b.
func wholeFrames(b []byte) (int, error) {
	whole := 0
	for {
		h, size, err := parseHeader(b[whole:])
		if err != nil {
			return whole, err
		}
		if size == 0 || int64(len(b)-whole-size) < h.Length {
			return whole, nil
		}
		whole += size + int(h.Length)
	}
}

// writeRaw writes under wmu, within the write timeout.
func (c *Conn) writeRaw(b []byte) error {
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.cfg.WriteTimeout))
	_, err := c.raw.Write(b)
	return err
}

// send writes one frame of our own, masked if the role asks for it.
func (c *Conn) send(op ws.OpCode, payload []byte) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.closed() {
		return net.ErrClosed
	}
	return c.writeRaw(c.frame(op, payload))
}

// Send sends one message of our own, beside the frames that the transport above
// writes and never between the parts of one of them.
func (c *Conn) Send(message []byte) error { return c.send(ws.OpText, message) }

func (c *Conn) frame(op ws.OpCode, payload []byte) []byte {
	f := ws.NewFrame(op, true, payload)
	if c.cfg.Role == Client {
		f = ws.MaskFrame(f)
	}
	return ws.MustCompileFrame(f)
}

// Close says goodbye (CLOSE 1000) and closes the raw connection. It does not
// wait for the far side.
func (c *Conn) Close() error {
	c.end(net.ErrClosed)
	return nil
}

// end ends the connection, once; err is why.
func (c *Conn) end(err error) {
	c.endOnce.Do(func() {
		c.errMu.Lock()
		c.err = err
		c.errMu.Unlock()
		close(c.done)
		c.live.stop()
		c.sayGoodbye(closeCode(err))
		_ = c.raw.Close()
		c.cfg.Logger.Debug("websocket ended", "remote", c.raw.RemoteAddr(), "reason", err)
		if c.cfg.OnClose != nil {
			c.cfg.OnClose(err)
		}
	})
}

// sayGoodbye sends a CLOSE if nobody is stuck in a write and the handshake was
// over; it takes no longer than a moment.
func (c *Conn) sayGoodbye(code ws.StatusCode) {
	if code == 0 || !c.wmu.TryLock() {
		return
	}
	defer c.wmu.Unlock()
	if !c.wShake.done() || len(c.wbuf) > 0 {
		return
	}
	_ = c.raw.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	_, _ = c.raw.Write(c.frame(ws.OpClose, ws.NewCloseFrameBody(code, "")))
}

func (c *Conn) closed() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err is why the connection ended; nil while it lives.
func (c *Conn) Err() error {
	c.errMu.Lock()
	defer c.errMu.Unlock()
	return c.err
}

// RTT is the round trip of the last answered PING, 0 before the first.
func (c *Conn) RTT() time.Duration { return c.live.roundTrip() }

// LastHeard is when bytes last arrived from the far side.
func (c *Conn) LastHeard() time.Time { return c.live.lastHeard() }

// LocalAddr is that of the raw connection.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr is that of the raw connection.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline sets the raw connection's. A read that times out loses nothing.
func (c *Conn) SetDeadline(t time.Time) error { return c.raw.SetDeadline(t) }

// SetReadDeadline sets the raw connection's. A read that times out loses nothing.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.raw.SetReadDeadline(t) }

// SetWriteDeadline sets the raw connection's; every write sets its own again.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.raw.SetWriteDeadline(t) }
