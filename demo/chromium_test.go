//go:build interop

package demo

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"offhook/demo/platform"
	"offhook/demo/relay/relaytest"
)

// browser is a page in Chromium, driven by its DevTools protocol.
type browser struct {
	t       *testing.T
	conn    *websocket.Conn
	session string
	id      int
}

var devTools = regexp.MustCompile(`DevTools listening on (ws://\S+)`)

func startBrowser(t *testing.T) *browser {
	t.Helper()
	cmd := exec.Command("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0", "--window-size=1280,1000", "--user-data-dir="+t.TempDir(), "about:blank")
	errors, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	drained := make(chan struct{})
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-drained; _ = cmd.Wait() })
	lines := bufio.NewReader(errors)
	var url string
	for url == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			close(drained)
			t.Fatal("Chromium ended: ", err)
		}
		if m := devTools.FindStringSubmatch(line); m != nil {
			url = m[1]
		}
	}
	go func() { defer close(drained); _, _ = io.Copy(io.Discard, lines) }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(64 << 20)
	b := &browser{t: t, conn: conn}
	var target struct{ TargetID string }
	b.do("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.do("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	return b
}

// do sends a command and decodes its result.
func (b *browser) do(method string, params, result any) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	b.id++
	command := map[string]any{"id": b.id, "method": method, "params": params}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	if err := wsjson.Write(ctx, b.conn, command); err != nil {
		b.t.Fatal(err)
	}
	for {
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := wsjson.Read(ctx, b.conn, &answer); err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		switch {
		case answer.ID != b.id:
		case answer.Error != nil:
			b.t.Fatalf("%s: %s", method, answer.Error.Message)
		default:
			if result != nil {
				if err := json.Unmarshal(answer.Result, result); err != nil {
					b.t.Fatal(err)
				}
			}
			return
		}
	}
}

// text is what the page shows in an element.
func (b *browser) text(selector string) string {
	b.t.Helper()
	var got struct{ Result struct{ Value string } }
	b.do("Runtime.evaluate", map[string]any{"expression": fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector)}, &got)
	return got.Result.Value
}

func (b *browser) picture(name string) {
	b.t.Helper()
	var shot struct{ Data string }
	b.do("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot)
	dir := os.Getenv("OFFHOOK_PICTURES")
	if dir == "" {
		dir = b.t.TempDir()
	}
	image, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil || len(image) < 5000 {
		b.t.Fatalf("picture of %d bytes: %v", len(image), err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), image, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// The console in a real browser: it shows a call while it lives and afterwards,
// with its feedback and log, and renews itself.
func TestConsoleInChromium(t *testing.T) {
	p := startPlatform(t, Config{RingLimit: 8 * time.Second, Accounts: []platform.Account{{SID: "demo", APIKey: "key", APIToken: "token", Exophone: DemoExophone, VoIP: true}}})
	b := startBrowser(t)
	b.do("Network.enable", map[string]any{}, nil)
	b.do("Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("key:token"))}}, nil)
	b.do("Page.navigate", map[string]any{"url": p.URL() + "/console"}, nil)
	relaytest.Eventually(t, "page", func() bool { return strings.Contains(b.text("#subscribers"), "carol") })
	if text := b.text("#live"); !strings.Contains(text, "No call is in progress") {
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
		return strings.Contains(b.text("#live"), "ringing") && strings.Contains(b.text("#recent"), "Good") && strings.Contains(b.text("#recent"), "4/5")
	})
	if text := b.text("#subscribers"); !strings.Contains(text, "connected") {
		t.Errorf("subscribers: %s", text)
	}
	b.picture("console.png")
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
		return strings.Contains(b.text("#recent"), "CHOPPY_AUDIO") && strings.Contains(b.text("#recent"), "<script>alert(1)</script>") && strings.Contains(b.text("#logs"), "It was choppy") && strings.Contains(b.text("#live"), "No call is in progress")
	})
	b.do("Page.navigate", map[string]any{"url": p.URL() + "/console/calls/" + session}, nil)
	relaytest.Eventually(t, "page of the call", func() bool {
		return strings.Contains(b.text("#call"), "order:17") && strings.Contains(b.text("#events"), "call_ended") && strings.Contains(b.text("#logs"), "Download")
	})
	b.picture("console-call.png")
	closePlatform(t, p)
	relaytest.Eventually(t, "word that the platform is gone", func() bool { return strings.Contains(b.text("#connection"), "does not answer") })
}

// talkTo has a call with a bot, with a second of sound, and returns its session.
func talkTo(t *testing.T, p *Platform, ph *phone, bot string) string {
	t.Helper()
	ph.do(http.MethodPost, ph.desk(ph.name, "context"), ph.access, map[string]string{"dialToNumber": "sip:" + bot})
	media := relaytest.New(t, relaytest.Options{})
	d := ph.dial(t)
	res := d.call(media.Offer(false))
	if res.StatusCode != 200 {
		t.Fatalf("%s answers %d", bot, res.StatusCode)
	}
	media.SetAnswer(string(res.Body()))
	media.WaitConnected()
	media.Speak(make([]int16, 48000), nil)
	d.seq++
	d.send("BYE", "z9hG4bK"+rand.Text(), "")
	if bye := d.final(); bye.StatusCode != 200 {
		t.Errorf("BYE: %d", bye.StatusCode)
	}
	return res.GetHeader("X-Call-Sid").Value()
}
