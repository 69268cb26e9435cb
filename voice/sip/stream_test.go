package sip

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// streaming makes a server that listens on TCP, and on TLS if secure.
func streaming(t *testing.T, secure bool, onInvite func(*leg), options ...serverOption) (*server, func(*Config)) {
	t.Helper()
	s := serve(t, tlsServer, onInvite, options...)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scheme, run := "tcp", s.transport.ServeTCP
	if secure {
		l = tls.NewListener(l, s.web.TLS)
		scheme, run = "tls", s.transport.ServeTLS
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = run(l) }()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return s, func(c *Config) {
		c.URL = scheme + "://" + l.Addr().String()
		c.TLS = s.web.Client().Transport.(*http.Transport).TLSClientConfig
	}
}

func TestCallsOverStreams(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		legs, onInvite := answering()
		s, to := streaming(t, secure, onInvite, withDigest("SHA-256"))
		f := s.connect(to, func(c *Config) { c.PingInterval = 5 * time.Millisecond })
		d, l := place(t, s, f, legs)
		want := map[bool]string{false: "tcp", true: "tls"}[secure]
		if via := l.req.Via(); via.Transport != strings.ToUpper(want) || via.Host != "127.0.0.1" || via.Port == 0 {
			t.Errorf("Via is %s", via.Value())
		}
		contact := l.req.Contact().Address
		if transport, _ := contact.UriParams.Get("transport"); transport != want || contact.Port != l.req.Via().Port {
			t.Errorf("Contact is %s", contact.String())
		}
		if res, err := l.request(sipmsg.INFO, strings.Repeat("x", 20_000), ""); err != nil || res.StatusCode != 200 {
			t.Fatalf("%v %v", res, err)
		}
		if in := event[Informed](t, d); len(in.Body) != 20_000 {
			t.Errorf("%d bytes arrived", len(in.Body))
		}
		// sipgo answers a double CRLF, so the line knows its round trip.
		for limit := time.Now().Add(timeout); f.RTT() == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatal("no round trip")
			}
		}
		if err := d.Hangup(limited(t)); err != nil {
			t.Error(err)
		}
		event[Ended](t, d)
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// raw is a server by hand.
func raw(t *testing.T, cfg func(*Config)) (*Flow, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			accepted <- c
		}
	}()
	c := Config{URL: "tcp://" + l.Addr().String(), Domain: "sip.example", User: "alice", PingInterval: -1}
	if cfg != nil {
		cfg(&c)
	}
	f, err := Connect(limited(t), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	conn := <-accepted
	t.Cleanup(func() { _ = conn.Close() })
	return f, conn
}

const rawOptions = "OPTIONS sip:alice@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK%\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:x@x>\r\n" +
	"Call-ID: c%\r\nCSeq: 1 OPTIONS\r\nl : 2\r\n\r\nhi"

func TestStreamFraming(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 7, 100_000} {
		_, conn := raw(t, nil)
		// Keepalives before, between and after; messages split anywhere.
		wire := "\r\n\r\n" + strings.ReplaceAll(rawOptions, "%", "1") + strings.ReplaceAll(rawOptions, "%", "2") + "\r\n" + strings.ReplaceAll(rawOptions, "%", "3")
		go func() {
			for rest := wire; rest != ""; {
				n := min(size, len(rest))
				if _, err := io.WriteString(conn, rest[:n]); err != nil {
					return
				}
				rest = rest[n:]
			}
		}()
		_ = conn.SetReadDeadline(time.Now().Add(timeout))
		r := bufio.NewReader(conn)
		for answers := 0; answers < 3; {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatalf("pieces of %d: %d answers, then %v", size, answers, err)
			}
			if strings.HasPrefix(line, "SIP/2.0 200") {
				answers++
			}
		}
	}
}

func TestRubbishEndsAStream(t *testing.T) {
	t.Parallel()
	for _, rubbish := range []string{
		strings.Repeat("x", 100_000),
		"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n", "OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n",
	} {
		f, conn := raw(t, nil)
		go func() { _, _ = io.WriteString(conn, rubbish) }()
		select {
		case <-f.Done():
		case <-time.After(timeout):
			t.Errorf("%.20q does not end the stream", rubbish)
		}
	}
}

// A server that has answered a keepalive once is held to it.
func TestSilentStreamIsNoticed(t *testing.T) {
	t.Parallel()
	f, conn := raw(t, func(c *Config) { c.PingInterval, c.PongTimeout = 10*time.Millisecond, 30*time.Millisecond })
	buf := make([]byte, 4)
	for range 3 { // unanswered: it may not know them
		if _, err := io.ReadFull(conn, buf); err != nil || string(buf) != "\r\n\r\n" {
			t.Fatalf("%q, %v", buf, err)
		}
	}
	if _, err := io.WriteString(conn, "\r\n"); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	select {
	case <-f.Done():
		if errors.Is(f.Err(), ErrFlowClosed) {
			t.Errorf("%v", f.Err())
		}
	case <-time.After(timeout):
		t.Error("not noticed")
	}
}

func TestAccountOverTCP(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = r.s.transport.ServeTCP(l) }()
	t.Cleanup(func() { _ = l.Close(); <-done })
	a := r.account(t, func(c *AccountConfig) { c.URL = "tcp://" + l.Addr().String() })
	a.phase(Registered)
	if c := r.next().Contact().Address; c.Host != "127.0.0.1" || c.Port == 0 {
		t.Errorf("Contact is %s", c.String())
	}
}
