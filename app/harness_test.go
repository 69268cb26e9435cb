package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"offhook/app/provision"
	"offhook/app/secrets"
	"offhook/app/signin"
	"offhook/push"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// harness is one phone with everything around it faked. It lives in a bubble of
// fake time.
type harness struct {
	*Phone
	t       *testing.T
	dir     string
	engine  *fakeEngine
	present atomic.Pointer[fakeInbox] // the inbox that was opened last
	backend *fakeBackend
	ringer  *fakeRinger
	keyring secrets.Store
	audio   *fakeAudio
	policy  *provision.Policy
	surface *fakeDesktop
	http    *http.Client
	logger  *slog.Logger
	// initErr is what the next engine's Initialize fails with.
	initErr []error
	// rules are the platform's from the start.
	rules wire.AgentRules
	// addresses and ahead are what the machine says of its network and clock.
	addresses atomic.Pointer[string]
	ahead     atomic.Int64
	// sleep is the system's word of going to sleep and waking; nil is none.
	sleep chan bool
}

func newHarness(t *testing.T) *harness {
	return &harness{t: t, dir: t.TempDir(), keyring: &secrets.Memory{}, backend: &fakeBackend{password: "demo"}}
}

// start makes the phone; restart is start again with the same folder.
func (d *harness) start() *harness {
	d.t.Helper()
	d.engine = &fakeEngine{initErr: d.initErr, rules: d.rules}
	e := d.engine
	e.relay = func(data map[string]string) (bool, error) {
		e.emit(voice.IncomingCall{Call: e.begin(voice.Incoming, data["payload"])})
		return true, nil
	}
	d.ringer = &fakeRinger{}
	d.surface = &fakeDesktop{}
	d.present.Store(&fakeInbox{ready: make(chan struct{})})
	hc := d.http
	if hc == nil {
		hc = &http.Client{Transport: d.backend}
	}
	var system audio.System
	if d.audio != nil {
		system = d.audio
	}
	p, err := New(Config{
		HTTP: hc, Audio: system, Log: d.logger, Desktop: d.surface, Policy: d.policy,
		LookupIP: func(_ context.Context, host string) ([]net.IPAddr, error) {
			if host == "backend" {
				return []net.IPAddr{{IP: net.IPv4(192, 0, 2, 1)}}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		},
		Sleep: func(context.Context) <-chan bool { return d.sleep },
		Dir:   d.dir, Profile: "test", Version: "0.1.0", Engine: func(string, func(string)) (Engine, error) { return d.engine, nil }, Secrets: d.keyring, Ringer: d.ringer,
		Now: func() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) },
		Addresses: func() string {
			if a := d.addresses.Load(); a != nil {
				return *a
			}
			return "eth0=192.0.2.1"
		},
		AudioIn: "null", AudioOut: "null", Country: "IN",
		OpenInbox: func(c push.Config) (Inbox, error) {
			in := &fakeInbox{cfg: c, ready: make(chan struct{})}
			d.present.Store(in)
			return in, nil
		},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Phone = p
	return d
}

func (d *harness) close() {
	d.t.Helper()
	if err := d.Close(context.Background()); err != nil {
		d.t.Fatal("close:", err)
	}
}

var alice = signin.Credentials{UserName: "alice", Password: "demo", AccountSID: "demo", Server: "https://backend"}

func (d *harness) signIn() *harness {
	d.t.Helper()
	if err := d.SignIn(context.Background(), alice); err != nil {
		d.t.Fatal("sign in:", err)
	}
	d.until("ready", func(s *Snapshot) bool { return s.Ready && s.ContactsRevision > 0 })
	return d
}

// until waits for a snapshot, in fake time.
func (d *harness) until(what string, ok func(*Snapshot) bool) *Snapshot {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	var last *Snapshot
	for s := range d.Watch(ctx) {
		if last = s; ok(s) {
			return s
		}
	}
	text, _ := json.Marshal(last)
	d.t.Fatalf("never %s; the last snapshot is %s", what, text)
	return nil
}

func (d *harness) condition(name string) Condition {
	for _, c := range d.Snapshot().Conditions {
		if c.Name == name {
			return c
		}
	}
	d.t.Fatalf("no condition %s", name)
	return Condition{}
}

func wantFault(t *testing.T, err error, code fault.Type, text string) {
	t.Helper()
	f := fault.From(err)
	if f == nil || f.Type != code || !strings.Contains(strings.ToLower(f.Message()), strings.ToLower(text)) {
		t.Fatalf("got %v, want %s with %q", err, code, text)
	}
}

// story runs a test in a bubble of fake time.
func story(t *testing.T, f func(t *testing.T)) {
	t.Parallel()
	synctest.Test(t, f)
}

// inbox is the one that was opened last.
func (d *harness) inbox() *fakeInbox { return d.present.Load() }
