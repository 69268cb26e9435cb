package wsconn

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

const (
	upgradeRequest  = "GET /sip HTTP/1.1\r\nHost: x\r\n\r\n"
	upgradeResponse = "HTTP/1.1 101 Switching Protocols\r\n\r\n"
)

// shaken returns a client Conn whose handshake is over, and the raw far end.
func shaken(t *testing.T, cfg Config) (*Conn, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	c := New(near, cfg)
	t.Cleanup(func() { _ = c.Close(); _ = far.Close() })
	go func() {
		buf := make([]byte, len(upgradeRequest))
		_, _ = io.ReadFull(far, buf)
		_, _ = io.WriteString(far, upgradeResponse)
	}()
	if _, err := io.WriteString(c, upgradeRequest); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len(upgradeResponse))
	if _, err := io.ReadFull(c, buf); err != nil {
		t.Fatal(err)
	}
	if string(buf) != upgradeResponse {
		t.Fatalf("handshake came through as %q", buf)
	}
	return c, far
}

func text(fin bool, s string) []byte {
	return ws.MustCompileFrame(ws.NewFrame(ws.OpText, fin, []byte(s)))
}

func continuation(fin bool, s string) []byte {
	return ws.MustCompileFrame(ws.NewFrame(ws.OpContinuation, fin, []byte(s)))
}

func control(op ws.OpCode, s string) []byte {
	return ws.MustCompileFrame(ws.NewFrame(op, true, []byte(s)))
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// messages reads frames from c until it ends; every frame must be whole.
func messages(t *testing.T, c *Conn) []string {
	t.Helper()
	var got []string
	for {
		f, err := ws.ReadFrame(c)
		if err != nil {
			return got
		}
		if !f.Header.Fin || f.Header.OpCode != ws.OpText {
			t.Errorf("frame %+v reached the transport", f.Header)
		}
		got = append(got, string(f.Payload))
	}
}

func TestWhatTheTransportReads(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 300)
	huge := strings.Repeat("y", 70_000)
	cases := []struct {
		name string
		wire []byte
		want []string
		err  error
	}{
		{name: "one message", wire: text(true, "a"), want: []string{"a"}},
		{name: "a 16 bit length", wire: text(true, big), want: []string{big}},
		{name: "pipelined", wire: join(text(true, "a"), text(true, "b"), text(true, "c")), want: []string{"a", "b", "c"}},
		{name: "fragments are joined", wire: join(text(false, "a"), continuation(false, "b"), continuation(true, "c")), want: []string{"abc"}},
		{name: "empty fragments", wire: join(text(false, ""), continuation(false, ""), continuation(true, "c")), want: []string{"c"}},
		{name: "a ping between fragments", wire: join(text(false, "a"), control(ws.OpPing, "p"), continuation(true, "b")), want: []string{"ab"}},
		{name: "binary is taken as text", wire: ws.MustCompileFrame(ws.NewBinaryFrame([]byte("a"))), want: []string{"a"}},
		{name: "keepalives and empty frames vanish", wire: join(text(true, "\r\n"), text(true, ""), text(true, "\x00\x00"), text(true, "a")), want: []string{"a"}},
		{name: "oversized is skipped", wire: join(text(true, huge), text(true, "a")), want: []string{"a"}},
		{name: "oversized by fragments is skipped", wire: join(text(false, huge[:20_000]), continuation(false, huge[:20_000]), continuation(true, "end"), text(true, "a")), want: []string{"a"}},
		{name: "an unasked pong", wire: join(control(ws.OpPong, "what"), text(true, "a")), want: []string{"a"}},
		{name: "refused by the guard", wire: join(text(true, "refuse"), text(true, "a")), want: []string{"a"}},
		{name: "rewritten", wire: join(text(true, "rewrite"), text(true, "vanish"), text(true, "a")), want: []string{"rewritten", "a"}},
		{name: "closed with a code", wire: join(text(true, "a"), control(ws.OpClose, string(ws.NewCloseFrameBody(1001, "bye"))), text(true, "b")), want: []string{"a"}, err: &CloseError{1001, "bye"}},
		{name: "closed without a code", wire: control(ws.OpClose, ""), err: &CloseError{}},
		{name: "reserved bits", wire: []byte{0xf1, 0x00}, err: ws.ErrProtocolNonZeroRsv},
		{name: "reserved opcode", wire: []byte{0x83, 0x00}, err: ws.ErrProtocolOpCodeReserved},
		{name: "masked by a server", wire: ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("a")))), err: ws.ErrProtocolMaskUnexpected},
		{name: "fragmented control", wire: []byte{0x09, 0x00}, err: ws.ErrProtocolControlNotFinal},
		{name: "long control", wire: []byte{0x89, 126, 0, 200}, err: ws.ErrProtocolControlPayloadOverflow},
		{name: "stray continuation", wire: continuation(true, "a"), err: ws.ErrProtocolContinuationUnexpected},
		{name: "missing continuation", wire: join(text(false, "a"), text(true, "b")), err: ws.ErrProtocolContinuationExpected},
		{name: "negative length", wire: []byte{0x81, 127, 0xff, 0, 0, 0, 0, 0, 0, 0}, err: ws.ErrHeaderLengthMSB},
		{name: "absurd length", wire: []byte{0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0}, err: ErrFrameTooLarge},
		{name: "cut inside a frame", wire: text(true, "abc")[:3], err: io.EOF},
	}
	// Every case whole, and then in pieces.
	for _, size := range []int{1 << 20, 1, 7} {
		for _, tc := range cases {
			if size == 1 && len(tc.wire) > 1000 {
				continue
			}
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				c, far := shaken(t, Config{
					PingInterval: -1,
					Accept:       func(m []byte) bool { return string(m) != "refuse" },
					Rewrite: func(m []byte) []byte {
						switch string(m) {
						case "rewrite":
							return []byte("rewritten")
						case "vanish":
							return nil
						}
						return m
					},
				})
				go func() { _, _ = io.Copy(io.Discard, far) }()
				go func() {
					for rest := tc.wire; len(rest) > 0; {
						n := min(size, len(rest))
						if _, err := far.Write(rest[:n]); err != nil {
							return
						}
						rest = rest[n:]
					}
					_ = far.Close()
				}()
				got := messages(t, c)
				if strings.Join(got, "|") != strings.Join(tc.want, "|") {
					t.Errorf("transport read %.80q, want %.80q", got, tc.want)
				}
				want := tc.err
				if want == nil {
					want = io.EOF
				}
				var closed, wantClosed *CloseError
				if errors.As(want, &wantClosed) {
					if !errors.As(c.Err(), &closed) || *closed != *wantClosed {
						t.Errorf("ended with %v, want %v", c.Err(), want)
					}
				} else if !errors.Is(c.Err(), want) {
					t.Errorf("ended with %v, want %v", c.Err(), want)
				}
			})
		}
	}
}

func TestHandshakeNeverSwallowsFrames(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	c := New(near, Config{PingInterval: -1})
	defer c.Close()
	go func() {
		buf := make([]byte, len(upgradeRequest))
		_, _ = io.ReadFull(far, buf)
		_, _ = far.Write(join([]byte(upgradeResponse), text(true, "early")))
		_ = far.Close()
	}()
	_, _ = io.WriteString(c, upgradeRequest)
	buf := make([]byte, 4096)
	n, err := c.Read(buf)
	if err != nil || string(buf[:n]) != upgradeResponse {
		t.Fatalf("read %q, %v", buf[:n], err)
	}
	if got := messages(t, c); len(got) != 1 || got[0] != "early" {
		t.Fatalf("read %q", got)
	}
}

func TestEndlessHandshakeIsRefused(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	c := New(near, Config{})
	defer c.Close()
	go func() {
		for {
			if _, err := io.WriteString(far, strings.Repeat("X-Header: x\r\n", 100)); err != nil {
				return
			}
		}
	}()
	_, _ = io.Copy(io.Discard, c)
	if !errors.Is(c.Err(), ErrHandshakeTooLarge) {
		t.Fatalf("ended with %v", c.Err())
	}
	_ = far.Close()
}

func TestPingIsAnswered(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			c, far := shaken(t, Config{PingInterval: -1, PongDelay: delay})
			go messages(t, c)
			sent := time.Now()
			go func() { _, _ = far.Write(control(ws.OpPing, "are you there")) }()
			f, err := ws.ReadFrame(far)
			if err != nil {
				t.Fatal(err)
			}
			if f = ws.UnmaskFrame(f); f.Header.OpCode != ws.OpPong || string(f.Payload) != "are you there" {
				t.Fatalf("answered %+v %q", f.Header, f.Payload)
			}
			if took := time.Since(sent); took != delay {
				t.Errorf("answered after %v, want %v", took, delay)
			}
			_ = c.Close()
			_ = far.Close()
		})
	}
}

func TestSilenceIsNoticed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Value
		c, far := shaken(t, Config{OnClose: func(err error) { ended.Store(err) }})
		go messages(t, c)
		start := time.Now()
		pings := 0
		for {
			f, err := ws.ReadFrame(far)
			if err != nil {
				break
			}
			if f = ws.UnmaskFrame(f); f.Header.OpCode != ws.OpPing {
				continue
			}
			if pings++; pings <= 2 {
				time.Sleep(40 * time.Millisecond)
				_, _ = far.Write(control(ws.OpPong, string(f.Payload)))
			}
			if pings == 3 && c.RTT() != 40*time.Millisecond {
				t.Errorf("round trip %v, want 40ms", c.RTT())
			}
		}
		synctest.Wait()
		if pings != 3 || !errors.Is(c.Err(), ErrPongTimeout) || ended.Load() != ErrPongTimeout {
			t.Errorf("%d pings, ended with %v", pings, c.Err())
		}
		if took := time.Since(start); took != 3*DefaultPingInterval+DefaultPongTimeout {
			t.Errorf("noticed after %v", took)
		}
		_ = far.Close()
	})
}

func TestStuckWriteEndsTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, far := shaken(t, Config{PingInterval: -1})
		start := time.Now()
		if _, err := c.Write(text(true, "nobody reads this")); err == nil {
			t.Fatal("write succeeded")
		}
		if took := time.Since(start); took != DefaultWriteTimeout {
			t.Errorf("took %v", took)
		}
		<-c.Done()
		_ = far.Close()
	})
}

func TestReadDeadlineLosesNothing(t *testing.T) {
	t.Parallel()
	c, far := shaken(t, Config{PingInterval: -1})
	wire := text(true, strings.Repeat("z", 200))
	half := make(chan struct{})
	go func() {
		_, _ = far.Write(wire[:3]) // inside the header
		<-half
		_, _ = far.Write(wire[3:])
	}()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	var timeout net.Error
	if _, err := c.Read(make([]byte, 10)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("read gave %v", err)
	}
	_ = c.SetReadDeadline(time.Time{})
	close(half)
	f, err := ws.ReadFrame(c)
	if err != nil || len(f.Payload) != 200 {
		t.Fatalf("read %d bytes, %v", len(f.Payload), err)
	}
}

func TestFramesGoOutWhole(t *testing.T) {
	t.Parallel()
	c, far := shaken(t, Config{PingInterval: -1})
	wire := join(text(true, "first"), text(true, strings.Repeat("s", 500)))
	go func() {
		for _, b := range wire {
			_, _ = c.Write([]byte{b})
		}
	}()
	buf := make([]byte, 4096)
	for _, want := range []string{"first", strings.Repeat("s", 500)} {
		n, err := far.Read(buf) // a pipe keeps the bounds of writes
		if err != nil {
			t.Fatal(err)
		}
		if f, err := ws.ReadFrame(bytes.NewReader(buf[:n])); err != nil || string(f.Payload) != want {
			t.Fatalf("write of %d bytes: %v", n, err)
		}
	}
}

// sipgo writes a frame in two parts; what is sent meanwhile goes before it.
func TestSendNeverSplitsAFrame(t *testing.T) {
	t.Parallel()
	c, far := shaken(t, Config{PingInterval: -1})
	wire := text(true, "from above")
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = c.Write(wire[:2])
		_ = c.Send([]byte("from beside"))
		_, _ = c.Write(wire[2:])
	}()
	for _, want := range []string{"from beside", "from above"} {
		f, err := ws.ReadFrame(far)
		if err != nil {
			t.Fatal(err)
		}
		if f.Header.Masked {
			f = ws.UnmaskFrame(f)
		}
		if string(f.Payload) != want {
			t.Fatalf("got %q, want %q", f.Payload, want)
		}
	}
	<-sent
}

func TestCloseSaysGoodbye(t *testing.T) {
	t.Parallel()
	c, far := shaken(t, Config{PingInterval: -1})
	go func() { _ = c.Close() }()
	f, err := ws.ReadFrame(far)
	if err != nil || f.Header.OpCode != ws.OpClose {
		t.Fatalf("got %+v, %v", f.Header, err)
	}
	<-c.Done()
	if !errors.Is(c.Err(), net.ErrClosed) {
		t.Errorf("ended with %v", c.Err())
	}
	if _, err := c.Write(text(true, "x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
}

func FuzzIncoming(f *testing.F) {
	f.Add(join(text(false, "a"), control(ws.OpPing, "p"), continuation(true, "b")), false)
	f.Add([]byte{0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0}, false)
	f.Add(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("masked")))), true)
	f.Fuzz(func(t *testing.T, wire []byte, server bool) {
		role, shake := Client, upgradeResponse
		if server {
			role, shake = Server, upgradeRequest
		}
		c := New(&scripted{r: io.MultiReader(strings.NewReader(shake), bytes.NewReader(wire))},
			Config{Role: role, PingInterval: -1, MaxMessage: 1024})
		if _, err := io.ReadFull(c, make([]byte, len(shake))); err != nil {
			t.Fatal(err)
		}
		for {
			fr, err := ws.ReadFrame(c)
			if err != nil {
				break
			}
			if len(fr.Payload) > 1024 || !fr.Header.Fin || fr.Header.OpCode != ws.OpText {
				t.Fatalf("frame %+v reached the transport", fr.Header)
			}
		}
		if c.Err() == nil {
			t.Fatal("no reason given")
		}
		_ = c.Close()
	})
}

// scripted is a raw connection that reads from r and writes to nowhere.
type scripted struct {
	net.Conn
	r io.Reader
}

func (s *scripted) Read(b []byte) (int, error)       { return s.r.Read(b) }
func (s *scripted) Write(b []byte) (int, error)      { return len(b), nil }
func (s *scripted) Close() error                     { return nil }
func (s *scripted) SetWriteDeadline(time.Time) error { return nil }
func (s *scripted) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
