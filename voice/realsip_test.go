package voice_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"testing"

	"offhook/demo"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
	"offhook/voice/line/sipaccount"
)

// sipAccountOf is the SIP account that the platform gives a subscriber's web
// client (reference, section 7).
func sipAccountOf(t testing.TB, p *demo.Platform, name string) voice.SIPAccount {
	t.Helper()
	a := login(t, p.URL(), name, "web-"+name)
	req, err := http.NewRequest(http.MethodGet, p.URL()+"/v2/accounts/demo/subscribers/"+name+"/profile", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+accessToken(a))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Response struct {
			Data struct {
				Password string `json:"sip_password"`
				Domain   string `json:"sip_domain"`
			} `json:"data"`
		} `json:"response"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	profile := answer.Response.Data
	return voice.SIPAccount{
		Server: "ws" + p.URL()[len("http"):] + "/sip", User: name, Domain: profile.Domain, Password: profile.Password, DisplayName: name,
	}
}

// newSIPPhone makes a phone that has nothing but SIP accounts.
func newSIPPhone(t testing.TB, name string, in, out audio.Spec, accounts ...voice.SIPAccount) *phoneOf {
	t.Helper()
	return newSIPPhoneWith(t, name, in, out, nil, accounts...)
}

func newSIPPhoneWith(t testing.TB, name string, in, out audio.Spec, options []voice.Option, accounts ...voice.SIPAccount) *phoneOf {
	t.Helper()
	system, err := audio.NewSystem(audio.Config{NoDevices: true})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() && os.Getenv("OFFHOOK_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("side", name)
	}
	w := newWires(t)
	ph := &phoneOf{t: t, wires: w, name: name}
	ph.Client, err = voice.New(append([]voice.Option{
		voice.WithDeviceID("device-" + name), voice.WithAudio(system), voice.WithLogger(log),
		voice.WithSound(voice.Sound{Capture: in, Playout: out}),
		voice.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: w.dial}}), voice.WithNetwork(w),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	ph.sub = ph.Subscribe()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := ph.Close(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for range ph.sub.Events() {
		}
		if err := system.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	for _, a := range accounts {
		ph.register(a)
	}
	return ph
}

func (p *phoneOf) register(a voice.SIPAccount) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := p.Register(ctx, a); err != nil {
		p.t.Fatal(err)
	}
}

// Two phones that have nothing but SIP accounts call each other through the
// platform, with the states and events of any call.
func TestTwoSIPPhonesTalk(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	sideA, sideB := sipAccountOf(t, p, "alice"), sipAccountOf(t, p, "bob")
	alice, bob := newSIPPhone(t, "alice", sine, null, sideA), newSIPPhone(t, "bob", sine, null, sideB)
	for _, s := range alice.Lines() {
		if s.State != sipaccount.Registered || s.Err != nil || s.Address != "sip:alice@"+sideA.Domain {
			t.Errorf("alice's line: %+v", s)
		}
	}
	talkAndHangUp(t, alice, bob, "bob", "alice")
	talkAndHangUp(t, bob, alice, "sip:alice@"+sideA.Domain, "bob")
}

// talkAndHangUp is a whole call: rings, is answered, both hear a tone, digits,
// hold both ways, and a hang-up.
func talkAndHangUp(t *testing.T, caller, callee *phoneOf, number, remote string) {
	t.Helper()
	out, err := caller.Dial(context.Background(), number, "", voice.SendingAfterAnswer("79"))
	if err != nil {
		t.Fatal(err)
	}
	expect[voice.CallInitiated](caller)
	in := expect[voice.IncomingCall](callee).Call
	if in.RemoteID != remote || in.Line == "" || in.SessionID == "" {
		t.Errorf("incoming call: %+v", in)
	}
	expect[voice.CallRinging](caller)
	if err := callee.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEstablished](callee)
	expect[voice.CallEstablished](caller)
	for _, ph := range []*phoneOf{caller, callee} {
		hears(t, ph.latest())
	}
	for _, want := range "79" { // dialled for after the answer
		if got := expect[voice.DTMFReceived](callee).Digit; got != want {
			t.Errorf("digit %c, want %c", got, want)
		}
	}
	if err := out.SendDTMF("12#"); err != nil {
		t.Fatal(err)
	}
	for _, want := range "12#" {
		if got := expect[voice.DTMFReceived](callee).Digit; got != want {
			t.Errorf("digit %c, want %c", got, want)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := out.Hold(ctx); err != nil {
		t.Fatal(err)
	}
	if err := out.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	if err := callee.latest().Hangup(); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](callee).Call; got.EndReason != voice.EndLocalHangup {
		t.Errorf("callee: %v", got.EndReason)
	}
	if got := expect[voice.CallEnded](caller).Call; got.EndReason != voice.EndRemoteHangup {
		t.Errorf("caller: %v", got.EndReason)
	}
	expect[voice.MediaSessionDestroyed](caller)
	expect[voice.MediaSessionDestroyed](callee)
	if err := out.PostFeedback(ctx, 5, "", ""); err != nil {
		t.Errorf("feedback: %v", err)
	}
}

// A subscriber's phone and a SIP account call each other.
func TestSubscriberCallsSIPPhone(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice := newPhone(t, p, "alice", sine, null)
	bob := newSIPPhone(t, "bob", sine, null, sipAccountOf(t, p, "bob"))
	out := alice.dialTo("bob")
	if in := expect[voice.IncomingCall](bob).Call; in.RemoteID != "alice" {
		t.Errorf("bob is called by %q", in.RemoteID)
	}
	if err := bob.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEstablished](alice)
	hears(t, alice.latest())
	hears(t, bob.latest())
	if err := out.Hangup(); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndRemoteHangup {
		t.Errorf("bob: %v", got.EndReason)
	}
}

// A SIP account that declines says 486; one that is busy, too, and the call is
// missed.
func TestSIPPhoneDeclines(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, bob := newSIPPhone(t, "alice", sine, null, sipAccountOf(t, p, "alice")), newSIPPhone(t, "bob", sine, null, sipAccountOf(t, p, "bob"))
	if _, err := alice.Dial(context.Background(), "bob", ""); err != nil {
		t.Fatal(err)
	}
	expect[voice.IncomingCall](bob)
	carol := newSIPPhone(t, "carol", sine, null, sipAccountOf(t, p, "carol"))
	if _, err := carol.Dial(context.Background(), "bob", ""); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](carol).Call; got.EndReason != voice.EndBusy {
		t.Errorf("carol: %v (%d)", got.EndReason, got.Status)
	}
	if got := expect[voice.MissedCall](bob); got.RemoteID != "carol" || got.Reason != "busy" || got.Line == "" {
		t.Errorf("missed: %+v", got)
	}
	if err := bob.latest().Hangup(); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndBusy {
		t.Errorf("alice: %v (%d)", got.EndReason, got.Status)
	}
	// A caller who gives up.
	out, err := alice.Dial(context.Background(), "bob", "")
	if err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEnded](bob)
	expect[voice.IncomingCall](bob)
	expect[voice.CallRinging](alice)
	if err := out.Hangup(); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndRemoteHangup || !got.Established.IsZero() {
		t.Errorf("bob: %v", got.EndReason)
	}
}

// A server that refuses the account is tried again, and the line says why; the right
// password brings it up.
func TestSIPAccountRefused(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	good := sipAccountOf(t, p, "alice")
	bad := good
	bad.Password = "wrong"
	alice := newSIPPhone(t, "alice", sine, null)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := alice.Register(ctx, bad)
	if fault.TypeOf(err) != fault.InvalidCredentials {
		t.Errorf("error %v", err)
	}
	s := alice.Lines()[0]
	if s.State != sipaccount.Unregistered || s.Err == nil || s.RetryAt.IsZero() {
		t.Errorf("line: %+v", s)
	}
	if _, err := alice.Dial(ctx, "bob", ""); fault.TypeOf(err) != fault.InvalidCredentials {
		t.Errorf("dial: %v", err)
	}
	alice.register(good)
	if lines := alice.Lines(); len(lines) != 1 || lines[0].State != sipaccount.Registered {
		t.Errorf("lines: %+v", lines)
	}
	if err := alice.Unregister(lines0(alice)); err != nil {
		t.Error(err)
	}
	if _, err := alice.Dial(ctx, "bob", ""); fault.TypeOf(err) != fault.Uninitialized {
		t.Errorf("dial without a line: %v", err)
	}
}

func lines0(p *phoneOf) string { return p.Lines()[0].ID }

// The connection is cut in the middle of a call: the line registers again and
// the call goes on over the new connection.
func TestSIPCallSurvivesCut(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice := newSIPPhone(t, "alice", sine, null, sipAccountOf(t, p, "alice"))
	call, err := alice.Dial(context.Background(), "echo", "")
	if err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEstablished](alice)
	alice.wires.cutTCP()
	for expect[voice.LineChanged](alice).Line.State != sipaccount.Unregistered {
	}
	for expect[voice.LineChanged](alice).Line.State != sipaccount.Registered {
	}
	hears(t, alice.latest())
	if err := call.Hangup(); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndLocalHangup {
		t.Errorf("alice: %v", got.EndReason)
	}
}
