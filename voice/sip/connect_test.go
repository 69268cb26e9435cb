package sip

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/fault"
	"offhook/voice/sip/transport"
)

func TestSecureFlow(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := serve(t, tlsServer, onInvite, withDigest("SHA-256"))
	f := s.connect(trusting(s))
	d, l := place(t, s, f, legs)
	if via := l.req.Via(); via.Transport != "WSS" || !strings.HasSuffix(via.Host, ".invalid") {
		t.Errorf("Via is %s", via.Value())
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"not trusted":  func(c *Config) { c.TLS = nil },
		"another name": func(c *Config) { trusting(s)(c); c.TLS.ServerName = "sip.elsewhere" },
	} {
		cfg := s.config()
		change(&cfg)
		_, err := Connect(limited(t), cfg)
		if fault.TypeOf(err) != fault.NetworkError || !strings.Contains(fault.From(err).Message(), "certificate") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConnectFails(t *testing.T) {
	t.Parallel()
	statuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		switch r.URL.Path {
		case "/503":
			w.WriteHeader(503)
		case "/403":
			w.WriteHeader(403)
		default:
			w.WriteHeader(404)
		}
	}))
	t.Cleanup(statuses.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	base := "ws" + strings.TrimPrefix(statuses.URL, "http")
	for _, tc := range []struct {
		name, url string
		code      fault.Type
		says      string
	}{
		{"refused port", "ws://" + closed.Addr().String() + "/sip", fault.NetworkError, "Nothing answers"},
		{"silent server", "ws://" + silent.Addr().String() + "/sip", fault.NetworkError, "does not answer"},
		{"no name", "wss://no-such-host.invalid/sip", fault.NetworkError, "name cannot be found"},
		{"503", base + "/503", fault.ServerError, "refused"},
		{"403", base + "/403", fault.AuthenticationInvalidToken, "let this phone in"},
		{"404", base + "/404", fault.ConfigurationInvalid, "no SIP service"},
		{"clear text", "ws://sip.example/sip", fault.ConfigurationInvalid, "not be encrypted"},
		{"no scheme", "sip.example", fault.ConfigurationInvalid, "address"},
		{"other scheme", "https://sip.example", fault.ConfigurationInvalid, "not supported"},
	} {
		timeout := time.Minute
		if tc.name == "silent server" {
			timeout = 300 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		_, err := Connect(ctx, Config{URL: tc.url, Domain: "x", User: "y"})
		cancel()
		if fault.TypeOf(err) != tc.code || !strings.Contains(fault.From(err).Message(), tc.says) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	var refused *transport.HandshakeError
	if _, err := Connect(limited(t), Config{URL: base + "/503", Domain: "x", User: "y"}); !errors.As(err, &refused) || refused.RetryAfter != 7*time.Second {
		t.Errorf("Retry-After is lost: %v", err)
	}
	for _, cfg := range []Config{
		{URL: base, User: "y"}, {URL: base, Domain: "x"}, {URL: base, Domain: "x\r\ny", User: "z"}, {URL: base, Domain: "x", User: "y", DisplayName: "a\nb"},
	} {
		if _, err := Connect(limited(t), cfg); fault.TypeOf(err) != fault.ConfigurationInvalid {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestCloseWithCallsInEveryState(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	f := s.connect()
	answeredCall, _ := place(t, s, f, legs)
	ringing := invite(t, f)
	l := <-legs
	l.respond(180, "")
	event[Provisional](t, ringing)
	if err := ringing.Hangup(limited(t)); err != nil { // a CANCEL is on its way
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if ev := event[FlowLost](t, answeredCall); !errors.Is(ev.Err, ErrFlowClosed) {
		t.Errorf("%+v", ev)
	}
	if e := event[Failed](t, ringing); !e.Cancelled {
		t.Errorf("%+v", e)
	}
	if !errors.Is(f.Err(), ErrFlowClosed) {
		t.Errorf("the flow ended with %v", f.Err())
	}
	if err := f.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	f := newFlow(Config{Domain: "sip.example", User: "alice"}, address{})
	for target, want := range map[string]string{
		"08040408080":             "sip:08040408080@sip.example",
		"*97":                     "sip:*97@sip.example",
		"#31#":                    "sip:%2331%23@sip.example",
		"+4930123":                "sip:+4930123@sip.example",
		"a b":                     "sip:a%20b@sip.example",
		"bob@elsewhere.example":   "sip:bob@elsewhere.example",
		"sip:bob@elsewhere:5070":  "sip:bob@elsewhere:5070",
		"SIPS:bob@elsewhere":      "sips:bob@elsewhere",
		"sip:b@h;user=phone":      "sip:b@h;user=phone",
		"sip:b@h?Replaces=x":      "sip:b@h",
		"bob;phone-context=x":     "sip:bob;phone-context=x@sip.example",
		"":                        "",
		"sip:":                    "",
		"a\r\nContact: <sip:e@v>": "",
		"sip:a@b>;x=<sip:c":       "",
		"tel:+1-201(555)0123;x=y": "sip:+12015550123@sip.example",
		"tel:":                    "",
	} {
		uri, err := f.resolve(target)
		got := ""
		if err == nil {
			got = uri.String()
		} else if fault.TypeOf(err) != fault.InvalidDialInfo {
			t.Errorf("%q: %v", target, err)
		}
		if got != want {
			t.Errorf("%q is dialled as %q, want %q", target, got, want)
		}
	}
	for _, h := range []Header{{"X-A", "b\r\nX-C: d"}, {"X A", "b"}, {"X-A:", "b"}, {"", "b"}} {
		if _, err := f.Invite(limited(t), Invitation{Target: "bob", Headers: []Header{h}}); fault.TypeOf(err) != fault.InvalidParameter {
			t.Errorf("%+v: %v", h, err)
		}
	}
}

// What a dialler says to people is said as it is.
func TestDiallersOwnSentence(t *testing.T) {
	t.Parallel()
	told := fault.New(fault.ConfigurationInvalid, "The proxy wants a password. Enter it.")
	_, err := Connect(limited(t), Config{
		URL: "wss://pbx.test/ws", Domain: "pbx.test", User: "alice",
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: told}
		},
	})
	if !errors.Is(err, told) || fault.From(err) != told {
		t.Errorf("%v", err)
	}
}

// Two proxies and the server ask in turn, and both kinds at once.
func TestSeveralChallenges(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	stale := true
	s.challenge = func(req *sipmsg.Request) *sipmsg.Response {
		realms := func(name string) map[string]bool {
			m := map[string]bool{}
			for _, h := range req.GetHeaders(name) {
				_, rest, _ := strings.Cut(h.Value(), `realm="`)
				realm, _, _ := strings.Cut(rest, `"`)
				m[realm] = true
			}
			return m
		}
		proxy, user := realms("Proxy-Authorization"), realms("Authorization")
		ask := func(status int, headers ...sipmsg.Header) *sipmsg.Response {
			res := sipmsg.NewResponseFromRequest(req, status, "No", nil)
			for _, h := range headers {
				res.AppendHeader(h)
			}
			return res
		}
		switch {
		case !proxy["p1"]:
			return ask(407, sipmsg.NewHeader("Proxy-Authenticate", `Digest realm="p1", nonce="a", algorithm=MD5-sess, qop="auth"`),
				sipmsg.NewHeader("Proxy-Authenticate", `Digest realm="p1", nonce="a", algorithm=md5, qop="auth, auth-int"`))
		case !proxy["p2"]:
			return ask(407, sipmsg.NewHeader("Proxy-Authenticate", `Basic realm="p2", Digest realm="p2", nonce="b,c", Digest realm="p3", nonce="d"`))
		case !user["u"]:
			return ask(401, sipmsg.NewHeader("WWW-Authenticate", `Digest realm="u", nonce="e", qop="auth-int"`))
		case stale:
			stale = false
			return ask(401, sipmsg.NewHeader("WWW-Authenticate", `Digest realm="u", nonce="f", stale=TRUE, qop="auth"`))
		}
		return nil
	}
	f := s.connect()
	d, l := place(t, s, f, legs)
	if n := len(l.req.GetHeaders("Proxy-Authorization")); n != 3 {
		t.Errorf("%d proxies were answered", n)
	}
	// What was learnt is used at once.
	s.mu.Lock()
	s.seen = nil
	s.mu.Unlock()
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	if len(s.seen) != 1 {
		t.Errorf("the BYE took %v", s.seen)
	}
	s.mu.Unlock()
	// A server that is never content is given up.
	s.challenge = func(req *sipmsg.Request) *sipmsg.Response {
		res := sipmsg.NewResponseFromRequest(req, 401, "No", nil)
		res.AppendHeader(sipmsg.NewHeader("WWW-Authenticate", `Digest realm="`+newTag()+`", nonce="x", stale=true`))
		return res
	}
	d = invite(t, f)
	if e := event[Failed](t, d); !errors.Is(e.Err, ErrCredentials) || e.Status != 401 {
		t.Errorf("%+v", e)
	}
}

// BenchmarkInviteToRinging is the way of a 180 over a flow that is there, with
// both ends in this process.
func BenchmarkInviteToRinging(b *testing.B) {
	legs, onInvite := answering()
	f := newServer(b, onInvite, withDigest("SHA-256")).connect()
	for b.Loop() {
		d, err := f.Invite(context.Background(), Invitation{Target: "bob", Offer: offer})
		if err != nil {
			b.Fatal(err)
		}
		l := <-legs
		l.respond(180, answer)
		if _, ok := (<-d.Events()).(Provisional); !ok {
			b.Fatal("no ringing")
		}
		b.StopTimer()
		l.respond(486, "")
		<-d.Events()
		b.StartTimer()
	}
}
