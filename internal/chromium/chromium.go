// Package chromium drives a page in a real browser by its DevTools protocol, for
// tests of what web pages see.
package chromium

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// Page is a page in Chromium, driven by its DevTools protocol.
type Page struct {
	t       testing.TB
	conn    *websocket.Conn
	session string
	id      int
}

var devTools = regexp.MustCompile(`DevTools listening on (ws://\S+)`)

// Start opens an empty page. The browser ends with the test.
func Start(t testing.TB) *Page {
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
	b := &Page{t: t, conn: conn}
	var target struct{ TargetID string }
	b.Do("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.Do("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	return b
}

// Do sends a command and decodes its result.
func (b *Page) Do(method string, params, result any) {
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

// Text is what the page shows in an element.
func (b *Page) Text(selector string) string {
	b.t.Helper()
	return b.Eval(fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))
}

// Eval evaluates an expression in the page, waits for it if it is a promise, and
// returns its value, which must be a text.
func (b *Page) Eval(expression string) string {
	b.t.Helper()
	var got struct {
		Result           struct{ Value string }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.Do("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "userGesture": true}, &got)
	if e := got.ExceptionDetails; e != nil {
		b.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	return got.Result.Value
}
