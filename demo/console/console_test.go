package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"offhook/demo/platform"
	"offhook/voice/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSource has one of each, with markup in every text, or fails.
type fakeSource struct{ err error }

const markup = `<b onclick="x">&`

func (f fakeSource) Subscribers(context.Context, int) ([]platform.Subscriber, int, error) {
	return []platform.Subscriber{{Name: "alice" + markup, Status: "active"}}, 1, f.err
}
func (f fakeSource) Connected(string) bool { return true }
func (f fakeSource) Calls(_ context.Context, live bool, _ int) ([]platform.Call, error) {
	call := platform.Call{SessionID: "s1", Caller: "alice", Callee: markup, State: "ringing", Created: "2026"}
	if live {
		return []platform.Call{call}, f.err
	}
	ended := call
	ended.Ended, ended.EndReason, ended.CallerLeg.MOS, ended.CalleeLeg.MOS = "2026", "hangup", 4.2, 3.7
	return []platform.Call{call, ended}, f.err
}
func (f fakeSource) Report(_ context.Context, session string) (platform.CallReport, error) {
	if session != "s1" {
		return platform.CallReport{}, platform.ErrCallNotFound
	}
	return platform.CallReport{Call: platform.Call{SessionID: "s1", CustomField: markup, Recording: &platform.Recording{State: "off", By: "rule", Ended: "2026", Pauses: []platform.RecordingPause{{By: "bob"}}, Listened: []platform.Listened{{Who: markup}}}}, Events: []platform.Event{{Event: []byte(`{"a":"` + "<i>" + `"}`)}}, Logs: []platform.Log{{Reference: "r1", Description: markup}}, Outcomes: []platform.Outcome{{Subscriber: "bob", Code: "lost"}}}, f.err
}
func (f fakeSource) Feedback(context.Context, string) ([]platform.Feedback, error) {
	return []platform.Feedback{{Subscriber: "alice", Rating: 1, Issue: "ECHO", Note: markup}}, f.err
}
func (f fakeSource) Outcomes(context.Context, string) ([]platform.Outcome, error) {
	return []platform.Outcome{{Subscriber: "alice", Code: "sold", Note: markup, CallbackAt: "2027"}}, f.err
}
func (f fakeSource) Agent(string) wire.Agent {
	return wire.Agent{State: wire.AgentBreak, Reason: markup, Doing: wire.AgentInCall}
}
func (f fakeSource) Logs(context.Context, int) ([]platform.Log, error) {
	return []platform.Log{{Reference: "r1", Description: markup}}, f.err
}
func (f fakeSource) SendRecording(w http.ResponseWriter, r *http.Request) error {
	if r.PathValue("session") != "s1" {
		return errors.New("no such recording")
	}
	_, err := io.WriteString(w, "sound")
	return err
}
func (f fakeSource) SendLog(w http.ResponseWriter, r *http.Request) error {
	if r.PathValue("reference") != "r1" {
		return errors.New("no such log")
	}
	_, err := io.WriteString(w, "zip")
	return err
}
func (f fakeSource) Figures() []Figure { return []Figure{{"Live calls", "1"}} }

func TestPages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path   string
		err    error
		status int
		has    []string
	}{
		{"/console", nil, 200, []string{"Live calls", "ringing", "hangup", "4.2 Good", "3.7 Fair", "1/5 ECHO", "alice: sold", "call back at 2027", "break (", "in_call", "connected", "/console/logs/r1", "/console/calls/s1"}},
		{"/console/calls/s1", nil, 200, []string{"s1", "bob: lost", "/console/logs/r1", `<audio controls`, "/console/recordings/s1", "to now by bob"}},
		{"/console/calls/s2", nil, 404, []string{"no such call"}},
		{"/console/logs/r1", nil, 200, []string{"zip"}},
		{"/console/logs/..%2fr1", nil, 404, nil},
		{"/console/recordings/s1", nil, 200, []string{"sound"}},
		{"/console/recordings/s2", nil, 404, []string{"no such recording"}},
		{"/console/static/console.css", nil, 200, []string{"body"}},
		{"/console/static/console.js", nil, 200, []string{"renew"}},
		{"/console/static/..%2fconsole.go", nil, 404, nil},
		{"/console/nothing", nil, 404, nil},
		{"/console", errors.New("disk on fire"), 500, []string{"the log says why"}},
		{"/console/calls/s1", errors.New("disk on fire"), 500, nil},
	} {
		rec := httptest.NewRecorder()
		New(fakeSource{row.err}, slog.New(slog.DiscardHandler)).Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, row.path, nil))
		body := rec.Body.String()
		if rec.Code != row.status {
			t.Errorf("%s: %d, want %d", row.path, rec.Code, row.status)
		}
		for _, text := range row.has {
			if !strings.Contains(body, text) {
				t.Errorf("%s lacks %q", row.path, text)
			}
		}
		if strings.Contains(body, "<b onclick") || strings.Contains(body, "<i>") || strings.Contains(body, "disk on fire") {
			t.Errorf("%s shows what it must not:\n%s", row.path, body)
		}
		if !strings.Contains(rec.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has no policy", row.path)
		}
	}
}
