package demo

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"offhook/demo/inbox"
	"offhook/demo/relay/relaytest"
	"offhook/voice/wire"
)

// asServer makes a request with the account's API credentials.
func asServer(t *testing.T, p *Platform, method, path, body string) answer {
	t.Helper()
	req, err := http.NewRequest(method, p.URL()+"/v2/accounts/demo"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(p.Account().APIKey, p.Account().APIToken)
	ph := newPhone(t, p, "server")
	res, err := ph.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return readAnswer(t, res)
}

// TestAgentStates is the story of a break: chosen on the phone, told to colleagues,
// read and ended by a supervisor. Meanwhile no call is brought to the phone.
func TestAgentStates(t *testing.T) {
	t.Parallel()
	p := startPlatform(t, Config{Agents: wire.AgentRules{BreakReasons: []string{"lunch"}, Outcomes: []string{"sold", "call back"}}})
	alice, bob, carol := signedIn(t, p, "alice"), signedIn(t, p, "bob"), signedIn(t, p, "carol")
	push, _ := carol.openPush()
	bobsPush, _ := bob.openPush()
	news := make(chan wire.Agent, 64)
	go func() {
		for {
			var f wire.AgentFrame
			if err := readFrame(push, &f); err != nil {
				close(news)
				return
			}
			for _, a := range f.Agents {
				news <- a
			}
		}
	}()
	await := func(what string, want func(a wire.Agent) bool) {
		t.Helper()
		limit := time.After(time.Minute)
		for {
			select {
			case a, ok := <-news:
				if !ok {
					t.Fatalf("%s: the push socket ended", what)
				}
				if a.Name == "bob" && want(a) {
					return
				}
			case <-limit:
				t.Fatalf("carol never learns: %s", what)
			}
		}
	}
	state := func(method string, body any, status int) (a wire.Agent) {
		t.Helper()
		res := bob.do(method, bob.voice("agent-state"), bob.access, body)
		if res.status != status {
			t.Fatalf("%s %v: %d %s", method, body, res.status, res.body)
		}
		if status == http.StatusOK {
			res.data(t, &a)
		}
		return a
	}
	// The hello comes before the socket counts.
	relaytest.Eventually(t, "bob, available", func() bool {
		a := state(http.MethodGet, nil, 200)
		return a.State == wire.AgentAvailable && a.Doing == wire.AgentIdle
	})
	state(http.MethodPut, map[string]string{"state": "asleep"}, 400)
	state(http.MethodPut, map[string]string{"state": "break", "reason": "fishing"}, 400)
	state(http.MethodPut, wire.AgentChoice{State: wire.AgentBreak, Reason: "lunch"}, 200)
	await("bob's break", func(a wire.Agent) bool { return a.State == wire.AgentBreak && a.Reason == "lunch" })
	if res := alice.do(http.MethodPut, bob.voice("agent-state"), alice.access, wire.AgentChoice{State: wire.AgentBusy}); res.status != 401 {
		t.Errorf("alice chooses for bob: %d", res.status)
	}

	// The call is refused at once and never pushed.
	alice.do(http.MethodPost, alice.desk("alice", "context"), alice.access, map[string]string{"dialToNumber": "sip:bob"})
	res := alice.dial(t).call(relaytest.New(t, relaytest.Options{}).Offer(false))
	if h := res.GetHeader(wire.HeaderEndReason); res.StatusCode != 486 || h == nil || h.Value() != wire.ReasonAway {
		t.Errorf("a call for bob on a break: %d %v", res.StatusCode, h)
	}
	if n := p.Backend().Inbox().Stats().Delivered; n != 0 {
		t.Errorf("%d pushes", n)
	}

	// A supervisor sees all and ends the break.
	var all struct {
		Agents []wire.Agent `json:"agents"`
	}
	asServer(t, p, http.MethodGet, "/agents", "").data(t, &all)
	if len(all.Agents) < 2 {
		t.Errorf("the supervisor sees %+v", all.Agents)
	}
	if res := carol.do(http.MethodGet, carol.host+"/accounts/demo/agents", carol.access, nil); res.status != 200 || !strings.Contains(string(res.body), `"lunch"`) {
		t.Errorf("a colleague sees %d %s", res.status, res.body)
	}
	if res := asServer(t, p, http.MethodPut, "/subscribers/bob/agent-state", `{"state":"available"}`); res.status != 200 {
		t.Errorf("the supervisor: %d %s", res.status, res.body)
	}
	await("the end of bob's break", func(a wire.Agent) bool { return a.State == wire.AgentAvailable })
	bobsPush.CloseNow()
	await("bob's phone going", func(a wire.Agent) bool { return a.Doing == wire.AgentNotReady })
	var times wire.AgentTimes
	res2 := bob.do(http.MethodGet, bob.voice("agent-times"), bob.access, nil)
	res2.data(t, &times)
	if _, ok := times.Seconds[wire.AgentBreak]; !ok {
		t.Errorf("bob's times: %s", res2.body)
	}

	// What became of a call is read back with it.
	var call string
	relaytest.Eventually(t, "the record", func() bool {
		calls, _, err := p.platform.Calls(t.Context(), "demo", false, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(calls) == 1 && calls[0].Ended != "" {
			call = calls[0].SessionID
			if calls[0].EndReason != wire.ReasonAway || calls[0].Status != 486 {
				t.Errorf("record %+v", calls[0])
			}
		}
		return call != ""
	})
	for _, o := range []struct {
		code   string
		status int
	}{{"lost", 400}, {"call back", 200}, {"sold", 200}} {
		if res := alice.do(http.MethodPost, alice.voice("outcome"), alice.access, wire.Outcome{SessionID: call, Code: o.code, Note: "नमस्ते"}); res.status != o.status {
			t.Errorf("outcome %s: %d %s", o.code, res.status, res.body)
		}
	}
	if res := asServer(t, p, http.MethodGet, "/calls/"+call, ""); !strings.Contains(string(res.body), `"outcomes":[{"subscriber_name":"alice","code":"sold","note":"नमस्ते"`) {
		t.Errorf("the call read back: %s", res.body)
	}
	if p.Backend().Inbox().Connected(inbox.Owner{Account: "demo", Subscriber: "bob"}) {
		t.Error("bob is connected")
	}
}
