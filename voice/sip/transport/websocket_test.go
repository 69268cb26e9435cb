package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// socket is a WebSocket to a server by hand.
func socket(t *testing.T, cfg Config, serve func(*websocket.Conn)) Conn {
	t.Helper()
	served := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(served)
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"sip"}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		serve(c)
	}))
	t.Cleanup(func() {
		<-served // hijacked connections are not waited for by the server
		web.Close()
	})
	raw, err := net.Dial("tcp", web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, err := DialWebSocket(ctx, raw, web.Listener.Addr().String(), "/sip?x=y", http.Header{"X-A": {"b"}}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestMessagesOfAWebSocket(t *testing.T) {
	t.Parallel()
	got := make(chan string, 10)
	c := socket(t, Config{}, func(c *websocket.Conn) {
		ctx := context.Background()
		for _, m := range []string{"\r\n\r\n", "", "\x00", "first", strings.Repeat("x", 2*maxMessage), "second"} {
			if c.Write(ctx, websocket.MessageText, []byte(m)) != nil {
				return
			}
		}
		_ = c.Write(ctx, websocket.MessageBinary, []byte("binary"))
		for range 2 {
			if _, m, err := c.Read(ctx); err == nil {
				got <- string(m)
			}
		}
		_ = c.Close(websocket.StatusGoingAway, "bye")
	})
	for _, want := range []string{"first", "second", "binary"} {
		if m, err := c.Read(); err != nil || string(m) != want {
			t.Fatalf("%q, %v; want %q", m, err, want)
		}
	}
	if err := c.Write([]byte("answer")); err != nil {
		t.Fatal(err)
	}
	if a, b := <-got, <-got; a != "\r\n" || b != "answer" {
		t.Errorf("%q, %q", a, b)
	}
	var closed CloseError
	if _, err := c.Read(); !errors.As(err, &closed) || closed.Reason != "bye" || !errors.Is(c.Err(), err) {
		t.Errorf("%v", err)
	}
	<-c.Done()
	if err := c.Write([]byte("late")); err == nil {
		t.Error("written after the end")
	}
}

func TestPingsOfAWebSocket(t *testing.T) {
	t.Parallel()
	silent, stop := make(chan struct{}), make(chan struct{})
	c := socket(t, Config{PingInterval: 10 * time.Millisecond, PongTimeout: 200 * time.Millisecond}, func(c *websocket.Conn) {
		// It answers pings for as long as it reads.
		_, _, _ = c.Read(context.Background())
		close(silent)
		<-stop
	})
	t.Cleanup(func() { close(stop) })
	ended := make(chan error, 1)
	go func() { _, err := c.Read(); ended <- err }()
	for limit := time.Now().Add(30 * time.Second); c.RTT() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("no round trip")
		}
	}
	if err := c.Write([]byte("it reads no more after this")); err != nil {
		t.Fatal(err)
	}
	<-silent
	select {
	case err := <-ended:
		if !errors.Is(err, ErrSilent) {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("a server that is gone is not noticed")
	}
}

func TestHandshakeThatIsRefused(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(web.Close)
	raw, err := net.Dial("tcp", web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var refused *HandshakeError
	if _, err := DialWebSocket(context.Background(), raw, "host", "/", nil, Config{}); !errors.As(err, &refused) || refused.Status != 503 || refused.RetryAfter != 7*time.Second {
		t.Errorf("%v", err)
	}
}
