package demo

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket/wsjson"

	"offhook/demo/platform"
	"offhook/voice/codec"
)

// The way of a phone from sign-in to the push of a call.
func TestFromSignInToPush(t *testing.T) {
	t.Parallel()
	p := startPlatform(t, Config{RingLimit: 19500 * time.Millisecond})
	alice, bob := signedIn(t, p, "alice"), signedIn(t, p, "bob")
	if alice.host != p.URL()+"/v2" {
		t.Errorf("host_name = %q", alice.host)
	}

	var profile struct {
		SIPURI    string   `json:"sip_uri"`
		Password  string   `json:"sip_password"`
		Server    string   `json:"sip_server"`
		Port      int      `json:"sip_port"`
		Transport string   `json:"sip_transport"`
		Path      string   `json:"sip_path"`
		Exophone  string   `json:"exophone"`
		Ring      int      `json:"incoming_call_timeout"`
		Codecs    []string `json:"codecs"`
	}
	a := alice.do(http.MethodGet, alice.voice("profile"), alice.access, nil)
	if a.status != http.StatusOK {
		t.Fatalf("profile: %d %s", a.status, a.body)
	}
	a.data(t, &profile)
	u, _ := url.Parse(p.URL())
	if profile.SIPURI != "sip:alice@demo.voip.offhook" || len(profile.Password) < 16 || profile.Server != u.Hostname() || profile.Port == 0 ||
		profile.Transport != "WS" || profile.Path != "/sip" || profile.Exophone != DemoExophone || profile.Ring != 20 || len(profile.Codecs) != len(codec.Names()) {
		t.Errorf("profile = %+v", profile)
	}

	a = alice.do(http.MethodGet, alice.desk("alice", "contacts"), alice.access, nil)
	if a.status != http.StatusOK || !strings.Contains(string(a.body), `"contact_number":"bob"`) || strings.Contains(string(a.body), `"contact_number":"alice"`) || !strings.Contains(string(a.body), `"is_special":true`) {
		t.Errorf("contacts: %d %s", a.status, a.body)
	}

	if a := alice.do(http.MethodPost, alice.desk("alice", "context"), alice.access, map[string]string{"dialToNumber": "sip:bob", "message": "about the order"}); a.status != http.StatusOK {
		t.Fatalf("context: %d %s", a.status, a.body)
	}
	if a := bob.do(http.MethodGet, bob.desk("alice", "context"), bob.access, nil); !strings.Contains(string(a.body), "about the order") {
		t.Errorf("bob reads alice's context: %d %s", a.status, a.body)
	}
	if a := bob.do(http.MethodPost, bob.desk("bob", "devicetoken"), bob.access, map[string]string{"deviceToken": "push-" + bob.device}); a.status != http.StatusOK {
		t.Errorf("devicetoken: %d %s", a.status, a.body)
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := p.outgoingClient()
	if err != nil {
		t.Fatal(err)
	}
	dialWhom, _ := url.Parse(p.cfg.DialWhomURL)
	whom, err := (&platform.DialWhom{URL: dialWhom, Client: client}).Ask(ctx, url.Values{"CallSid": {"c1"}, "CallFrom": {"sip:alice"}, "CallTo": {"sip:" + DemoExophone}})
	if err != nil || len(whom.Numbers) != 1 || whom.Numbers[0] != "bob" {
		t.Fatalf("Dial-Whom = %+v, %v", whom, err)
	}

	conn, hello := bob.openPush()
	if hello.Type != "hello" || hello.Inbox == "" || time.Since(hello.Now).Abs() > time.Minute {
		t.Errorf("hello = %+v", hello)
	}
	pushURL, _ := url.Parse(p.cfg.PushURL)
	pusher := platform.Pusher{URL: pushURL, Client: client}
	if err := pusher.Push(ctx, "bob", "a.b.c", "1"); err != nil {
		t.Fatal(err)
	}
	f := bob.next(conn)
	if f.Type != "message" || f.ID < 1 || f.Data.SubscriberName != "bob" || f.Data.Payload != "a.b.c" || f.Data.PayloadVersion != "1" || !f.ExpiresAt.After(f.SentAt) {
		t.Errorf("message = %+v", f)
	}
	if err := wsjson.Write(ctx, conn, map[string]any{"type": "ack", "id": f.ID}); err != nil {
		t.Fatal(err)
	}
}

func TestStartFailsCleanly(t *testing.T) {
	t.Parallel()
	busy := startPlatform(t, Config{})
	u, _ := url.Parse(busy.URL())
	for name, cfg := range map[string]Config{
		"port in use":    {Listen: u.Host},
		"media":          {MediaListen: "not an address"},
		"no certificate": {TLSCertFile: "/nonexistent", TLSKeyFile: "/nonexistent"},
		"Dial-Whom":      {DialWhomURL: "ftp://user:secret@example.com"},
		"data is a file": {DataDir: "demo_test.go"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			err = p.Start(context.Background())
			if err == nil {
				closePlatform(t, p)
				t.Fatal("started")
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}
