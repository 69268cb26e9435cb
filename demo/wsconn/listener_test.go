package wsconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/gobwas/ws"
)

// exchange is a sipgo server behind a path of a web server.
type exchange struct {
	web   *httptest.Server
	l     *Listener
	conns chan *Conn
}

func newExchange(t *testing.T, cfg Config, onOptions sipgo.RequestHandler) *exchange {
	t.Helper()
	e := &exchange{conns: make(chan *Conn, 16)}
	mux := http.NewServeMux()
	e.web = httptest.NewServer(mux)
	e.l = NewListener(e.web.Listener.Addr(), ListenerConfig{
		Conn: cfg, OnConn: func(c *Conn, _ *http.Request) { e.conns <- c },
		Check: func(r *http.Request) int {
			if r.Header.Get("Origin") == "https://evil.example" {
				return http.StatusForbidden
			}
			return 0
		},
	})
	mux.Handle("/sip", e.l)
	ua, err := sipgo.NewUA()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := sipgo.NewServer(ua)
	if err != nil {
		t.Fatal(err)
	}
	srv.OnOptions(onOptions)
	served := make(chan error, 1)
	go func() { served <- srv.ServeWS(e.l) }()
	t.Cleanup(func() {
		_ = e.l.Close()
		if err := <-served; !errors.Is(err, net.ErrClosed) {
			t.Errorf("ServeWS ended with %v", err)
		}
		_ = ua.Close()
		e.web.Close()
	})
	return e
}

// dial opens a WebSocket with the client's Conn in between.
func (e *exchange) dial(t *testing.T, cfg Config) (*Conn, error) {
	t.Helper()
	d := ws.Dialer{
		Protocols: []string{"sip"},
		WrapConn:  func(raw net.Conn) net.Conn { return New(raw, cfg) },
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, _, _, err := d.Dial(ctx, "ws"+strings.TrimPrefix(e.web.URL, "http")+"/sip")
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*Conn), nil
}

func options(branch int) string {
	return fmt.Sprintf("OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK%d\r\n"+
		"From: <sip:a@x>;tag=1\r\nTo: <sip:x@x>\r\nCall-ID: c%d\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", branch, branch)
}

func answerOK(req *sip.Request, tx sip.ServerTransaction) {
	_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
}

func TestSipgoServesBehindAWebServer(t *testing.T) {
	t.Parallel()
	sources := make(chan string, 16)
	e := newExchange(t, Config{PingInterval: 5 * time.Millisecond}, func(req *sip.Request, tx sip.ServerTransaction) {
		sources <- req.Source()
		answerOK(req, tx)
	})
	c, err := e.dial(t, Config{PingInterval: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	far := <-e.conns
	for i := range 5 {
		if _, err := c.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(options(i)))))); err != nil {
			t.Fatal(err)
		}
		f, err := ws.ReadFrame(c)
		if err != nil || !strings.HasPrefix(string(f.Payload), "SIP/2.0 200") {
			t.Fatalf("got %q, %v", f.Payload, err)
		}
		if s := <-sources; s != far.RemoteAddr().String() {
			t.Errorf("request came from %s, the connection is %s", s, far.RemoteAddr())
		}
	}
	// Pings go both ways while nothing else does.
	go messages(t, c)
	for deadline := time.Now().Add(time.Minute); c.RTT() == 0 || far.RTT() == 0; {
		if time.Now().After(deadline) {
			t.Fatalf("round trips %v and %v", c.RTT(), far.RTT())
		}
		time.Sleep(time.Millisecond)
	}
	if n := len(e.l.Conns()); n != 1 {
		t.Errorf("%d connections open", n)
	}
	_ = c.Close()
	<-far.Done()
	var closed *CloseError
	if !errors.As(far.Err(), &closed) || closed.Code != 1000 {
		t.Errorf("the server saw %v", far.Err())
	}
}

func TestListenerRefuses(t *testing.T) {
	t.Parallel()
	e := newExchange(t, Config{}, answerOK)
	good := map[string]string{
		"Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "sip",
	}
	for _, tc := range []struct {
		name, header, value string
		want                int
	}{
		{"plain", "Upgrade", "", http.StatusUpgradeRequired},
		{"old version", "Sec-WebSocket-Version", "8", http.StatusUpgradeRequired},
		{"short key", "Sec-WebSocket-Key", "abc", http.StatusBadRequest},
		{"other subprotocol", "Sec-WebSocket-Protocol", "chat", http.StatusBadRequest},
		{"refused by the check", "Origin", "https://evil.example", http.StatusForbidden},
	} {
		req, _ := http.NewRequest(http.MethodGet, e.web.URL+"/sip", nil)
		for k, v := range good {
			req.Header.Set(k, v)
		}
		req.Header.Set(tc.header, tc.value)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, res.StatusCode, tc.want)
		}
	}
	_ = e.l.Close()
	if _, err := e.dial(t, Config{}); !errors.Is(err, ws.StatusError(http.StatusServiceUnavailable)) {
		t.Errorf("dialling a closed listener: %v", err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
