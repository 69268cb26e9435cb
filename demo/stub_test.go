package demo

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/platform"
	"offhook/demo/relay/relaytest"
)

// stubBackend is an application backend that has nothing to do with this
// project's: a customer's own.
type stubBackend struct {
	*httptest.Server
	mu    sync.Mutex
	asked []*http.Request
	push  []*http.Request
	body  [][]byte
	whom  func(w http.ResponseWriter)
}

func newStubBackend(t *testing.T, whom func(w http.ResponseWriter)) *stubBackend {
	s := &stubBackend{whom: whom}
	mux := http.NewServeMux()
	mux.HandleFunc("/company/whom", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r)
		s.whom(w)
	})
	mux.HandleFunc("/company/push", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.push, s.body = append(s.push, r), append(s.body, body)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *stubBackend) with(path string) string {
	return strings.Replace(s.URL, "http://", "http://theirkey:their%2Ftoken@", 1) + path
}

// fixedClock tells always the same time; its timers are the machine's.
type fixedClock struct{ at time.Time }

func (c fixedClock) Now() time.Time { return c.at }

func (c fixedClock) AfterFunc(d time.Duration, f func()) exophone.Timer { return time.AfterFunc(d, f) }

// The platform against a backend that somebody else wrote: what it is asked and
// what it is pushed, field by field.
func TestForeignBackend(t *testing.T) {
	t.Parallel()
	stub := newStubBackend(t, func(w http.ResponseWriter) {
		io.WriteString(w, `{"fetch_after_attempt":false,"destination":{"numbers":["sip:bob"]},"outgoing_phone_number":"08080808080","record":false,"recording_channels":"dual","max_ringing_duration":1,"max_conversation_duration":3600,"request_id":"2e48100e6b474714b1a64bfa9f5b7a55","method":"GET","http_code":200,"code":null,"error_data":null,"status":null}`)
	})
	at := time.Date(2026, 11, 23, 16, 30, 37, 0, time.UTC)
	p := startPlatform(t, Config{DialWhomURL: stub.with("/company/whom"), PushURL: stub.with("/company/push"), Clock: fixedClock{at}})
	alice := signedIn(t, p, "alice")
	if status := alice.call(t, "order:17,{vip}"); status != 480 {
		t.Errorf("the caller of a phone that does not answer gets %d, want 480", status)
	}
	stub.mu.Lock()
	defer stub.mu.Unlock()
	if len(stub.asked) != 1 || len(stub.push) != 1 {
		t.Fatalf("asked %d times, pushed %d times", len(stub.asked), len(stub.push))
	}
	asked := stub.asked[0]
	query := asked.URL.Query()
	sid := query.Get("CallSid")
	want := url.Values{
		"CallSid": {sid}, "CallFrom": {"sip:alice"}, "CallTo": {"sip:08040408080"}, "From": {"sip:alice"}, "To": {"sip:08040408080"},
		"CallStatus": {"ringing"}, "Direction": {"incoming"}, "CallFromState": {"available"}, "CallType": {"call-attempt"}, "DialCallDuration": {"0"}, "DialWhomNumber": {""},
		"Created": {"Mon, 23 Nov 2026 22:00:37"}, "StartTime": {"2026-11-23 22:00:37"}, "CurrentTime": {"2026-11-23 22:00:37"}, "EndTime": {"1970-01-01 05:30:00"},
		"flow_id": {numberOf("demo", "flow")}, "tenant_id": {numberOf("demo", "tenant")}, "CustomField": {"order:17,{vip}"},
	}
	if !reflect.DeepEqual(query, want) || sid == "" {
		t.Errorf("Dial-Whom was asked\n%v, want\n%v", query, want)
	}
	for _, r := range []*http.Request{asked, stub.push[0]} {
		if user, password, ok := r.BasicAuth(); !ok || user != "theirkey" || password != "their/token" {
			t.Errorf("%s: credentials %q %q", r.URL.Path, user, password)
		}
	}
	if asked.Method != http.MethodGet || stub.push[0].Method != http.MethodPost || stub.push[0].URL.RawQuery != "" {
		t.Errorf("%s and %s %s", asked.Method, stub.push[0].Method, stub.push[0].URL)
	}
	var body map[string]string
	if err := json.Unmarshal(stub.body[0], &body); err != nil || len(body) != 3 || body["subscriberName"] != "bob" || body["payloadVersion"] != "1" {
		t.Fatalf("push %s", stub.body[0])
	}
	claimsText, err := base64.RawURLEncoding.DecodeString(strings.Split(body["payload"], ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(claimsText, &claims); err != nil {
		t.Fatal(err)
	}
	session := claims["sessionId"].(string)
	for name, value := range map[string]any{
		"iss": "offhook", "sub": "bob", "callerId": "08080808080", "longPollUrl": p.URL() + "/v2/calls/" + session + "/state",
		"rejectCallUrl": p.URL() + "/v2/calls/" + session + "/reject", "longPollTimeout": 25.0, "iat": float64(at.Unix()),
	} {
		if claims[name] != value {
			t.Errorf("claim %s = %v, want %v", name, claims[name], value)
		}
	}
	var polled struct{ State string }
	alice.do(http.MethodGet, claims["longPollUrl"].(string), body["payload"], nil).data(t, &polled)
	if polled.State != "timeout" {
		t.Errorf("the long poll tells %q", polled.State)
	}
}

// Each way in which a foreign backend can fail reaches the caller as a status.
func TestForeignBackendFails(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		whom   func(w http.ResponseWriter)
		status int
	}{
		"nobody known":   {func(w http.ResponseWriter) { w.WriteHeader(404) }, 404},
		"failure":        {func(w http.ResponseWriter) { w.WriteHeader(500) }, 500},
		"overloaded":     {func(w http.ResponseWriter) { w.WriteHeader(503) }, 503},
		"nonsense":       {func(w http.ResponseWriter) { io.WriteString(w, "bob") }, 500},
		"unknown callee": {func(w http.ResponseWriter) { io.WriteString(w, "sip:zed") }, 404},
		"hangs up":       {func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stub := newStubBackend(t, row.whom)
			p := startPlatform(t, Config{DialWhomURL: stub.with("/company/whom"), PushURL: stub.with("/company/push")})
			if status := signedIn(t, p, "alice").call(t, ""); status != row.status {
				t.Errorf("the caller gets %d, want %d", status, row.status)
			}
		})
	}
}

// A call leaves a record that the API reads back, and the figures count it.
func TestCallIsRecorded(t *testing.T) {
	t.Parallel()
	p := startPlatform(t, Config{Accounts: []platform.Account{{SID: "demo", APIKey: "key", APIToken: "token", Exophone: DemoExophone, VoIP: true}}})
	alice := signedIn(t, p, "alice")
	alice.do(http.MethodPost, alice.desk("alice", "context"), alice.access, map[string]string{"dialToNumber": "sip:busy"})
	if status := alice.call(t, ""); status != 486 {
		t.Errorf("the caller of busy gets %d", status)
	}
	var call platform.Call
	relaytest.Eventually(t, "record", func() bool {
		calls, total, err := p.platform.Calls(t.Context(), "demo", false, 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		if total == 1 {
			call = calls[0]
		}
		return call.Ended != ""
	})
	if call.Caller != "alice" || call.Callee != "busy" || call.Status != 486 {
		t.Errorf("record %+v", call)
	}
	if n := p.metrics.calls.Load(); n != 1 {
		t.Errorf("%d calls are counted", n)
	}
	metrics := operator(t, p, "/metrics")
	for _, line := range []string{`offhook_calls_live 0`, `offhook_calls_total{end_reason=`, `offhook_http_requests_total{code="200",hat="backend"}`, `offhook_call_setup_seconds_count`, `offhook_hand_over_seconds_bucket{le="0.5"} 0`, `go_goroutines`, `process_resident_memory_bytes`} {
		if !strings.Contains(metrics, line) {
			t.Errorf("/metrics lacks %q:\n%s", line, metrics)
		}
	}
	if page := operator(t, p, "/console"); !strings.Contains(page, "<td>busy</td>") || !strings.Contains(page, "<td>carol</td>") {
		t.Errorf("console:\n%s", page)
	}
}

// operator gets a page with the account's credentials, and not without.
func operator(t *testing.T, p *Platform, path string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, credentials := range [][2]string{{}, {"key", "wrong"}, {"key", "token"}} {
		req, err := http.NewRequest(http.MethodGet, p.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if credentials[0] != "" {
			req.SetBasicAuth(credentials[0], credentials[1])
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if ok := credentials[1] == "token"; (res.StatusCode == http.StatusOK) != ok {
			t.Errorf("%s with %q: %d", path, credentials, res.StatusCode)
		} else if ok {
			return string(body)
		}
	}
	return ""
}
