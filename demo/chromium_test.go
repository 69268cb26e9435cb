//go:build interop

package demo

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/demo/platform"
	"offhook/demo/relay/relaytest"
	"offhook/internal/chromium"
)

func picture(t *testing.T, b *chromium.Page, name string) {
	t.Helper()
	var shot struct{ Data string }
	b.Do("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot)
	dir := os.Getenv("OFFHOOK_PICTURES")
	if dir == "" {
		dir = t.TempDir()
	}
	image, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil || len(image) < 5000 {
		t.Fatalf("picture of %d bytes: %v", len(image), err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), image, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The console in a real browser: it shows a call while it lives and afterwards,
// with its feedback and log, and renews itself.
func TestConsoleInChromium(t *testing.T) {
	p := startPlatform(t, Config{RingLimit: 8 * time.Second, Accounts: []platform.Account{{SID: "demo", APIKey: "key", APIToken: "token", Exophone: DemoExophone, VoIP: true}}})
	b := chromium.Start(t)
	b.Do("Network.enable", map[string]any{}, nil)
	b.Do("Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("key:token"))}}, nil)
	b.Do("Page.navigate", map[string]any{"url": p.URL() + "/console"}, nil)
	relaytest.Eventually(t, "page", func() bool { return strings.Contains(b.Text("#subscribers"), "carol") })
	if text := b.Text("#live"); !strings.Contains(text, "No call is in progress") {
		t.Errorf("live calls: %s", text)
	}

	alice, bob := signedIn(t, p, "alice"), signedIn(t, p, "bob")
	bob.openPush()
	heard := talkTo(t, p, alice, "echo")
	alice.do(http.MethodPost, alice.voice("feedback"), alice.access, map[string]any{"session_id": heard, "rating": 4})
	alice.do(http.MethodPost, alice.desk("alice", "context"), alice.access, map[string]string{"dialToNumber": "sip:bob"})
	ended := make(chan int)
	go func() { ended <- alice.call(t, "order:17") }()
	relaytest.Eventually(t, "live call on the page", func() bool {
		return strings.Contains(b.Text("#live"), "ringing") && strings.Contains(b.Text("#recent"), "Good") && strings.Contains(b.Text("#recent"), "4/5")
	})
	if text := b.Text("#subscribers"); !strings.Contains(text, "connected") {
		t.Errorf("subscribers: %s", text)
	}
	picture(t, b, "console.png")
	if status := <-ended; status != 480 {
		t.Errorf("the caller gets %d", status)
	}
	calls, _, err := p.platform.Calls(t.Context(), "demo", false, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	session := calls[0].SessionID
	alice.do(http.MethodPost, alice.voice("feedback"), alice.access, map[string]any{"session_id": session, "rating": 2, "issue": "CHOPPY_AUDIO", "note": "<script>alert(1)</script>"})
	alice.do(http.MethodPost, alice.voice("events"), alice.access, map[string]any{"events": []any{map[string]any{"name": "call_ended", "session_id": session}}})
	var to struct{ URL string }
	alice.do(http.MethodPost, alice.voice("logdestination"), alice.access, map[string]any{"size": 3, "description": "It was choppy", "session_id": session}).data(t, &to)
	alice.do(http.MethodPut, to.URL, "", "zip")
	relaytest.Eventually(t, "ended call on the page", func() bool {
		return strings.Contains(b.Text("#recent"), "CHOPPY_AUDIO") && strings.Contains(b.Text("#recent"), "<script>alert(1)</script>") && strings.Contains(b.Text("#logs"), "It was choppy") && strings.Contains(b.Text("#live"), "No call is in progress")
	})
	b.Do("Page.navigate", map[string]any{"url": p.URL() + "/console/calls/" + session}, nil)
	relaytest.Eventually(t, "page of the call", func() bool {
		return strings.Contains(b.Text("#call"), "order:17") && strings.Contains(b.Text("#events"), "call_ended") && strings.Contains(b.Text("#logs"), "Download")
	})
	picture(t, b, "console-call.png")
	closePlatform(t, p)
	relaytest.Eventually(t, "word that the platform is gone", func() bool { return strings.Contains(b.Text("#connection"), "does not answer") })
}

// talkTo has a call with a bot, with a second of sound, and returns its session.
func talkTo(t *testing.T, p *Platform, ph *phone, bot string) string {
	t.Helper()
	return talkToWith(t, ph, bot, make([]int16, 48000))
}
