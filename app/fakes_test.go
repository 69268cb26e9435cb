package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"offhook/app/desk"
	"offhook/app/provision"
	"offhook/app/secrets"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeEngine does what it is told and remembers it.
type fakeEngine struct {
	mu     sync.Mutex
	did    []string
	subs   []*fakeSub
	closed bool
	tokens []string
	// initErr and dialErr are what the next calls return; init is called before.
	initErr []error
	dialErr error
	relay   func(data map[string]string) (bool, error)
	call    voice.CallDetails
	stats   Stats
	calls   int
	// audio is what SetAudio said last.
	audio AudioConfig
	// probe is the path of the sound; nil is a platform without a media test.
	probe func() (MediaProbe, error)
	// deaf are servers that answer nothing: what is said at the end waits for its
	// limit.
	deaf bool
}

func (e *fakeEngine) ProbeMedia(context.Context) (MediaProbe, error) {
	if e.probe == nil {
		return MediaProbe{}, fault.New(fault.ServerError, "The platform offers no media test.", "Make a test call instead.")
	}
	return e.probe()
}

type fakeSub struct {
	ch   chan any
	wake chan struct{}
	q    []any
}

func (e *fakeEngine) note(format string, a ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.did = append(e.did, fmt.Sprintf(format, a...))
}

func (e *fakeEngine) count(what string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, d := range e.did {
		if d == what {
			n++
		}
	}
	return n
}

func (e *fakeEngine) Events(context.Context) <-chan any {
	s := &fakeSub{ch: make(chan any), wake: make(chan struct{}, 1)}
	e.mu.Lock()
	e.subs = append(e.subs, s)
	e.mu.Unlock()
	go func() {
		defer close(s.ch)
		for {
			e.mu.Lock()
			q, closed := s.q, e.closed
			s.q = nil
			e.mu.Unlock()
			for _, ev := range q {
				s.ch <- ev
			}
			if len(q) == 0 && closed {
				return
			}
			if len(q) == 0 {
				<-s.wake
			}
		}
	}()
	return s.ch
}

func (e *fakeEngine) emit(ev any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	for _, s := range e.subs {
		s.q = append(s.q, ev)
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

var healthy = EngineStatus{
	Platform: EngineHealth{OK: true}, Profile: EngineHealth{OK: true}, Flow: EngineHealth{OK: true}, Token: EngineHealth{OK: true},
	Exophone: "0804",
}

func (e *fakeEngine) Initialize(_ context.Context, id Identity) error {
	e.mu.Lock()
	var err error
	if len(e.initErr) > 0 {
		err, e.initErr = e.initErr[0], e.initErr[1:]
	}
	e.tokens = append(e.tokens, id.Token)
	e.mu.Unlock()
	e.note("initialize %s", id.SubscriberName)
	if err == nil {
		e.emit(healthy)
	}
	return err
}

func (e *fakeEngine) Stop(context.Context) error { e.note("stop"); return nil }

func (e *fakeEngine) AccessToken(_ context.Context, rejected string) (string, error) {
	return "ACCESS" + rejected, nil
}

func (e *fakeEngine) Dial(_ context.Context, d DialRequest) (voice.CallDetails, error) {
	e.note("dial %s for %s", d.Exophone, d.RemoteID)
	if e.dialErr != nil {
		return voice.CallDetails{}, e.dialErr
	}
	d1 := e.begin(voice.Outgoing, d.RemoteID)
	e.mu.Lock()
	d1.Line, e.call.Line = d.Line, d.Line
	e.mu.Unlock()
	// Its goroutine has not begun yet when the engine returns a call.
	go e.emit(voice.CallInitiated{Call: d1})
	d1.State = voice.StateNone
	return d1, nil
}

func (e *fakeEngine) begin(dir voice.Direction, remote string) voice.CallDetails {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	e.call = voice.CallDetails{
		CallID: fmt.Sprintf("call-%d", e.calls), SessionID: fmt.Sprintf("session-%d", e.calls), RemoteID: remote, Direction: dir,
		State: voice.StateOutgoingInitiated, Started: time.Now(),
	}
	if dir == voice.Incoming {
		e.call.State = voice.StateIncoming
	}
	return e.call
}

// to moves the call and returns it.
func (e *fakeEngine) to(s voice.State) voice.CallDetails {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.call.State = s
	switch s {
	case voice.StateRinging:
		e.call.Ringing = time.Now()
	case voice.StateEstablished:
		if e.call.Established.IsZero() {
			e.call.Answered, e.call.Established = time.Now(), time.Now()
		}
	}
	return e.call
}

func (e *fakeEngine) end(r voice.EndReason) {
	d := e.to(voice.StateEnded)
	d.EndReason, d.Ended = r, time.Now()
	e.emit(voice.CallEnded{Call: d})
}

func (e *fakeEngine) RelaySessionData(_ context.Context, data map[string]string) (bool, error) {
	e.note("relay %s", data["payload"])
	return e.relay(data)
}

func (e *fakeEngine) Answer(context.Context) error {
	e.note("answer")
	e.emit(voice.CallEstablished{Call: e.to(voice.StateEstablished)})
	return nil
}

func (e *fakeEngine) Hangup(context.Context) error {
	e.note("hangup")
	e.emit(voice.CallChanged{Call: e.to(voice.StateEnding)})
	if e.deaf {
		return nil
	}
	e.end(voice.EndLocalHangup)
	return nil
}

func (e *fakeEngine) Mute() error                     { e.note("mute"); return nil }
func (e *fakeEngine) Unmute() error                   { e.note("unmute"); return nil }
func (e *fakeEngine) Hold(context.Context) error      { e.note("hold"); return nil }
func (e *fakeEngine) Resume(context.Context) error    { e.note("resume"); return nil }
func (e *fakeEngine) SendDTMF(d string) error         { e.note("dtmf %s", d); return nil }
func (e *fakeEngine) SetRoute(voice.AudioRoute) error { return nil }
func (e *fakeEngine) SetSystemBusy(on bool)           { e.note("busy %v", on) }
func (e *fakeEngine) SetDeclining(on bool)            { e.note("declining %v", on) }
func (e *fakeEngine) SetAudio(a AudioConfig)          { e.mu.Lock(); e.audio = a; e.mu.Unlock() }
func (e *fakeEngine) Levels() (float64, float64)      { return 0, 0 }
func (e *fakeEngine) Renew()                          { e.note("renew") }
func (e *fakeEngine) Statistics() (Stats, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stats, e.calls > 0
}

func (e *fakeEngine) PostFeedback(_ context.Context, rating int, issue, note string) error {
	e.note("feedback %d %s %s", rating, issue, note)
	return nil
}

func (e *fakeEngine) UploadLogs(_ context.Context, zip, text string, _ func(float64)) (string, error) {
	e.note("upload %s", text)
	return "REF-1", nil
}

func (e *fakeEngine) Close(ctx context.Context) error {
	if e.deaf {
		<-ctx.Done()
		if e.calls > 0 {
			e.end(voice.EndLocalHangup) // by force
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	for _, s := range e.subs {
		close(s.wake)
	}
	return nil
}

// fakeInbox is connected as the test says.
type fakeInbox struct {
	cfg     InboxConfig
	deliver func(context.Context, InboxMessage) error
	told    func(InboxStatus)
	ready   chan struct{}
	retries atomic.Int32

	mu     sync.Mutex
	status InboxStatus
}

func (i *fakeInbox) changed(s InboxStatus) {
	i.mu.Lock()
	i.status = s
	i.mu.Unlock()
	i.told(s)
}

func (i *fakeInbox) Status() InboxStatus {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.status
}

func (i *fakeInbox) Run(ctx context.Context, deliver func(context.Context, InboxMessage) error, changed func(InboxStatus)) {
	i.deliver, i.told = deliver, changed
	close(i.ready)
	i.changed(InboxStatus{Connected: true, Proof: time.Now()})
	<-ctx.Done()
}

func (i *fakeInbox) Retry() { i.retries.Add(1) }

// fakeBackend answers as the application backend does.
type fakeBackend struct {
	mu       sync.Mutex
	requests []string
	password string
	// down makes every request fail.
	down    error
	context string
	// slowDelete holds the removal of a context until it is closed.
	slowDelete chan struct{}
}

func (b *fakeBackend) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	b.mu.Lock()
	slow := b.slowDelete
	b.mu.Unlock()
	if r.Method == http.MethodDelete && slow != nil {
		<-slow
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/v1"))
	if b.down != nil {
		return nil, b.down
	}
	answer := func(status int, text string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(text))}, nil
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/login"):
		var in struct {
			Name     string `json:"user_name"`
			Password string `json:"password"`
		}
		_ = json.Unmarshal(body, &in)
		if in.Password != b.password {
			return answer(403, `{}`)
		}
		return answer(200, `{"subscriber_token":{"refresh_token":"REFRESH-TOKEN","access_token":"ACCESS-TOKEN"},"subscriber_name":"`+in.Name+`",
			"host_name":"https://platform/v2","account_sid":"demo","exophone":"0804","contact_display_name":"Alice"}`)
	case strings.HasSuffix(r.URL.Path, "/contacts"):
		return answer(200, `{"response":[
			{"code":200,"data":{"group":"Team","contacts":[{"contact_name":"Bob Ross","contact_number":"bob"},{"contact_name":"Carol","contact_number":"carol"}]}},
			{"code":200,"data":{"group":"Help","is_special":true,"contacts":[{"contact_name":"Front desk","contact_number":"100"}]}}]}`)
	case strings.HasSuffix(r.URL.Path, "/context") && r.Method == "GET":
		return answer(200, `{"message":"`+b.context+`"}`)
	default:
		return answer(200, `{}`)
	}
}

func (b *fakeBackend) saw(request string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.requests, request)
}

// fakeBell remembers what was played.
type fakeBell struct {
	mu      sync.Mutex
	did     []string
	country string
}

func (b *fakeBell) note(s string)                     { b.mu.Lock(); b.did = append(b.did, s); b.mu.Unlock() }
func (b *fakeBell) SetCountry(code string)            { b.mu.Lock(); b.country = code; b.mu.Unlock() }
func (b *fakeBell) SetDevices(audio.Spec, audio.Spec) {}
func (b *fakeBell) Ring(v int)                        { b.note(fmt.Sprint("ring ", v)) }
func (b *fakeBell) Stop()                             { b.note("stop") }
func (b *fakeBell) Play(t Tone, v int)                { b.note(fmt.Sprint("play ", t)) }
func (b *fakeBell) Close()                            {}
func (b *fakeBell) played(s string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.did, s)
}

// fakeDesk remembers what it was told.
type fakeDesk struct {
	mu  sync.Mutex
	did []string
}

func (f *fakeDesk) note(s string) { f.mu.Lock(); f.did = append(f.did, s); f.mu.Unlock() }
func (f *fakeDesk) CallBegan(w desk.Wish) {
	f.note(fmt.Sprintf("began %v %v", w.PauseMedia, w.KeepAwake))
}
func (f *fakeDesk) CallEnded() { f.note("ended") }
func (f *fakeDesk) Close()     { f.note("closed") }

// rig is one phone with everything around it faked. It lives in a bubble of
// fake time.
type rig struct {
	*Phone
	t       *testing.T
	dir     string
	engine  *fakeEngine
	inbox   *fakeInbox
	backend *fakeBackend
	bell    *fakeBell
	keyring secrets.Store
	audio   *fakeAudio
	policy  *provision.Policy
	surface *fakeDesk
	http    *http.Client
	logger  *slog.Logger
	// initErr is what the next engine's Initialize fails with.
	initErr []error
	// addresses and ahead are what the machine says of its network and clock.
	addresses atomic.Pointer[string]
	ahead     atomic.Int64
	// sleep is the system's word of going to sleep and waking; nil is none.
	sleep chan bool
}

func newRig(t *testing.T) *rig {
	return &rig{t: t, dir: t.TempDir(), keyring: &secrets.Memory{}, backend: &fakeBackend{password: "demo"}}
}

// start makes the phone; restart is start again with the same folder.
func (d *rig) start() *rig {
	d.t.Helper()
	d.engine = &fakeEngine{initErr: d.initErr}
	d.engine.relay = func(data map[string]string) (bool, error) {
		d.engine.emit(voice.IncomingCall{Call: d.engine.begin(voice.Incoming, data["payload"])})
		return true, nil
	}
	d.bell = &fakeBell{}
	d.surface = &fakeDesk{}
	d.inbox = &fakeInbox{ready: make(chan struct{})}
	hc := d.http
	if hc == nil {
		hc = &http.Client{Transport: d.backend}
	}
	var system audio.System
	if d.audio != nil {
		system = d.audio
	}
	p, err := New(Config{
		HTTP: hc, Audio: system, Log: d.logger, Desk: d.surface, Policy: d.policy,
		LookupIP: func(_ context.Context, host string) ([]net.IPAddr, error) {
			if host == "backend" {
				return []net.IPAddr{{IP: net.IPv4(192, 0, 2, 1)}}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		},
		Sleep: func(context.Context) <-chan bool { return d.sleep },
		Dir:   d.dir, Profile: "test", Version: "0.1.0", Engine: func(string) (Engine, error) { return d.engine, nil }, Secrets: d.keyring, Bell: d.bell,
		Now: func() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) },
		Addresses: func() string {
			if a := d.addresses.Load(); a != nil {
				return *a
			}
			return "eth0=192.0.2.1"
		},
		AudioIn: "null", AudioOut: "null", Country: "IN",
		OpenInbox: func(c InboxConfig) (Inbox, error) {
			in := &fakeInbox{cfg: c, ready: make(chan struct{})}
			d.inbox = in
			return in, nil
		},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Phone = p
	return d
}

func (d *rig) close() {
	d.t.Helper()
	if err := d.Close(context.Background()); err != nil {
		d.t.Fatal("close:", err)
	}
}

var alice = Credentials{UserName: "alice", Password: "demo", AccountSID: "demo", Server: "https://backend"}

func (d *rig) signIn() *rig {
	d.t.Helper()
	if err := d.SignIn(context.Background(), alice); err != nil {
		d.t.Fatal("sign in:", err)
	}
	d.until("ready", func(s *Snapshot) bool { return s.Ready && s.ContactsRevision > 0 })
	return d
}

// until waits for a snapshot, in fake time.
func (d *rig) until(what string, ok func(*Snapshot) bool) *Snapshot {
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

func (d *rig) condition(name string) Condition {
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
	if f == nil || f.Type != code || !strings.Contains(f.Message, text) {
		t.Fatalf("got %v, want %s with %q", err, code, text)
	}
}

// story runs a test in a bubble of fake time.
func story(t *testing.T, f func(t *testing.T)) {
	t.Parallel()
	synctest.Test(t, f)
}
