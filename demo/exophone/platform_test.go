package exophone_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/relay"
	"offhook/demo/relay/relaytest"
	"offhook/voice/wire"
)

const (
	domain   = "offhook.test"
	exophon  = "08040408080"
	waitTime = relaytest.WaitTime
)

// platform is an exchange with everything around it faked.
type platform struct {
	t  testing.TB
	x  *exophone.Exchange
	r  *relay.Relay
	ws string

	mu          sync.Mutex
	subscribers map[string]exophone.Subscriber
	// whom answers Dial-Whom; by default the message of the call is the callee.
	whom     func(q url.Values) (exophone.Destination, error)
	asked    []url.Values
	pushErr  error
	payloads map[string]chan string
	records  []exophone.Record
	ended    chan exophone.Record
	secret   []byte
}

func newPlatform(t testing.TB, change func(c *exophone.Config)) *platform {
	t.Helper()
	r, err := relay.New(relay.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{
		t: t, r: r, secret: []byte("payload secret"),
		subscribers: make(map[string]exophone.Subscriber), payloads: make(map[string]chan string),
		ended: make(chan exophone.Record, 1000),
	}
	for _, n := range []string{"alice", "bob", "carol"} {
		p.subscribers[n] = exophone.Subscriber{Name: n, DisplayName: strings.ToUpper(n), Active: true, SIPPassword: n + "-sip"}
		p.payloads[n] = make(chan string, 1000)
	}
	p.subscribers["idle"] = exophone.Subscriber{Name: "idle", SIPPassword: "idle-sip"}
	p.whom = func(q url.Values) (exophone.Destination, error) {
		return exophone.Destination{Numbers: []string{q.Get("CustomField")}}, nil
	}
	cfg := exophone.Config{
		Domain: domain, Exophone: exophon, TenantID: "113828", FlowID: "249196",
		PublicBaseURL: func() string { return "http://platform.test" },
		Directory:     p, DialWhom: p, Pusher: p, Payloads: p, Relay: r, Recorder: p,
		CallRate: 1000, CallBurst: 1000,
	}
	if testing.Verbose() {
		cfg.Logger = slog.New(slog.NewTextHandler(writer{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if change != nil {
		change(&cfg)
	}
	if p.x, err = exophone.New(cfg); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(p.x.Handler())
	p.ws = "ws" + strings.TrimPrefix(web.URL, "http") + "/sip"
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitTime)
		defer cancel()
		if err := p.x.Close(ctx); err != nil {
			t.Errorf("exchange: %v", err)
		}
		if n := r.Legs(); n != 0 {
			t.Errorf("%d legs left", n)
		}
		if err := r.Close(ctx); err != nil {
			t.Errorf("relay: %v", err)
		}
		web.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return p
}

// writer puts the log into the test's output.
type writer struct{ t testing.TB }

func (w writer) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

func (p *platform) Subscriber(_ context.Context, name string) (exophone.Subscriber, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.subscribers[name]; ok {
		return s, nil
	}
	return exophone.Subscriber{}, exophone.ErrUnknownSubscriber
}

func (p *platform) Ask(_ context.Context, q url.Values) (exophone.Destination, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, q)
	return p.whom(q)
}

func (p *platform) Push(_ context.Context, name, payload, version string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pushErr != nil {
		return p.pushErr
	}
	if version != "1" {
		return errors.New("payload version " + version)
	}
	p.payloads[name] <- payload
	return nil
}

func (p *platform) Record(r exophone.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.records = append(p.records, r)
	if !r.Ended.IsZero() {
		p.ended <- r
	}
}

func (p *platform) Sign(c wire.PayloadClaims) (string, error) {
	b, err := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(b) + "." + p.seal(b), err
}

func (p *platform) seal(b []byte) string {
	h := hmac.New(sha256.New, p.secret)
	h.Write(b)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (p *platform) Verify(token string) (c wire.PayloadClaims, err error) {
	body, seal, _ := strings.Cut(token, ".")
	b, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || seal != p.seal(b) {
		return c, errors.New("bad payload")
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, err
	}
	if time.Now().After(c.ExpiresAt.Time) {
		return c, exophone.ErrPayloadExpired
	}
	return c, nil
}

// pushed waits for the payload of a call to name.
func (p *platform) pushed(name string) (token string, c wire.PayloadClaims) {
	p.t.Helper()
	select {
	case token = <-p.payloads[name]:
	case <-time.After(waitTime):
		p.t.Fatalf("%s was never told of a call", name)
	}
	c, err := p.Verify(token)
	if err != nil {
		p.t.Fatal(err)
	}
	return token, c
}

// connected waits until phones and their legs can both send and read: either end
// may be the last to have its keys.
func (p *platform) connected(phones ...*relaytest.Phone) {
	p.t.Helper()
	for _, m := range phones {
		m.WaitConnected()
	}
	relaytest.Eventually(p.t, "legs with their keys", p.x.Secured)
}

// over waits for the end of a call.
func (p *platform) over() exophone.Record {
	p.t.Helper()
	select {
	case r := <-p.ended:
		return r
	case <-time.After(waitTime):
		p.t.Fatal("the call never ended")
		return exophone.Record{}
	}
}

// state asks the long poll.
func (p *platform) state(session, subscriber string) wire.CallState {
	p.t.Helper()
	s, ok := p.x.State(session, subscriber)
	if !ok {
		p.t.Fatalf("no state of %s for %s", session, subscriber)
	}
	return s
}
