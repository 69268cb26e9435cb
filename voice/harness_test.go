package voice

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// harness is a client on fakes, initialised for alice.
type harness struct {
	t        *testing.T
	client   *Client
	platform *fakePlatform
	sip      *fakeSIP
	media    *fakeMedia
	sound    *fakeSound
	sub      *Subscription
}

// onHarness tells a story in a time of its own, from an initialised client to its end.
func onHarness(t *testing.T, story func(t *testing.T, r *harness)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t)
		r.start()
		defer r.stop()
		story(t, r)
	})
}

func newHarness(t *testing.T, options ...Option) *harness {
	t.Helper()
	r := &harness{t: t, platform: newFakePlatform(), sip: &fakeSIP{}, media: &fakeMedia{}, sound: &fakeSound{}}
	client, err := New(append([]Option{
		WithHTTPClient(&http.Client{Transport: r.platform}), WithDeviceID("device-1"),
		func(s *settings) {
			s.connect, s.newSession, s.newPath = r.sip.connect, r.media.newSession, r.sound.newPath
		},
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	r.client = client
	r.sub = client.Subscribe()
	return r
}

// start initialises the client.
func (r *harness) start() {
	r.t.Helper()
	if err := r.client.Initialize(r.t.Context(), testAccount()); err != nil {
		r.t.Fatal(err)
	}
	expect[InitializationSucceeded](r)
}

func testAccount() Account {
	return Account{
		Hostname: testHost, SubscriberName: "alice", AccountSID: "demo",
		SubscriberToken: tokenPair("alice", time.Now()),
	}
}

// stop ends the client and everything that it started.
func (r *harness) stop() {
	r.t.Helper()
	if err := r.client.Close(context.Background()); err != nil {
		r.t.Error(err)
	}
	for range r.sub.Events() {
	}
}

// next returns the next event that is no mere change of status or line of a log.
func (r *harness) next() Event {
	r.t.Helper()
	limit := time.NewTimer(10 * time.Minute)
	defer limit.Stop()
	for {
		select {
		case ev, ok := <-r.sub.Events():
			if !ok {
				r.t.Fatal("no more events")
			}
			switch ev.(type) {
			case StatusChanged, Log:
			default:
				return ev
			}
		case <-limit.C:
			r.t.Fatal("nothing happens")
		}
	}
}

// expect returns the next event of type E; changes of a call that have no event
// of their own are passed over.
func expect[E Event](r *harness) E {
	r.t.Helper()
	for {
		ev := r.next()
		if want, ok := ev.(E); ok {
			return want
		}
		if _, ok := ev.(CallChanged); !ok {
			var want E
			r.t.Fatalf("got %T %+v, want %T", ev, ev, want)
		}
	}
}

// push is what the inbox delivers of a call.
func push(session string, change func(claims map[string]any)) map[string]string {
	now := time.Now()
	base, _ := url.Parse(testHost)
	claims := map[string]any{
		"iss": "offhook", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "sub": "alice",
		"callerId": "bob", "callerName": "Bob", "sessionId": session,
		"longPollUrl":      base.JoinPath("v2/calls", session, "state").String(),
		"longPollTimeout":  25,
		"rejectCallUrl":    base.JoinPath("v2/calls", session, "reject").String(),
		"notificationTime": now.Format(time.RFC3339),
	}
	if change != nil {
		change(claims)
	}
	return map[string]string{"payload": sign(claims), "payloadVersion": "1", "subscriberName": "alice"}
}

// sleepyClock is the machine's clock with sleeps put in: time passes, and no timer
// notices.
type sleepyClock struct {
	mu    sync.Mutex
	slept time.Duration
}

func (c *sleepyClock) sleep(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept += d
}

func (c *sleepyClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.slept)
}

func (c *sleepyClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(d, f).Stop
}

// lockedBuilder keeps a log.
type lockedBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuilder) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuilder) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuilder) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
