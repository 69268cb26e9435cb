package voice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/voice/audio"
	"offhook/voice/media"
	"offhook/voice/platform"
	"offhook/voice/sip"
)

const testHost = "https://voice.test"

// sign makes a JWT as the platform does.
func sign(claims map[string]any) string {
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).SignedString([]byte("key"))
	if err != nil {
		panic(err)
	}
	return text
}

// tokenPair is a subscriber token that is fresh now.
func tokenPair(name string, now time.Time) string {
	claims := func(life time.Duration) map[string]any {
		return map[string]any{"iss": "exotel", "sub": name, "iat": now.Unix(), "exp": now.Add(life).Unix(), "client_id": "5E05865E"}
	}
	text, _ := json.Marshal(map[string]string{
		"refresh_token": sign(claims(24 * time.Hour)), "access_token": sign(claims(30 * time.Minute)),
	})
	return string(text)
}

// fakePlatform answers HTTP as the platform does, without a socket.
type fakePlatform struct {
	mu sync.Mutex
	// refuse gives a request another status than its own, if it returns one.
	refuse func(*http.Request) int
	// states are those of the incoming calls; changed is closed at each change.
	states   map[string]platform.CallState
	changed  chan struct{}
	rejected map[string]string
	feedback []platform.Feedback
	// sipPassword is "secret" if empty.
	sipPassword string
	reports     []map[string]any
	// requests counts by method and path, bearers keeps the last token of each.
	requests map[string]int
	bearers  map[string]string
}

func newFakePlatform() *fakePlatform {
	return &fakePlatform{
		states: map[string]platform.CallState{}, changed: make(chan struct{}),
		rejected: map[string]string{}, requests: map[string]int{}, bearers: map[string]string{},
	}
}

func (p *fakePlatform) password() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sipPassword == "" {
		return "secret"
	}
	return p.sipPassword
}

func (p *fakePlatform) setState(session string, state platform.CallState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.states[session] = state
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *fakePlatform) rejection(session string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rejected[session]
}

func (p *fakePlatform) RoundTrip(req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	key := req.Method + " " + req.URL.Path
	p.requests[key]++
	p.bearers[key] = strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	refuse := p.refuse
	p.mu.Unlock()
	if refuse != nil {
		if status := refuse(req); status != 0 {
			return reply(req, status, nil), nil
		}
	}
	path := strings.TrimPrefix(req.URL.Path, "/v2/accounts/demo/subscribers/alice/")
	switch {
	case path == "profile":
		return reply(req, 200, platform.Profile{
			SIPURI: "sip:alice@demo.test", SIPPassword: p.password(), SIPServer: "voice.test", SIPPort: 443,
			SIPTransport: "WSS", SIPDomain: "demo.test", Exophone: "08040408080",
			IncomingCallTimeout: 30, CallConnectionTimeout: 30, MediaDisruptedTimeout: 5, MediaTimeout: 30,
		}), nil
	case path == "access-token":
		now := time.Now()
		return reply(req, 200, map[string]string{"access_token": sign(map[string]any{
			"sub": "alice", "iat": now.Unix(), "exp": now.Add(30 * time.Minute).Unix(), "n": p.requests[key],
		})}), nil
	case path == "events":
		var in struct{ Events []map[string]any }
		_ = json.NewDecoder(req.Body).Decode(&in)
		p.mu.Lock()
		p.reports = append(p.reports, in.Events...)
		p.mu.Unlock()
		return reply(req, 200, nil), nil
	case path == "feedback":
		var f platform.Feedback
		_ = json.NewDecoder(req.Body).Decode(&f)
		p.mu.Lock()
		p.feedback = append(p.feedback, f)
		p.mu.Unlock()
		return reply(req, 200, nil), nil
	case strings.HasSuffix(path, "/state"):
		return p.state(req)
	case strings.HasSuffix(path, "/reject"):
		var in struct{ Reason string }
		_ = json.NewDecoder(req.Body).Decode(&in)
		session := strings.Split(path, "/")[3]
		p.mu.Lock()
		p.rejected[session] = in.Reason
		p.mu.Unlock()
		return reply(req, 204, nil), nil
	}
	return reply(req, 404, nil), nil
}

func (p *fakePlatform) state(req *http.Request) (*http.Response, error) {
	session := strings.Split(req.URL.Path, "/")[3]
	after := platform.CallState(req.URL.Query().Get("after"))
	hold := time.NewTimer(20 * time.Second)
	defer hold.Stop()
	for {
		p.mu.Lock()
		state, ok := p.states[session]
		changed := p.changed
		p.mu.Unlock()
		if !ok {
			return reply(req, 404, nil), nil
		}
		expired := false
		if state == after {
			select {
			case <-changed:
				continue
			case <-hold.C:
				expired = true
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
		}
		_ = expired
		text, _ := json.Marshal(map[string]any{"state": state, "server_time": time.Now().Format(time.RFC3339)})
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(text))), Request: req}, nil
	}
}

// reply makes an answer in the envelope.
func reply(req *http.Request, status int, data any) *http.Response {
	word := "success"
	if status > 299 {
		word = "failure"
	}
	text, _ := json.Marshal(map[string]any{
		"request_id": strings.Repeat("0", 32), "method": req.Method, "http_code": status,
		"response": map[string]any{"code": status, "status": word, "data": data},
	})
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(strings.NewReader(string(text))), Request: req,
		Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}},
	}
}

// fakeSIP hands out flows and keeps the dialogs that were begun on them.
type fakeSIP struct {
	mu     sync.Mutex
	down   error
	flows  []*fakeFlow
	legs   []*fakeDialog
	script func(d *fakeDialog)
}

func (s *fakeSIP) connect(ctx context.Context, who credentials) (flow, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	f := &fakeFlow{sip: s, done: make(chan struct{})}
	s.flows = append(s.flows, f)
	return f, nil
}

// cut ends all flows, as a cable does.
func (s *fakeSIP) cut(lost error) {
	s.mu.Lock()
	flows, legs := s.flows, s.legs
	s.flows = nil
	s.mu.Unlock()
	for _, f := range flows {
		f.once.Do(func() { close(f.done) })
	}
	for _, d := range legs {
		d.lose(lost)
	}
}

func (s *fakeSIP) setDown(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

func (s *fakeSIP) leg(i int) *fakeDialog {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i >= len(s.legs) {
		return nil
	}
	return s.legs[i]
}

type fakeFlow struct {
	sip  *fakeSIP
	done chan struct{}
	once sync.Once
}

func (f *fakeFlow) Done() <-chan struct{} { return f.done }
func (f *fakeFlow) Err() error            { return errors.New("cut") }
func (f *fakeFlow) Close() error          { f.once.Do(func() { close(f.done) }); return nil }

func (f *fakeFlow) Invite(ctx context.Context, inv sip.Invitation) (dialog, error) {
	d := &fakeDialog{invitation: inv, flow: f, events: make(chan sip.DialogEvent, 4096)}
	f.sip.mu.Lock()
	f.sip.legs = append(f.sip.legs, d)
	script := f.sip.script
	f.sip.mu.Unlock()
	if script != nil {
		script(d)
	}
	return d, nil
}

// fakeDialog is a dialog whose far side is the test.
type fakeDialog struct {
	invitation sip.Invitation
	events     chan sip.DialogEvent

	mu   sync.Mutex
	flow *fakeFlow
	up   bool
	lost bool
	dialogView
	// onInfo and onOffer answer for the far side; nil accepts.
	onInfo  func() error
	onOffer func(n int) error
}

// dialogView is what a test may ask of a dialog.
type dialogView struct {
	over, hungUp      bool
	infos, offers     []string
	refreshs, rebinds int
}

func (d *fakeDialog) view() dialogView {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.dialogView
	v.infos, v.offers = slices.Clone(v.infos), slices.Clone(v.offers)
	return v
}

func (d *fakeDialog) Events() <-chan sip.DialogEvent { return d.events }

// says makes the far side do something.
func (d *fakeDialog) says(ev sip.DialogEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sayLocked(ev)
}

func (d *fakeDialog) sayLocked(ev sip.DialogEvent) {
	if d.over {
		return
	}
	d.events <- ev
	switch ev.(type) {
	case sip.Answered:
		d.up = true
	case sip.Failed, sip.Ended:
		d.over = true
		close(d.events)
	}
}

func (d *fakeDialog) lose(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost = true; d.up {
		d.sayLocked(sip.FlowLost{Err: err})
	} else {
		d.sayLocked(sip.Failed{Err: err})
	}
}

func (d *fakeDialog) header(name string) string { return header(d.invitation.Headers, name) }

func (d *fakeDialog) Hangup(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hungUp = true
	switch {
	case d.over:
		return nil
	case d.lost:
		return errors.New("lost")
	case d.up:
		d.sayLocked(sip.Ended{})
	default:
		d.sayLocked(sip.Failed{Status: 487, Cancelled: true})
	}
	return nil
}

func (d *fakeDialog) Reinvite(ctx context.Context, offer string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost {
		return "", errors.New("lost")
	}
	d.offers = append(d.offers, offer)
	if d.onOffer != nil {
		if err := d.onOffer(len(d.offers)); err != nil {
			return "", err
		}
	}
	return "answer to " + offer, nil
}

func (d *fakeDialog) Info(ctx context.Context, contentType, body string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost {
		return errors.New("lost")
	}
	d.infos = append(d.infos, contentType+" "+body)
	if d.onInfo != nil {
		return d.onInfo()
	}
	return nil
}

func (d *fakeDialog) Refresh(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost {
		return errors.New("lost")
	}
	d.refreshs++
	return nil
}

func (d *fakeDialog) Rebind(f flow) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flow, d.lost = f.(*fakeFlow), false
	d.rebinds++
	return nil
}

// fakeMedia makes sessions that carry nothing.
type fakeMedia struct {
	mu       sync.Mutex
	sessions []*fakeSession
}

func (m *fakeMedia) newSession(spec mediaSpec) (media.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &fakeSession{events: make(chan media.Event, 4096), last: time.Now()}
	m.sessions = append(m.sessions, s)
	return s, nil
}

func (m *fakeMedia) session(i int) *fakeSession {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions[i]
}

type fakeSession struct {
	events chan media.Event

	mu      sync.Mutex
	offers  int
	answers []string
	noDTMF  bool
	sessionView
	// flowing says that media arrives all the time, last when it last did.
	flowing bool
	last    time.Time
}

// sessionView is what a test may ask of a session.
type sessionView struct {
	send, receive bool
	muted, held   bool
	digits        string
	closed        bool
}

func (s *fakeSession) view() sessionView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessionView
}

func (s *fakeSession) Offer(ctx context.Context, restart bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offers++
	kind := "offer"
	if restart {
		kind = "restart"
	}
	if s.held {
		kind = "hold"
	}
	return fmt.Sprintf("%s %d", kind, s.offers), nil
}

func (s *fakeSession) Answer(ctx context.Context, offer string) (string, error) {
	return "answer to " + offer, nil
}

func (s *fakeSession) SetAnswer(answer string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer == "bad" {
		return errors.New("bad answer")
	}
	s.answers = append(s.answers, answer)
	return nil
}

func (s *fakeSession) OpenSend()       { s.set(func() { s.send = true }) }
func (s *fakeSession) OpenReceive()    { s.set(func() { s.receive = true }) }
func (s *fakeSession) SetMuted(m bool) { s.set(func() { s.muted = m }) }
func (s *fakeSession) Hold(h bool)     { s.set(func() { s.held = h }) }
func (s *fakeSession) Push([]int16)    {}
func (s *fakeSession) Pull([]int16)    {}

func (s *fakeSession) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *fakeSession) SendDTMF(digits string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noDTMF {
		return media.ErrNoTelephoneEvent
	}
	s.digits += digits
	return nil
}

func (s *fakeSession) Events() <-chan media.Event { return s.events }

func (s *fakeSession) tell(ev media.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.events <- ev
	}
}

// flow starts or stops the media that arrives.
func (s *fakeSession) flow(on bool) {
	s.set(func() { s.flowing, s.last = on, time.Now() })
	if on {
		s.tell(media.Event{Kind: media.FirstSound})
	}
}

func (s *fakeSession) Statistics() media.Statistics { return media.Statistics{AudioCodec: "opus"} }

func (s *fakeSession) SinceReceived() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flowing {
		return 10 * time.Millisecond
	}
	return time.Since(s.last)
}

func (s *fakeSession) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("closed twice")
	}
	s.closed = true
	close(s.events)
	return nil
}

// fakeSound makes paths that remember what was done.
type fakeSound struct {
	mu    sync.Mutex
	paths []*fakePath
}

func (s *fakeSound) newPath(Sound, func(audio.Notice)) (soundPath, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &fakePath{}
	s.paths = append(s.paths, p)
	return p, nil
}

func (s *fakeSound) path(i int) *fakePath {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paths[i]
}

type fakePath struct {
	mu    sync.Mutex
	did   []string
	route AudioRoute
	noMic bool
}

func (p *fakePath) note(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.did = append(p.did, what)
}

func (p *fakePath) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.did, ", ")
}

func (p *fakePath) OpenPlayout(audio.Far) error { p.note("playout"); return nil }
func (p *fakePath) OpenCapture(audio.Far) error {
	p.note("capture")
	if p.noMic {
		return errors.New("no microphone")
	}
	return nil
}
func (p *fakePath) PlayTone(t tone) { p.note(fmt.Sprintf("tone %d", t)) }
func (p *fakePath) StopTone()       { p.note("silence") }
func (p *fakePath) SetRoute(r AudioRoute) error {
	if r == RouteBluetooth {
		return errors.New("no such device")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.route = r
	return nil
}
func (p *fakePath) Route() AudioRoute {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.route
}
func (p *fakePath) SetDevices(Sound) error     { p.note("devices"); return nil }
func (p *fakePath) Levels() (float64, float64) { return 0.5, 0.25 }
func (p *fakePath) Close() error               { p.note("closed"); return nil }

// rig is a client on fakes, initialised for alice.
type rig struct {
	t        *testing.T
	client   *Client
	platform *fakePlatform
	sip      *fakeSIP
	media    *fakeMedia
	sound    *fakeSound
	sub      *Subscription
}

func newRig(t *testing.T, options ...Option) *rig {
	t.Helper()
	r := &rig{t: t, platform: newFakePlatform(), sip: &fakeSIP{}, media: &fakeMedia{}, sound: &fakeSound{}}
	client, err := New(append([]Option{
		WithHTTPClient(&http.Client{Transport: r.platform}), WithDeviceID("device-1"),
		func(s *settings) { s.sip, s.media, s.sound = r.sip, r.media, r.sound },
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	r.client = client
	r.sub = client.Subscribe()
	return r
}

// start initialises the client.
func (r *rig) start() {
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
func (r *rig) stop() {
	r.t.Helper()
	if err := r.client.Close(context.Background()); err != nil {
		r.t.Error(err)
	}
	for range r.sub.Events() {
	}
}

// next returns the next event that is no mere change of status.
func (r *rig) next() Event {
	r.t.Helper()
	limit := time.NewTimer(10 * time.Minute)
	defer limit.Stop()
	for {
		select {
		case ev, ok := <-r.sub.Events():
			if !ok {
				r.t.Fatal("no more events")
			}
			if _, ok := ev.(StatusChanged); !ok {
				return ev
			}
		case <-limit.C:
			r.t.Fatal("nothing happens")
		}
	}
}

// expect returns the next event of type E; changes of a call that have no event
// of their own are passed over.
func expect[E Event](r *rig) E {
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
