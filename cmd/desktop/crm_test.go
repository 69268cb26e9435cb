//go:build interop

package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"offhook/app"
	"offhook/internal/chromium"
	"offhook/voice"
)

// The example page in a real browser: it is paired by the code that the phone shows,
// calls with a message, shows the customer's card, answers, mutes, holds, hands the
// call on and hangs up. A page of another origin gets nothing.
func TestThePageInChromium(t *testing.T) {
	platform := startPlatform(t)
	alice, bob := startPhone(t, platform.url, "alice", "sine:440"), startPhone(t, platform.url, "bob", "sine:600")
	carol := startPhone(t, platform.url, "carol", "sine:700")
	for _, p := range []*phone{alice, bob, carol} {
		p.ready(t)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	alice.do(t, "settings", "desk_api.port", fmt.Sprint(port))
	alice.do(t, "settings", "desk_api.origins", `["`+platform.url+`"]`)
	alice.do(t, "settings", "desk_api.on", "true")

	b := chromium.Start(t)
	until := func(what string, f func() bool) {
		t.Helper()
		for end := time.Now().Add(timeout); !f(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("no %s; the page shows %q", what, b.Text("body"))
			}
		}
	}
	shows := func(selector, text string) {
		t.Helper()
		until(text+" in "+selector, func() bool { return strings.Contains(b.Text(selector), text) })
	}
	press := func(selector string) {
		t.Helper()
		b.Eval(fmt.Sprintf("document.querySelector(%q).click(), ''", selector))
	}
	b.Do("Page.navigate", map[string]any{"url": fmt.Sprintf("%s/console/crm/?port=%d", platform.url, port)}, nil)
	shows("#state", "not connected")
	press("#ask")
	code := ""
	alice.until(t, timeout, "code", func(s *app.Snapshot) bool {
		if s.Pairing != nil {
			code = s.Pairing.Code
		}
		return code != ""
	})
	b.Eval(fmt.Sprintf("document.querySelector('#code').value = %q", code))
	b.Eval("document.querySelector('#pair').requestSubmit(), ''")
	shows("#state", "connected")
	until("pairing", func() bool { return b.Text("#state") == "connected" })

	// Click to call, with the message that stands on the page.
	press("#customers tr:nth-child(2) a")
	shows("#who", "Bob Example")
	bob.until(t, timeout, "ring with the message", func(s *app.Snapshot) bool {
		return s.Call != nil && s.Call.State == voice.StateIncoming && strings.Contains(s.Call.Message, "4471")
	})
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	shows("#call", "ESTABLISHED")
	for _, row := range [][2]string{{"mute", "muted"}, {"unmute", ""}, {"hold", "on hold"}, {"resume", ""}} {
		press("[data-command=" + row[0] + "]")
		until(row[0], func() bool {
			said := b.Text("#call")
			return row[1] != "" && strings.Contains(said, row[1]) || row[1] == "" && !strings.Contains(said, "muted") && !strings.Contains(said, "on hold")
		})
	}
	b.Eval("document.querySelector('#target').value = 'carol'")
	press("#transfer")
	carol.until(t, timeout, "ring of the transfer", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.State == voice.StateIncoming })
	carol.do(t, "answer", "--wait", "ESTABLISHED")
	alice.until(t, timeout, "end", func(s *app.Snapshot) bool { return s.Call == nil })
	carol.do(t, "hangup", "--wait", "ENDED")

	// The customer's card at the ring, answered and hung up on the page.
	bob.until(t, timeout, "end", func(s *app.Snapshot) bool { return s.Call == nil })
	bob.do(t, "dial", "alice", "--message", "about 4480")
	shows("#who", "Bob Example")
	shows("#call", "INCOMING")
	shows("#record", "4480, paid")
	press("[data-command=answer]")
	bob.until(t, timeout, "answer", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.State == voice.StateEstablished })
	shows("#call", "ESTABLISHED")
	press("[data-command=hangup]")
	bob.until(t, timeout, "end", func(s *app.Snapshot) bool { return s.Call == nil })

	// Another origin, even with the token: the same page under another name of this
	// computer.
	token := b.Eval("localStorage.getItem('offhook-token')")
	b.Do("Page.navigate", map[string]any{"url": strings.Replace(platform.url, "127.0.0.1", "localhost", 1) + "/console/crm/"}, nil)
	until("page", func() bool { return b.Text("h1") == "Customers" })
	for _, attempt := range []string{
		fmt.Sprintf("fetch('http://127.0.0.1:%d/v1/status', {headers: {Authorization: 'Bearer %s'}}).then(r => r.text())", port, token),
		fmt.Sprintf("fetch('http://127.0.0.1:%d/v1/openapi.json').then(r => r.text())", port),
		fmt.Sprintf("fetch('http://127.0.0.1:%d/v1/pairings', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{\"name\":\"x\"}'}).then(r => r.text())", port),
		fmt.Sprintf("new Promise((good, bad) => { const s = new WebSocket('ws://127.0.0.1:%d/v1/events', ['offhook.desk.v1', 'token.%s']); s.onopen = () => good('open'); s.onerror = () => bad('refused') })", port, token),
	} {
		if got := b.Eval(attempt + ".catch(e => 'refused')"); got != "refused" {
			t.Errorf("another origin gets %q by %s", got, attempt)
		}
	}
	if s := alice.status(t); s.Pairing != nil {
		t.Errorf("another origin asks to be paired: %+v", s.Pairing)
	}
}
