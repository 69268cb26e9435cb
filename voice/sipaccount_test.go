package voice_test

import (
	"strings"
	"testing"

	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/media"
)

// What an account says of its relay is judged before the first call.
func TestRelaysOfASIPAccount(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		urls             []string
		user, credential string
		only             bool
		kind             voice.MediaKind
		says             string
	}{
		"none":               {},
		"stun":               {urls: []string{"stun:stun.test:3478"}},
		"turn":               {urls: []string{"turn:turn.test?transport=tcp", "turns:turn.test"}, user: "u", credential: "p", only: true},
		"nobody's":           {urls: []string{"turn:turn.test"}, says: "user name and a password"},
		"no password":        {urls: []string{"turn:turn.test"}, user: "u", says: "user name and a password"},
		"no address":         {urls: []string{"turn.test"}, says: "ICE server is not valid"},
		"only, without any":  {urls: []string{"stun:stun.test"}, only: true, says: "there is none"},
		"only, in plain RTP": {urls: []string{"turn:turn.test"}, user: "u", credential: "p", only: true, kind: voice.MediaRTP, says: "Only WebRTC"},
	} {
		a := voice.SIPAccount{Server: "wss://pbx.test/ws", User: "alice", Media: tc.kind, RelayOnly: tc.only}
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
