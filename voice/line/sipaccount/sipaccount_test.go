package sipaccount_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/media"
)

// What an account says of its relay is judged before the first call.
func TestRelaysOfASIPAccount(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		urls             []string
		user, credential string
		only             bool
		kind             line.MediaKind
		says             string
	}{
		"none":               {},
		"stun":               {urls: []string{"stun:stun.test:3478"}},
		"turn":               {urls: []string{"turn:turn.test?transport=tcp", "turns:turn.test"}, user: "u", credential: "p", only: true},
		"nobody's":           {urls: []string{"turn:turn.test"}, says: "user name and a password"},
		"no password":        {urls: []string{"turn:turn.test"}, user: "u", says: "user name and a password"},
		"no address":         {urls: []string{"turn.test"}, says: "ICE server is not valid"},
		"only, without any":  {urls: []string{"stun:stun.test"}, only: true, says: "there is none"},
		"only, in plain RTP": {urls: []string{"turn:turn.test"}, user: "u", credential: "p", only: true, kind: line.MediaRTP, says: "Only WebRTC"},
	} {
		a := sipaccount.Account{Server: "wss://pbx.test/ws", User: "alice", Media: tc.kind, RelayOnly: tc.only}
		if tc.urls != nil {
			a.ICEServers = []media.ICEServer{{URLs: tc.urls, Username: tc.user, Credential: tc.credential}}
		}
		err := a.Check()
		if tc.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if fault.TypeOf(err) != fault.ConfigurationInvalid || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The network's proxy is used as the account says.
func TestProxyOfASIPAccount(t *testing.T) {
	t.Parallel()
	a := sipaccount.Account{Server: "udp://pbx.test", User: "alice", ThroughProxy: true}
	if err := a.Check(); fault.TypeOf(err) != fault.ConfigurationInvalid || !strings.Contains(err.Error(), "proxy") {
		t.Errorf("UDP through a proxy: %v", err)
	}
	for name, tc := range map[string]struct {
		server  string
		through bool
		want    bool
	}{
		"tls through it": {"tls://pbx.test:5061", true, true},
		"tcp through it": {"tcp://pbx.test", true, true},
		"wss":            {"wss://pbx.test/ws", false, true},
		"tls directly":   {"tls://127.0.0.1:9", false, false},
		"tcp directly":   {"tcp://127.0.0.1:9", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialled := make(chan string, 64)
			client, err := voice.New(voice.WithHTTPClient(&http.Client{Transport: &http.Transport{
				DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
					select {
					case dialled <- address:
					default:
					}
					return nil, errors.New("the proxy is away")
				},
			}}))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close(context.Background()) }()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := client.Register(ctx, sipaccount.Account{
				Server: tc.server, User: "alice", Password: "secret", ThroughProxy: tc.through, AllowClearText: true,
			}); err == nil {
				t.Fatal("registered at nothing")
			}
			if got := len(dialled) > 0; got != tc.want {
				t.Errorf("went through the proxy: %v", got)
			}
		})
	}
}
