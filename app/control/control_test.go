package control

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/app"
	"offhook/app/profile"
	"offhook/push"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/setup"
	"offhook/voice/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is an engine with one call, which the test moves.
type line struct {
	app.Engine   // what the tests don't use is missing on purpose
	app.Controls // the same

	mu     sync.Mutex
	events chan voice.Event
	call   voice.CallDetails
	n      int
}

func (l *line) Initialize(context.Context, voice.Account) error { return nil }
func (l *line) Reset(context.Context) error                     { return nil }
func (l *line) AccessToken(context.Context, string) (string, error) {
	return "token", nil
}
func (l *line) Events(context.Context) <-chan voice.Event { return l.events }
func (l *line) SetOnAnotherPhone(bool)                    {}
func (l *line) SetAgentState(_ context.Context, c wire.AgentChoice) (wire.Agent, error) {
	return wire.Agent{State: c.State, Reason: c.Reason}, nil
}
func (l *line) AgentRules() (wire.AgentRules, bool, bool)       { return wire.AgentRules{}, false, false }
func (l *line) Agents(context.Context) ([]wire.Agent, error)    { return nil, nil }
func (l *line) PostOutcome(context.Context, wire.Outcome) error { return nil }
func (l *line) SetDeclining(bool)                               {}
func (l *line) SetSound(voice.Sound) error                      { return nil }
func (l *line) Statistics() (voice.Statistics, error) {
	took := 12.0
	return voice.Statistics{CallID: "1", SetupMs: setup.Times{DialToRinging: &took}}, nil
}
func (l *line) SetMaxCalls(int, int)              {}
func (l *line) SetRecording(voice.RecordingRules) {}
func (l *line) PlaysRecordings() bool             { return false }
func (l *line) Call(string) (app.Controls, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l, l.n > 0
}
func (l *line) Details() voice.CallDetails {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.call
}
func (l *line) SendDTMF(string) error       { return nil }
func (l *line) Mute() error                 { return fault.New(fault.NoCall, "call.none") }
func (l *line) Close(context.Context) error { close(l.events); return nil }

func (l *line) Dial(_ context.Context, _, _ string, options ...voice.DialOption) (app.Controls, error) {
	var d voice.CallDetails
	for _, o := range options {
		o(&d)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	l.call = voice.CallDetails{CallID: fmt.Sprint("call-", l.n), RemoteID: d.RemoteID, Direction: voice.Outgoing, State: voice.StateOutgoingInitiated, Started: time.Now()}
	l.events <- voice.CallInitiated{Call: l.call}
	if d.RemoteID == "fast" { // rings and is over before Dial returns
		l.call.State = voice.StateRinging
		l.events <- voice.CallRinging{Call: l.call}
		l.end(voice.EndBusy)
	}
	return l, nil
}

func (l *line) Answer() error                { l.to(voice.StateEstablished); return nil }
func (l *line) Hold(context.Context) error   { return nil }
func (l *line) Resume(context.Context) error { return nil }
func (l *line) Unmute() error                { return nil }
func (l *line) SetAudioRoute(r voice.AudioRoute) error {
	if r == "UP" {
		return fault.New(fault.InvalidParameter, "audio.no-such-route")
	}
	if r == voice.RouteBluetooth {
		return fault.New(fault.InvalidParameter, "There is no Bluetooth device.")
	}
	return nil
}
func (l *line) ProbeMedia(context.Context) (voice.MediaProbe, error) {
	return voice.MediaProbe{}, fault.New(fault.ServerError, "media-test.none")
}
func (l *line) Retry() {}
func (l *line) PostFeedback(context.Context, int, voice.Issue, string) error {
	return nil
}
func (l *line) UploadLogFile(context.Context, string, string, func(float64)) (string, error) {
	return "REF-1", nil
}

func (l *line) Hangup() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end(voice.EndLocalHangup)
	return nil
}

func (l *line) end(r voice.EndReason) {
	l.call.State, l.call.EndReason, l.call.Ended = voice.StateEnded, r, time.Now()
	l.events <- voice.CallEnded{Call: l.call}
}

func (l *line) to(s voice.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.call.State = s
	if s == voice.StateEstablished {
		l.call.Established = time.Now()
	}
	l.events <- voice.CallChanged{Call: l.call}
}

// inbox is connected to nothing.
type inbox struct{}

func (inbox) Run(ctx context.Context) { <-ctx.Done() }
func (inbox) Status() push.Status     { return push.Status{} }
func (inbox) Retry()                  {}

type answers func(*http.Request) string

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(a(r)))}, nil
}

// desk is a phone with its remote control.
type desk struct {
	t     *testing.T
	base  string
	dir   string
	phone *app.Phone
	line  *line
	quits chan struct{}
	end   func()
}

func newDesk(t *testing.T, base string, change ...func(*Config)) *desk {
	t.Helper()
	d := &desk{t: t, base: base, dir: profile.Dir(base, "default"), line: &line{events: make(chan voice.Event, 100)}, quits: make(chan struct{}, 8)}
	phone, err := app.New(app.Config{
		Dir: d.dir, AudioIn: "null", AudioOut: "null",
		Engine:    func(string, func(string)) (app.Engine, error) { return d.line, nil },
		OpenInbox: func(push.Config) (app.Inbox, error) { return inbox{}, nil },
		ReadLogs: func(_, _ time.Time) (string, error) {
			path := filepath.Join(t.TempDir(), "logs.zip")
			var archive bytes.Buffer
			if err := zip.NewWriter(&archive).Close(); err != nil {
				return "", err
			}
			return path, os.WriteFile(path, archive.Bytes(), 0o600)
		},
		HTTP: &http.Client{Transport: answers(func(r *http.Request) string {
			if strings.HasSuffix(r.URL.Path, "/login") {
				return `{"subscriber_token":{"refresh_token":"R","access_token":"A"},"subscriber_name":"alice","host_name":"http://p","exophone":"1"}`
			}
			return `{}`
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.phone = phone
	cfg := Config{Dir: d.dir, Phone: phone, Quit: func() { d.quits <- struct{}{} }}
	for _, f := range change {
		f(&cfg)
	}
	s, err := Serve(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d.end = sync.OnceFunc(func() {
		if err := phone.Close(context.Background()); err != nil {
			t.Error(err)
		}
		s.Finish()
	})
	t.Cleanup(d.end)
	return d
}

func (d *desk) signIn() *desk {
	d.t.Helper()
	if code, out := d.ctl("sign-in", "--user", "alice", "--account", "demo", "--server", "https://b", "--password-file", writePassword(d.t)); code != 0 {
		d.t.Fatal(out)
	}
	return d
}

func writePassword(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("demo\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ctl runs the command line with --json.
func (d *desk) ctl(args ...string) (int, string) {
	var out, errs bytes.Buffer
	code := Main(context.Background(), append([]string{"--config-dir", d.base, "--json"}, args...), &out, &errs)
	if errs.Len() > 0 {
		d.t.Errorf("--json wrote to the error output: %s", errs.String())
	}
	return code, out.String()
}

func (d *desk) snapshot(args ...string) app.Snapshot {
	d.t.Helper()
	code, out := d.ctl(args...)
	var s app.Snapshot
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != 0 {
		d.t.Fatalf("%v: exit %d, %s", args, code, out)
	}
	return s
}

func (d *desk) fails(wantExit int, wantCode string, args ...string) {
	d.t.Helper()
	code, out := d.ctl(args...)
	var f struct {
		Error *Failure `json:"error"`
	}
	if err := json.Unmarshal([]byte(out), &f); err != nil || f.Error == nil {
		d.t.Fatalf("%v: exit %d, no error object in %q", args, code, out)
	}
	if code != wantExit || f.Error.Code != wantCode || f.Error.Message.Empty() {
		d.t.Fatalf("%v: exit %d with %+v, want exit %d with %s", args, code, f.Error, wantExit, wantCode)
	}
}

func TestACallByRemoteControl(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	d.fails(ExitError, "SDK_UNINITIALIZED", "dial", "bob")
	d.fails(ExitError, "NO_CALL", "stats")
	d.signIn()
	if s := d.snapshot("dial", "bob", "--message", "ticket 7", "--wait", "OUTGOING_INITIATED"); s.Call == nil || s.Call.Message != "ticket 7" || s.Call.RemoteID != "bob" {
		t.Fatalf("%+v", s.Call)
	}
	rung := make(chan app.Snapshot)
	go func() { rung <- d.snapshot("status", "--wait", "ringing") }()
	d.line.to(voice.StateRinging)
	if s := <-rung; s.Call.State != "RINGING" {
		t.Fatalf("%+v", s.Call)
	}
	d.line.to(voice.StateEstablished)
	d.snapshot("status", "--wait", "ESTABLISHED")
	// What has been passed needs no waiting.
	d.snapshot("status", "--wait", "RINGING")
	d.snapshot("dtmf", "12#")
	if code, out := d.ctl("stats"); code != 0 || !strings.Contains(out, `"setup_ms":{"dial_to_ringing":12}`) || !strings.Contains(out, `"average_jitter_ms"`) {
		t.Fatal(out)
	}
	if s := d.snapshot("hangup", "--wait", "ENDED"); s.Call != nil || s.LastCall.EndReason != "LOCAL_HANGUP" {
		t.Fatalf("%+v", s.LastCall)
	}
	code, out := d.ctl("history")
	var h struct {
		Calls []app.CallRecord `json:"calls"`
	}
	if err := json.Unmarshal([]byte(out), &h); err != nil || code != 0 || len(h.Calls) != 1 || h.Calls[0].RemoteID != "bob" {
		t.Fatalf("%s: %v", out, err)
	}
	// A call that is over before Dial returns has rung all the same.
	if s := d.snapshot("dial", "fast", "--wait", "RINGING"); s.Call.State != "RINGING" {
		t.Fatalf("%+v", s.Call)
	}
	d.snapshot("status", "--wait", "IDLE")
	d.fails(ExitError, CodeEnded, "dial", "fast", "--wait", "ESTABLISHED")
	d.snapshot("status", "--wait", "IDLE")
	d.fails(ExitError, "NO_CALL", "mute")
	d.fails(ExitError, CodeTimeout, "dial", "carol", "--wait", "ESTABLISHED", "--timeout", "80ms")
	d.snapshot("hangup")
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	for _, args := range [][]string{
		{}, {"fly"}, {"dial"}, {"dial", "a", "b"}, {"status", "--wait", "PERHAPS"}, {"status", "--nonsense"}, {"status", "--timeout", "0s"},
		{"status", "--timeout", "soon"}, {"other-phone", "maybe"}, {"history", "--kind", "odd"}, {"feedback", "five"}, {"sign-in", "--password-file", "/nonexistent"},
		{"--profile", "../x", "status"}, {"history", "--limit", "-1"}, {"history", "--since", "-1h"}, {"upload-logs", "--since", "-1h"},
		{"proxy-password", "--user", "agent"}, {"runtime", "relative"}, {"history", strings.Repeat("x", maxLine)},
	} {
		d.fails(ExitUsage, CodeUsage, args...)
	}
	d.fails(ExitError, CodeNotRunning, "--profile", "nobody", "status")
	d.fails(ExitError, "INVALID_PARAMETER", "availability", "asleep")
	d.fails(ExitError, "INVALID_PARAMETER", "feedback", "9")
	d.fails(ExitError, "INVALID_DIAL_INFO", "open", "http://x")
	// Flags and words mix, and -- ends the flags.
	if s := d.snapshot("--timeout", "5s", "availability", "busy", "--wait", "IDLE"); s.Availability != app.Busy {
		t.Fatalf("%+v", s.Availability)
	}
	d.fails(ExitError, "SDK_UNINITIALIZED", "dial", "--", "--help")

	var out bytes.Buffer
	if code := Main(context.Background(), []string{"--help"}, &out, io.Discard); code != 0 || !strings.Contains(out.String(), "upload-logs") || !strings.Contains(out.String(), "-timeout") {
		t.Fatalf("%d %s", code, out.String())
	}
}

func TestTextForPeople(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir()).signIn()
	d.snapshot("dial", "bob")
	d.line.to(voice.StateEstablished)
	d.snapshot("status", "--wait", "ESTABLISHED")
	for args, want := range map[string]string{
		"status": "OUTGOING ESTABLISHED with bob", "stats": "MOS", "contacts": "", "diagnose": "fail", "mute": "!There is no call.",
		"hangup --wait ENDED": "last call with bob: LOCAL_HANGUP", "history": "OUTGOING",
	} {
		if strings.HasPrefix(args, "h") {
			continue // after the others
		}
		text(t, d, args, want)
	}
	text(t, d, "hangup --wait ENDED", "last call with bob: LOCAL_HANGUP")
	text(t, d, "status", "1 call, ")
	text(t, d, "runtime", "Goroutines")
	text(t, d, "history", "OUTGOING")
	text(t, d, "history --csv", "started,direction")
}

func text(t *testing.T, d *desk, args, want string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := Main(context.Background(), append([]string{"--config-dir", d.base}, strings.Fields(args)...), &out, &errs)
	got := out.String()
	if w, failing := strings.CutPrefix(want, "!"); failing {
		want, got = w, errs.String()
		if code != ExitError {
			t.Errorf("%s: exit %d", args, code)
		}
	}
	if !strings.Contains(got, want) {
		t.Errorf("%s prints %q, not %q", args, got, want)
	}
}

func TestEventsStreamUntilThePhoneEnds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir()).signIn()
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		code := Main(context.Background(), []string{"--config-dir", d.base, "events", "--json"}, w, io.Discard)
		w.Close()
		done <- code
	}()
	dec := json.NewDecoder(r)
	var s app.Snapshot
	if err := dec.Decode(&s); err != nil || s.Account.UserName != "alice" {
		t.Fatalf("%+v, %v", s, err)
	}
	d.snapshot("dial", "bob")
	for s.Call == nil {
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	d.end()
	if code := <-done; code != ExitOK && code != ExitError {
		t.Fatal(code)
	}
}

// A stream for a time ends by itself, and well.
func TestEventsStreamForATime(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir()).signIn()
	code, out := d.ctl("events", "--timeout", "2s")
	if code != ExitOK || !strings.Contains(out, `"user_name":"alice"`) {
		t.Errorf("exit code %d: %s", code, out)
	}
	d.fails(ExitUsage, CodeUsage, "events", "--timeout", "0s")
}

func TestQuitAnswersWhenAllIsClosed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	done := make(chan int, 1)
	go func() {
		code, _ := d.ctl("quit")
		done <- code
	}()
	<-d.quits
	select {
	case <-done:
		t.Fatal("quit answered before the phone was closed")
	default:
	}
	d.end()
	if code := <-done; code != ExitOK {
		t.Fatal(code)
	}
	d.fails(ExitError, CodeNotRunning, "status")
	if left, _ := filepath.Glob(filepath.Join(d.dir, "control.*")); len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func (l *line) Transfer(context.Context, string) error {
	return fault.New(fault.ServerError, "transfer.line-cannot")
}

func (l *line) PauseRecording(context.Context) error {
	return fault.New(fault.ServerError, "recording.not-offered")
}
func (l *line) ResumeRecording(context.Context) error { return nil }
func (l *line) StartRecording(context.Context) error  { return nil }
func (l *line) StopRecording(context.Context) error   { return nil }

func (l *line) FollowTransfer() error  { return fault.New(fault.NoCall, "call.none") }
func (l *line) DeclineTransfer() error { return fault.New(fault.NoCall, "call.none") }
