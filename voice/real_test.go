package voice_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"offhook/demo"
	"offhook/voice"
	"offhook/voice/audio"
)

// timeout bounds every wait of a test over the real stack: long beyond any slow
// machine.
const timeout = 2 * time.Minute

// startDemo runs a whole platform on loopback until the test ends.
func startDemo(t testing.TB, cfg demo.Config) *demo.Platform {
	t.Helper()
	if testing.Verbose() && os.Getenv("OFFHOOK_TEST_LOG") != "" {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("side", "platform")
	}
	p, err := demo.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Errorf("platform: %v", err)
		}
	})
	return p
}

// phoneOf is an engine that is signed in at the platform, with its inbox open.
type phoneOf struct {
	*voice.Client
	t       testing.TB
	name    string
	url     string
	account voice.Account
	sub     *voice.Subscription
	wires   *wires
	pushes  chan map[string]string
}

// newPhone makes a phone that hears and says what in and out say.
func newPhone(t testing.TB, p *demo.Platform, name string, in, out audio.Spec, options ...voice.Option) *phoneOf {
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
	transport := &http.Transport{DialContext: w.dial}
	ph := &phoneOf{t: t, wires: w, name: name, url: p.URL(), pushes: make(chan map[string]string, 64)}
	ph.Client, err = voice.New(append([]voice.Option{
		voice.WithDeviceID("device-" + name), voice.WithAudio(system), voice.WithLogger(log),
		voice.WithSound(voice.Sound{Capture: in, Playout: out}),
		voice.WithHTTPClient(&http.Client{Transport: transport}), voice.WithNetwork(w),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	ph.account = login(t, p.URL(), name, ph.DeviceID())
	ph.sub = ph.Subscribe()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := ph.Initialize(ctx, ph.account); err != nil {
		t.Fatal(err)
	}
	expect[voice.InitializationSucceeded](ph)
	stopInbox := ph.openInbox()
	t.Cleanup(func() {
		stopInbox()
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
		transport.CloseIdleConnections()
	})
	return ph
}

// login does what an application does before Initialize.
func login(t testing.TB, base, name, device string) voice.Account {
	t.Helper()
	var answer struct {
		Token   json.RawMessage `json:"subscriber_token"`
		Name    string          `json:"subscriber_name"`
		Host    string          `json:"host_name"`
		Account string          `json:"account_sid"`
	}
	post(t, base+"/v1/login", "", map[string]string{
		"user_name": name, "password": demo.DemoPassword, "account_sid": demo.DemoAccount, "device_id": device,
	}, &answer)
	return voice.Account{
		Hostname: answer.Host, SubscriberName: answer.Name, DisplayName: name,
		AccountSID: answer.Account, SubscriberToken: string(answer.Token),
	}
}

func postContext(t testing.TB, url, name, token, callee string) {
	t.Helper()
	post(t, url+"/v1/accounts/demo/subscribers/"+name+"/context", token, map[string]string{"dialToNumber": "sip:" + callee, "message": ""}, nil)
}

// accessToken is the one that the login gave.
func accessToken(a voice.Account) string {
	var pair struct {
		Access string `json:"access_token"`
	}
	_ = json.Unmarshal([]byte(a.SubscriberToken), &pair)
	return pair.Access
}

func post(t testing.TB, url, bearer string, in, out any) {
	t.Helper()
	text, _ := json.Marshal(in)
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode > 299 {
		t.Fatalf("%s: %s", url, res.Status)
	}
	if out != nil {
		if err := json.NewDecoder(res.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
}

// openInbox relays what the push inbox delivers, as package push does with more
// care.
func (p *phoneOf) openInbox() (stop func()) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	token, err := p.AccessToken(ctx, "")
	if err != nil {
		p.t.Fatal(err)
	}
	post(p.t, p.url+"/v1/accounts/demo/subscribers/"+p.name+"/devicetoken", token, map[string]string{"deviceToken": "token-" + p.name}, nil)
	c, res, err := websocket.Dial(ctx, p.url+"/v1/push?since=0", &websocket.DialOptions{
		Subprotocols: []string{"offhook.push.v1"},
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + token}, "X-Device-Token": {"token-" + p.name}},
		HTTPClient:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	if err != nil {
		p.t.Fatal(err, res)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var frame struct {
				Type string            `json:"type"`
				ID   int64             `json:"id"`
				Data map[string]string `json:"data"`
			}
			if wsjson.Read(ctx, c, &frame) != nil {
				return
			}
			if frame.Type == "message" {
				_, _ = p.RelaySessionData(ctx, frame.Data)
				p.pushes <- frame.Data
				_ = wsjson.Write(ctx, c, map[string]any{"type": "ack", "id": frame.ID})
			}
		}
	}()
	return func() {
		cancel()
		_ = c.CloseNow()
		<-done
	}
}

// dialTo posts the call context and dials, as the application does.
func (p *phoneOf) dialTo(id string) *voice.Call {
	p.t.Helper()
	token, err := p.AccessToken(context.Background(), "")
	if err != nil {
		p.t.Fatal(err)
	}
	postContext(p.t, p.url, p.name, token, id)
	call, err := p.Dial(context.Background(), "sip:"+demo.DemoExophone, "", voice.ShownAs(id))
	if err != nil {
		p.t.Fatal(err)
	}
	return call
}

// ofConsultation reports whether an event is one of a call that another one is about:
// that one's details sum it up.
func ofConsultation(ev voice.Event) bool {
	var call voice.CallDetails
	switch ev := ev.(type) {
	case voice.CallInitiated:
		call = ev.Call
	case voice.CallRinging:
		call = ev.Call
	case voice.CallEstablished:
		call = ev.Call
	case voice.CallChanged:
		call = ev.Call
	case voice.CallEnded:
		call = ev.Call
	}
	return call.ConsultsFor != ""
}

// expect waits for the next event of type E and passes over the others.
func expect[E voice.Event](p *phoneOf) E {
	p.t.Helper()
	limit := time.NewTimer(timeout)
	defer limit.Stop()
	for {
		select {
		case ev, ok := <-p.sub.Events():
			if !ok {
				p.t.Fatalf("%s: no more events", p.name)
			}
			if ofConsultation(ev) {
				continue
			}
			if want, ok := ev.(E); ok {
				return want
			}
			if ended, ok := ev.(voice.CallEnded); ok {
				var want E
				p.t.Fatalf("%s: the call ended as %v (%d), want %T", p.name, ended.Call.EndReason, ended.Call.Status, want)
			}
		case <-limit.C:
			var want E
			p.t.Fatalf("%s: no %T", p.name, want)
		}
	}
}

func (p *phoneOf) latest() *voice.Call {
	p.t.Helper()
	d, ok := p.LatestCallDetails()
	if !ok {
		p.t.Fatalf("%s has no call", p.name)
	}
	call, _ := p.CallFromID(d.CallID)
	return call
}

var sine = audio.Spec{Kind: audio.SpecSine, Hz: 440}
var null = audio.Spec{Kind: audio.SpecNull}

func TestTwoPhonesTalk(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, bob := newPhone(t, p, "alice", sine, null), newPhone(t, p, "bob", sine, null)

	out := alice.dialTo("bob")
	expect[voice.CallInitiated](alice)
	in := expect[voice.IncomingCall](bob).Call
	if in.RemoteID != "alice" {
		t.Errorf("bob is called by %q", in.RemoteID)
	}
	expect[voice.CallRinging](alice)
	if err := bob.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEstablished](bob)
	expect[voice.CallEstablished](alice)
	if err := out.SendDTMF("12#"); err != nil {
		t.Fatal(err)
	}
	for _, want := range "12#" {
		if got := expect[voice.DTMFReceived](bob).Digit; got != want {
			t.Errorf("digit %c, want %c", got, want)
		}
	}
	for _, c := range []*voice.Call{out, bob.latest()} {
		s, err := c.Statistics()
		text, _ := json.Marshal(s)
		t.Logf("%v %s", err, text)
	}
	if err := out.Hangup(); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndLocalHangup {
		t.Errorf("alice: %v", got.EndReason)
	}
	if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndRemoteHangup {
		t.Errorf("bob: %v", got.EndReason)
	}
	expect[voice.MediaSessionDestroyed](alice)
	expect[voice.MediaSessionDestroyed](bob)
}
