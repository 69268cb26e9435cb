package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/app"
	"offhook/app/directory"
	"offhook/voice/wire"
)

// restartable is a platform that can be started again in its place.
type restartable struct {
	*platform
	args []string
}

func startRestartable(t *testing.T, args ...string) *restartable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--listen", at, "--media-listen", at, "--data", filepath.Join(t.TempDir(), "data"), "--api-key", "key", "--api-token", "token"}, args...)
	return &restartable{startPlatform(t, args...), args}
}

// kill ends the platform as a power cut would.
func (r *restartable) kill(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-r.done
}

func (r *restartable) again(t *testing.T) { t.Helper(); r.platform = startPlatform(t, r.args...) }

// api asks the platform as a supervisor's server does.
func (r *restartable) api(t *testing.T, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+"/v2/accounts/demo"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("key", "token")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %s, %v", method, path, res.StatusCode, b.String(), err)
	}
	return b.String()
}

func (p *phone) ended(t *testing.T) *app.EndedCall {
	t.Helper()
	return p.until(t, timeout, "done with its call", func(s *app.Snapshot) bool { return s.Call == nil && s.LastCall != nil }).LastCall
}

// A platform that is killed has lost its calls, and the phones say so when it is there
// again: of one that was answered, and of one that rang. A platform that is shut down
// says that, too. Nobody has hung up.
func TestThePlatformLosesCalls(t *testing.T) {
	t.Parallel()
	platform := startRestartable(t, "--drain", "100ms")
	alice, bob := startPhone(t, platform.url, "alice", "sine:440"), startPhone(t, platform.url, "bob", "sine:880")
	both := []*phone{alice, bob}
	lost := func(what, word string) {
		t.Helper()
		for _, p := range both {
			if c := p.ended(t); c.EndReason != "FAILURE" || c.EndWord != word {
				t.Errorf("%s: %s sees %s %q", what, p.user, c.EndReason, c.EndWord)
			}
			var log struct {
				Calls []app.CallRecord `json:"calls"`
			}
			if err := p.ctl(&log, "history", "--limit", "1"); err != nil || len(log.Calls) != 1 || log.Calls[0].EndWord != word {
				t.Errorf("%s: %s has %+v in its log, %v", what, p.user, log.Calls, err)
			}
		}
	}
	talk := func() {
		t.Helper()
		for _, p := range both {
			p.ready(t)
		}
		alice.do(t, "dial", "bob")
		bob.untilState(t, "INCOMING")
		bob.do(t, "answer", "--wait", "ESTABLISHED")
		alice.untilState(t, "ESTABLISHED")
	}
	talk()
	platform.kill(t)
	platform.again(t)
	lost("talking", wire.ReasonPlatformLost)

	for _, p := range both {
		p.ready(t)
	}
	alice.do(t, "dial", "bob", "--wait", "RINGING")
	bob.untilState(t, "INCOMING")
	platform.kill(t)
	platform.again(t)
	if c := bob.ended(t); c.EndReason != "FAILURE" || c.EndWord != wire.ReasonPlatformLost {
		t.Errorf("ringing: bob sees %s %q", c.EndReason, c.EndWord)
	}
	if c := alice.ended(t); c.EndReason == "REMOTE_HANGUP" {
		t.Errorf("ringing: alice sees %s %q", c.EndReason, c.EndWord)
	}

	talk()
	platform.stop(t)
	lost("shut down", wire.ReasonShutdown)
}

// The day of an agent: a break that colleagues see and calls pass by, a supervisor's
// word, the work after a call, and outcomes that outlive both the platform and the
// phone.
func TestTheDayOfAnAgent(t *testing.T) {
	t.Parallel()
	platform := startRestartable(t, "--break-reasons", "Lunch=30m,प्रशिक्षण", "--outcomes", "Sold,Call back", "--wrap-up", "1h")
	alice, bob := startPhone(t, platform.url, "alice", "null"), startPhone(t, platform.url, "bob", "null")
	for _, p := range []*phone{alice, bob} {
		p.ready(t)
	}
	sees := func(presence directory.Presence, reason string) {
		t.Helper()
		alice.until(t, timeout, "seeing bob as "+string(presence), func(s *app.Snapshot) bool {
			var d struct {
				Colleagues []app.Colleague `json:"colleagues"`
			}
			if err := alice.ctl(&d, "directory", "bob"); err != nil || len(d.Colleagues) != 1 {
				t.Fatalf("%+v, %v", d, err)
			}
			return d.Colleagues[0].Presence == presence && d.Colleagues[0].Reason == reason
		})
	}
	stands := func(p *phone, state app.Availability) app.AgentState {
		t.Helper()
		return p.until(t, timeout, "in "+string(state), func(s *app.Snapshot) bool { return s.AgentState.State == state }).AgentState
	}
	sees("available", "")
	bob.do(t, "availability", "break", "--reason", "प्रशिक्षण")
	sees("break", "प्रशिक्षण")
	if bob.ctl(nil, "availability", "break", "--reason", "Fishing") == nil {
		t.Error("a reason that is not configured is taken")
	}
	alice.do(t, "dial", "bob")
	if c := alice.ended(t); c.EndReason != "BUSY" {
		t.Errorf("a call for bob on a break: %s", c.EndReason)
	}
	if s := bob.status(t); s.LastCall != nil || s.MissedUnseen != 0 {
		t.Errorf("bob was called on his break: %+v", s.LastCall)
	}
	bob.do(t, "availability", "break", "--reason", "Lunch")
	if a := bob.status(t).AgentState; a.LimitS != 1800 {
		t.Errorf("lunch lasts %d s", a.LimitS)
	}
	platform.api(t, http.MethodPut, "/subscribers/bob/agent-state", `{"state":"available"}`)
	stands(bob, app.Available)
	if s := bob.until(t, timeout, "told", func(s *app.Snapshot) bool { return s.Notice != nil }); s.Notice.Text.String() != "Your supervisor set you to Available." {
		t.Errorf("%s", s.Notice.Text)
	}

	talk := func() string {
		t.Helper()
		alice.do(t, "dial", "bob")
		bob.untilState(t, "INCOMING")
		bob.do(t, "answer", "--wait", "ESTABLISHED")
		sees("in_call", "")
		bob.do(t, "hangup")
		alice.ended(t)
		if a := stands(bob, app.AfterCallWork); a.Next != app.Available || a.Until == nil {
			t.Errorf("after the call: %+v", a)
		}
		sees("after_call_work", "")
		alice.do(t, "wrap-up", "done")
		return bob.status(t).WrapUp.Call.SessionID
	}
	outcomes := func(session, want string) {
		t.Helper()
		for end := time.Now().Add(timeout); ; {
			got := platform.api(t, http.MethodGet, "/calls/"+session, "")
			if strings.Contains(got, want) && strings.Count(got, `"subscriber_name":"bob","code"`) == 1 {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("the platform never has %s: %s", want, got)
			}
			bob.status(t)
		}
	}
	session := talk()
	if bob.ctl(nil, "outcome", "Lost") == nil {
		t.Error("an outcome that is not configured is taken")
	}
	bob.do(t, "outcome", "Sold", "--note", "नमस्ते", "--callback", "2027-01-02T15:00:00Z")
	bob.do(t, "wrap-up", "done")
	stands(bob, app.Available)
	outcomes(session, `"code":"Sold","note":"नमस्ते","callback_at":"2027-01-02T15:00:00Z"`)

	// Neither the platform nor the phone is there when it could be sent.
	session = talk()
	platform.kill(t)
	bob.do(t, "outcome", "Call back", "--note", "later")
	dir := bob.remote.ConfigDir
	if err := bob.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-bob.done
	platform.again(t)
	bob = startPhone(t, platform.url, "bob", "null", "--config-dir", dir)
	bob.remote.ConfigDir = dir
	bob.ready(t)
	outcomes(session, `"code":"Call back","note":"later"`)
	f := bob.status(t).Figures
	if f.Calls != 2 {
		text, _ := json.Marshal(f)
		t.Errorf("the day has %s", text)
	}
	bob.do(t, "quit")
	<-bob.done
	alice.ready(t)
	sees("offline", "")
}
