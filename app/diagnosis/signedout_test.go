package diagnosis

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/stun/v4"

	"offhook/app/backend"
	"offhook/assets/lang"
	"offhook/voice"
	"offhook/voice/media"
	"offhook/voice/wire"
)

// newResponder is a relay as far as STUN without credentials goes. It answers
// those requests that answers says, by their order.
func newResponder(t *testing.T, answers func(i int) bool) (address string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for i := 0; ; i++ {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			m := &stun.Message{Raw: buf[:n]}
			if m.Decode() == nil && answers(i) {
				_, _ = conn.WriteTo(stun.MustBuild(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess).Raw, from)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return conn.LocalAddr().String()
}

// signedOut is a phone that is signed out and knows a server, which tells this.
func signedOut(t *testing.T, status int, public backend.Public) *Phone {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1/config":
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(public)
		case r.Header.Get("Upgrade") != "":
			conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"sip", wire.Subprotocol}})
			if err != nil {
				return
			}
			_, _, _ = conn.Read(r.Context()) // answers pings
			_ = conn.CloseNow()
		}
	}))
	t.Cleanup(srv.Close)
	return &Phone{
		HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, Log: slog.New(slog.DiscardHandler),
		State: func() State { return State{Server: srv.URL} }, Servers: func() []media.ICEServer { return nil },
		LastCall: func() (s voice.Statistics, ok bool) { return s, false },
	}
}

// quick is a measurement of a blink.
var quick = pace{count: 20, interval: time.Millisecond, rest: 50 * time.Millisecond}

func measured(p *Phone) *soundPath {
	return &soundPath{p: p, public: &publicConfig{p: p}, pace: quick}
}

func TestTheSoundWithoutASignIn(t *testing.T) {
	t.Parallel()
	always := func(int) bool { return true }
	ctx := context.Background()
	t.Run("open", func(t *testing.T) {
		t.Parallel()
		// The first request is the question whether the way is open; two of the
		// twenty that follow are lost.
		relay := newResponder(t, func(i int) bool { return i != 5 && i != 6 })
		p := signedOut(t, http.StatusOK, backend.Public{Media: []string{"udp:" + relay, "tcp:" + relay, "nothing"}, ICEServers: []string{"turn:" + newResponder(t, always), "turns:x", ":"}})
		s := measured(p)
		if c := s.udp(ctx); c.Status != Pass || !strings.Contains(c.Text.String(), relay) {
			t.Errorf("%+v", c)
		}
		if c := s.tcp(ctx); c.Status != Warn || c.Remedy.Empty() {
			t.Errorf("%+v", c)
		}
		if c := s.turn(ctx); c.Status != Pass || !c.Remedy.Equal(signInFirst) {
			t.Errorf("%+v", c)
		}
		c := s.media(ctx)
		if !strings.HasPrefix(c.Figure, "MOS ") || !strings.Contains(c.Text.String(), "without a sign-in") || s.probe.LossPercent < 10 {
			t.Errorf("%+v %+v", c, s.probe)
		}
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		s := measured(signedOut(t, http.StatusOK, backend.Public{Media: []string{"udp:" + newResponder(t, func(int) bool { return false })}}))
		if c := s.udp(ctx); c.Status != Fail || c.Remedy.Empty() {
			t.Errorf("%+v", c)
		}
		if c := s.media(ctx); c.Status != Fail || c.Remedy.Empty() {
			t.Errorf("%+v", c)
		}
	})
	t.Run("untold", func(t *testing.T) {
		t.Parallel()
		for status, remedy := range map[int]lang.Text{http.StatusNotFound: signInFirst, http.StatusForbidden: signInFirst, http.StatusOK: signInFirst} {
			s := measured(signedOut(t, status, backend.Public{}))
			for _, c := range []Check{s.udp(ctx), s.tcp(ctx), s.turn(ctx), s.media(ctx)} {
				if c.Status != Skipped || !c.Remedy.Equal(remedy) || c.Text.Empty() {
					t.Errorf("%d: %+v", status, c)
				}
			}
		}
	})
	t.Run("sockets", func(t *testing.T) {
		t.Parallel()
		p := signedOut(t, http.StatusOK, backend.Public{})
		if c := p.push(ctx); c.Status != Pass || !strings.Contains(c.Text.String(), "WebSockets work") {
			t.Errorf("%+v", c)
		}
		if c := p.signalling(ctx, &publicConfig{p: p}); c.Status != Pass || !strings.Contains(c.Text.String(), "WebSockets work") {
			t.Errorf("%+v", c)
		}
	})
}

// SIP accounts have no server of the subscribers' kind; what they name is asked.
func TestTheSoundOfSIPAccounts(t *testing.T) {
	t.Parallel()
	var servers []media.ICEServer
	p := signedOut(t, http.StatusOK, backend.Public{})
	p.State = func() State { return State{AccountsOnly: true, Accounts: []Account{{Address: "sip:201@pbx.test"}}} }
	p.Servers = func() []media.ICEServer { return servers }
	ctx := context.Background()
	s := measured(p)
	if c := s.udp(ctx); c.Status != Skipped || c.Remedy.Empty() || c.Remedy.Equal(signInFirst) {
		t.Errorf("%+v", c)
	}
	servers = []media.ICEServer{{URLs: []string{"stun:" + newResponder(t, func(int) bool { return true })}}}
	s = measured(p)
	if c := s.udp(ctx); c.Status != Pass {
		t.Errorf("%+v", c)
	}
	if c := s.turn(ctx); c.Status != Skipped {
		t.Errorf("%+v", c)
	}
	if c := s.media(ctx); c.Status != Skipped || c.Remedy.Empty() {
		t.Errorf("%+v", c)
	}
}

func TestHowPacketsFare(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, row := range []struct {
		trips        []time.Duration
		mean, jitter float64
		got          int
	}{
		{nil, 0, 0, 0},
		{[]time.Duration{0, 0}, 0, 0, 0},
		{[]time.Duration{20 * ms}, 20, 0, 1},
		{[]time.Duration{10 * ms, 0, 20 * ms, 30 * ms}, 20, 10, 3},
	} {
		if mean, jitter, got := fare(row.trips); mean != row.mean || jitter != row.jitter || got != row.got {
			t.Errorf("%v: %v %v %v", row.trips, mean, jitter, got)
		}
	}
}

// FuzzOrdinal reads any packet: no panic.
func FuzzOrdinal(f *testing.F) {
	f.Add(numbered(300))
	f.Fuzz(func(t *testing.T, packet []byte) {
		if i, ok := ordinal(packet); ok && (i < 0 || i > 1<<16) {
			t.Error(i)
		}
	})
}
