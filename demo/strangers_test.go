package demo

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"offhook/demo/relay/relaytest"
)

// A SIP connection that does not say whose it is is closed, and one address may not
// hold many of them; a phone's connection stays, idle as it is.
func TestStrangersOnTheSIPSocket(t *testing.T) {
	t.Parallel()
	p := startPlatform(t, Config{proveWithin: 400 * time.Millisecond})
	alice, bob := signedIn(t, p, "alice"), signedIn(t, p, "bob")
	open := func(bearer string) (*websocket.Conn, int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		header := http.Header{}
		if bearer != "" {
			header.Set("Authorization", "Bearer "+bearer)
		}
		conn, res, err := websocket.Dial(ctx, p.URL()+"/sip", &websocket.DialOptions{HTTPClient: alice.client, Subprotocols: []string{"sip"}, HTTPHeader: header})
		if err != nil {
			return nil, res.StatusCode
		}
		t.Cleanup(func() { conn.CloseNow() })
		return conn, 0
	}
	own, _ := open(alice.access)
	caller := bob.dial(t) // without a token; it calls at once
	if res := caller.call(relaytest.New(t, relaytest.Options{}).Offer(false)); res.StatusCode == 401 {
		t.Fatal("bob's digest is not taken")
	}
	var strangers []*websocket.Conn
	refused := 0
	for i := range 100 {
		bearer := ""
		if i%2 == 0 {
			bearer = alice.refresh // no access token
		}
		conn, status := open(bearer)
		switch {
		case conn != nil:
			strangers = append(strangers, conn)
		case status == http.StatusTooManyRequests:
			refused++
		default:
			t.Fatalf("connection %d: %d", i, status)
		}
	}
	if refused == 0 {
		t.Error("one address may have any number of connections")
	}
	for _, conn := range strangers {
		if err := endOf(t.Context(), conn); err == nil {
			t.Error("a stranger stays")
		}
	}
	for name, conn := range map[string]*websocket.Conn{"the phone's": own, "the caller's": caller.conn} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, _, err := conn.Read(ctx)
		if ctx.Err() == nil && err != nil {
			t.Errorf("%s connection was closed: %v", name, err)
		}
		cancel()
	}
	if conn, status := open(alice.access); conn == nil {
		t.Errorf("once the strangers are gone a phone gets %d", status)
	}
}
