package push

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

func TestMessagesArriveAndAreAcknowledged(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	in.post("before") // waits since before the phone was there
	p := in.phone()
	if s := p.phase(Connected); !s.OK() || s.Err != nil || s.LastPong.IsZero() || s.ClockOffset > time.Minute {
		t.Errorf("status %+v", s)
	}
	in.post("after")
	for i, want := range []string{"before", "after"} {
		m := p.message()
		if m.Data != (wire.PushData{SubscriberName: "bob", Payload: want, PayloadVersion: "1"}) || m.ID != int64(i+1) || m.Again || m.ExpiresAt.Sub(m.SentAt) != 30*time.Second {
			t.Errorf("message %+v", m)
		}
	}
	eventually(t, "all acknowledged", func() bool { return in.waiting() == 0 })
	r := in.request(0)
	if r.Header.Get("Authorization") != "Bearer token-1" || r.Header.Get(wire.HeaderDeviceToken) != "device-1" || r.URL.Query().Get("since") != "0" {
		t.Errorf("asked with %v %v", r.URL, r.Header)
	}
	p.stop()
	if s := p.Status(); s.Phase != Stopped {
		t.Errorf("status after the end %+v", s)
	}
}

func TestReconnectsAndDropsRepetitions(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	p := in.phone()
	p.phase(Connected)
	in.post("one")
	p.message()
	for _, code := range []websocket.StatusCode{0, websocket.StatusGoingAway, websocket.StatusTryAgainLater, 4000} {
		eventually(t, "all acknowledged", func() bool { return in.waiting() == 0 })
		in.cut(code)
		s := p.phase(Waiting)
		if s.OK() || fault.TypeOf(s.Err) == "" || s.RetryAt.IsZero() {
			t.Errorf("cut with %d: %+v", code, s)
		}
		p.phase(Connected)
	}
	// The same message once more, and then another.
	in.mu.Lock()
	s := in.socket
	in.mu.Unlock()
	s.send(frameOf(1, "one"))
	in.post("two")
	if m := p.message(); m.ID != 2 {
		t.Errorf("delivered again: %+v", m)
	}
	eventually(t, "the repetition is acknowledged", func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		return in.acked[1] > 1
	})
	if q := in.request(4).URL.Query(); q.Get("since") != "1" || q.Get("inbox") != "inbox-1" {
		t.Errorf("resumed with %v", q)
	}
}

type memory struct {
	mu    sync.Mutex
	state State
	err   error
}

func (m *memory) Load() (State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, m.err
}

func (m *memory) Save(s State) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = s
	return m.err
}

func TestResumesAfterARestart(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	store := &memory{}
	withStore := func(c *Config) { c.Store = store }
	p := in.phone(withStore)
	in.post("one")
	p.message()
	eventually(t, "saved", func() bool { s, _ := store.Load(); return s.Since == 1 })
	p.stop()
	in.mu.Lock()
	in.messages[1] = "one" // the ack was lost with the server
	in.mu.Unlock()
	in.post("two")
	p = in.phone(withStore)
	if m := p.message(); m.Data.Payload != "two" {
		t.Errorf("delivered %+v", m)
	}
}

func TestAnotherInboxStartsAnew(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	store := &memory{state: State{Inbox: "inbox-0", Since: 50, Spans: []Span{{52, 52}}}}
	p := in.phone(func(c *Config) { c.Store = store })
	in.post("first")
	if m := p.message(); m.ID != 1 {
		t.Errorf("delivered %+v", m)
	}
	if q := in.request(1).URL.Query(); q.Get("since") != "0" || q.Get("inbox") != "inbox-1" {
		t.Errorf("asked with %v", q)
	}
	if s := p.phase(Connected); s.Attempts != 0 {
		t.Errorf("%+v", s)
	}
}

func TestHandlerFails(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	var mu sync.Mutex
	tries := map[string]int{}
	done := make(chan Message, 10)
	p := in.phone(func(c *Config) {
		c.Handler = func(_ context.Context, m Message) error {
			mu.Lock()
			defer mu.Unlock()
			tries[m.Data.Payload]++
			switch {
			case m.Data.Payload == "panics" && tries["panics"] == 1:
				panic("boom")
			case m.Data.Payload == "fails" && tries["fails"] == 1:
				return errors.New("not now")
			}
			done <- m
			return nil
		}
	})
	in.post("panics")
	in.post("fails")
	in.post("works")
	if m := <-done; m.Data.Payload != "works" {
		t.Errorf("a message waited for one that fails: %+v", m)
	}
	for range 2 {
		if m := <-done; !m.Again {
			t.Errorf("not said to come again: %+v", m)
		}
	}
	eventually(t, "all acknowledged", func() bool { return in.waiting() == 0 })
	_ = p
}

// After a holiday the inbox is full of calls that are over: the one that rings now
// comes before those that were not looked at yet.
func TestACallThatRingsComesBeforeThoseThatAreOver(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	release := make(chan struct{})
	done := make(chan string, 4)
	begun := make(chan struct{}, 4)
	p := in.phone(func(c *Config) {
		c.Handler = func(_ context.Context, m Message) error {
			begun <- struct{}{}
			<-release
			done <- m.Data.Payload
			return nil
		}
	})
	for _, payload := range []string{"over 1", "over 2", "over 3"} {
		in.post(payload)
	}
	<-begun
	p.phase(Connected)
	in.mu.Lock()
	s := in.socket
	in.mu.Unlock()
	s.send(fmt.Sprintf(`{"type":"message","id":4,"expires_at":%q,"data":{"payload":"rings"}}`, time.Now().Add(time.Hour).Format(time.RFC3339)))
	eventually(t, "all there", func() bool {
		p.deliver.mu.Lock()
		defer p.deliver.mu.Unlock()
		return len(p.deliver.queue) == 3
	})
	close(release)
	for _, want := range []string{"over 1", "rings", "over 2", "over 3"} {
		if got := <-done; got != want {
			t.Errorf("handled %q, want %q", got, want)
		}
	}
}

func TestRefusedAndReplaced(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code  websocket.StatusCode
		phase Phase
		code2 fault.Type
	}{{4401, Refused, fault.AuthenticationInvalidToken}, {4409, Replaced, fault.SystemBusy}} {
		in := newInbox(t)
		signedIn := make(chan struct{})
		p := in.phone(func(c *Config) {
			c.AccessToken = func(_ context.Context, rejected string) (string, error) {
				select {
				case <-signedIn:
				default:
					if rejected != "" { // the subscriber has no other
						return "", fault.New(fault.AuthenticationInvalidToken, "sign-in.refused")
					}
				}
				return "token-1", nil
			}
		})
		p.phase(Connected)
		in.cut(tc.code)
		s := p.phase(tc.phase)
		if fault.TypeOf(s.Err) != tc.code2 || !s.RetryAt.IsZero() {
			t.Errorf("%d: %+v", tc.code, s)
		}
		close(signedIn)
		p.Retry()
		p.phase(Connected)
		// The Retry made the second attempt: none came by itself.
		in.mu.Lock()
		if n := len(in.requests); n != 2 {
			t.Errorf("%d: %d attempts", tc.code, n)
		}
		in.mu.Unlock()
	}
}

func TestRefusedHandshakes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		retry  string
		phase  Phase
		code   fault.Type
		pause  time.Duration
	}{
		{401, "", Refused, fault.AuthenticationInvalidToken, 0},
		{403, "", Refused, fault.AuthenticationInvalidToken, 0},
		{404, "", Waiting, fault.ServerError, 0},
		{302, "", Waiting, fault.ServerError, 0},
		{500, "", Waiting, fault.ServerError, 0},
		{503, "120", Waiting, fault.ServerError, 120 * time.Second},
		{429, "1", Waiting, fault.ServerError, time.Second},
		{200, "", Waiting, fault.ServerError, 0},
	} {
		in := newInbox(t)
		in.refuse = func(w http.ResponseWriter) int {
			if tc.retry != "" {
				w.Header().Set("Retry-After", tc.retry)
			}
			if tc.status == 302 {
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
			}
			return tc.status
		}
		p := in.phone()
		s := p.until("refused", func(s Status) bool { return s.Err != nil })
		if s.Phase != tc.phase || fault.TypeOf(s.Err) != tc.code {
			t.Errorf("%d: %+v", tc.status, s)
		}
		if left := time.Until(s.RetryAt); tc.pause > 0 && (left < tc.pause-timeout || left > tc.pause+time.Second) {
			t.Errorf("%d: next attempt in %v", tc.status, left)
		}
		if tc.pause > time.Minute {
			p.Retry() // must not break the server's word
			p.phase(Waiting)
			in.mu.Lock()
			if n := len(in.requests); n != 1 {
				t.Errorf("%d requests in spite of Retry-After", n)
			}
			in.mu.Unlock()
		}
		p.stop()
	}
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	var mu sync.Mutex
	err := error(fault.New(fault.NetworkError, "No network."))
	p := in.phone(func(c *Config) {
		c.AccessToken = func(context.Context, string) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			return "t", err
		}
	})
	p.until("waits", func(s Status) bool { return s.Phase == Waiting && fault.TypeOf(s.Err) == fault.NetworkError })
	mu.Lock()
	err = fault.New(fault.AuthenticationExpiredToken, "Expired. Sign in.")
	mu.Unlock()
	p.phase(Refused)
	mu.Lock()
	err = nil
	mu.Unlock()
	p.Retry()
	p.phase(Connected)
}

// A server that stops (SIGSTOP) keeps its sockets and answers nothing.
func TestStoppedServerIsNoticed(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	in.greet = func(s *socket) {
		s.send(`{"type":"hello","inbox":"inbox-1"}`)
		<-release // reads nothing, so answers no ping
	}
	p := in.phone(func(c *Config) { c.PingInterval, c.PongTimeout = 20*time.Millisecond, 20*time.Millisecond })
	p.phase(Connected)
	s := p.phase(Waiting)
	if !errors.Is(s.Err, errPong) || fault.TypeOf(s.Err) != fault.NetworkError {
		t.Errorf("%+v", s)
	}
	p.stop()
	// A server that does not even greet.
	in.mu.Lock()
	in.greet = func(*socket) { <-release }
	in.mu.Unlock()
	q := in.phone(func(c *Config) { c.DialTimeout = 30 * time.Millisecond })
	if s := q.until("no hello", func(s Status) bool { return s.Err != nil }); !strings.Contains(s.Err.Error(), "does not answer") {
		t.Errorf("%+v", s)
	}
}

func TestPingsAndRetry(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	p := in.phone(func(c *Config) { c.PingInterval = 10 * time.Millisecond })
	p.phase(Connected)
	for range 3 {
		p.until("a pong", func(s Status) bool { return s.RoundTrip > 0 })
	}
	// A Retry pings at once, however long the interval.
	q := newInbox(t).phone(func(c *Config) { c.PingInterval = time.Hour })
	q.phase(Connected)
	q.Retry()
	q.until("a pong", func(s Status) bool { return s.RoundTrip > 0 })
}

// A connection that died with the network is given up soon after a Retry and made
// again at once, although its ping interval, its timeout and the pauses that
// earlier cuts have earned are long.
func TestARetryFindsADeadConnection(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	in.mu.Lock()
	in.greet = func(s *socket) {
		s.send(`{"type":"hello","inbox":"inbox-1"}`)
		<-release // answers no ping
	}
	in.mu.Unlock()
	p := in.phone(func(c *Config) {
		c.PingInterval, c.PongTimeout, c.RetryTimeout = time.Hour, time.Hour, 20*time.Millisecond
		c.BackoffBase, c.BackoffMax, c.Jitter = time.Hour, time.Hour, longest
	})
	p.phase(Connected)
	p.Retry()
	if s := p.phase(Waiting); !errors.Is(s.Err, errPong) {
		t.Errorf("%+v", s)
	}
	p.phase(Connected)
}

// longest is the jitter of a phone that is never lucky.
func longest(limit time.Duration) time.Duration { return limit }

// An attempt that began on a network that is gone is not waited for: neither for a
// token that can't be renewed there, nor for a server that never greets.
func TestARetryFindsADeadAttempt(t *testing.T) {
	t.Parallel()
	for _, dead := range []string{"token", "greeting"} {
		in := newInbox(t)
		begun := make(chan struct{})
		release := make(chan struct{})
		t.Cleanup(func() { close(release) })
		hang := sync.OnceFunc(func() { close(begun); <-release })
		if dead == "greeting" {
			in.greet = func(*socket) { hang() }
		}
		p := in.phone(func(c *Config) {
			c.DialTimeout, c.RetryTimeout = time.Hour, 20*time.Millisecond
			c.BackoffBase, c.BackoffMax, c.Jitter = time.Hour, time.Hour, longest
			first := dead == "token"
			c.AccessToken = func(ctx context.Context, _ string) (string, error) {
				if first {
					first = false
					close(begun)
					<-ctx.Done()
				}
				return "token-1", ctx.Err()
			}
		})
		<-begun
		in.mu.Lock()
		in.greet = nil
		in.mu.Unlock()
		p.Retry()
		if s := p.phase(Waiting); fault.TypeOf(s.Err) != fault.NetworkError || !strings.Contains(s.Err.Error(), "does not answer") {
			t.Errorf("%s: %+v", dead, s)
		}
		p.phase(Connected)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	in := newInbox(t)
	p := in.phone(func(c *Config) { c.URL = "ws://" + addr + "/v1/push" })
	var since time.Time
	for i := range 3 {
		s := p.phase(Waiting)
		if fault.TypeOf(s.Err) != fault.NetworkError || s.Attempts != i+1 {
			t.Errorf("%+v", s)
		}
		if i > 0 && s.Since != since {
			t.Error("a failed attempt changed since when it is unreachable")
		}
		since = s.Since
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	good := Config{URL: "https://push.example/v1/push", DeviceToken: "d",
		AccessToken: func(context.Context, string) (string, error) { return "", nil }, Handler: func(context.Context, Message) error { return nil }}
	for _, tc := range []struct {
		name   string
		change func(*Config)
		code   fault.Type
	}{
		{"good", func(*Config) {}, ""},
		{"no host", func(c *Config) { c.URL = "https:///x" }, fault.ConfigurationInvalid},
		{"scheme", func(c *Config) { c.URL = "ftp://x/" }, fault.ConfigurationInvalid},
		{"clear text", func(c *Config) { c.URL = "http://push.example/" }, fault.ConfigurationInvalid},
		{"clear text allowed", func(c *Config) { c.URL, c.AllowClearText = "http://push.example/", true }, ""},
		{"clear text here", func(c *Config) { c.URL = "ws://[::1]:80/" }, ""},
		{"no handler", func(c *Config) { c.Handler = nil }, fault.InternalError},
	} {
		cfg := good
		tc.change(&cfg)
		if _, err := New(cfg); fault.TypeOf(err) != tc.code {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
