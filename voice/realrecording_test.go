package voice_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"offhook/demo"
	"offhook/demo/exophone"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/platform"
	"offhook/voice/recording"
)

// recordedBy waits until a phone knows of a recording in a state.
func recordedBy(h *phoneOf, call *voice.Call, state voice.RecordingState) voice.Recording {
	h.t.Helper()
	for call.Details().Recording.State != state {
		expect[voice.CallChanged](h)
	}
	return call.Details().Recording
}

// asOperator makes a request with the API key.
func asOperator(t *testing.T, p *demo.Platform, method, path, body string) (*http.Response, string) {
	t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = p.URL() + "/v2/accounts/demo/calls/" + strings.TrimPrefix(path, "/")
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(path, "/") {
		req.SetBasicAuth(p.Account().APIKey, p.Account().APIToken)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// Every call is recorded: both phones know it, bob pauses while a card number is read, a
// payment page resumes, and the operator listens, by parts and by a link. It is logged.
func TestRealRecording(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, key, err := recording.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "key")
	check(t, os.WriteFile(file, []byte(key), 0o600))
	p := startDemo(t, demo.Config{DataDir: filepath.Join(dir, "data"), RecordingKeyFile: file, Record: exophone.RecordAll, AgentsPlay: true})
	alice, bob := newPhone(t, p, "alice", sine, null), newPhone(t, p, "bob", sine, null)
	out := alice.dialTo("bob")
	expect[voice.IncomingCall](bob)
	in := bob.latest()
	check(t, in.Answer())
	for h, call := range map[*phoneOf]*voice.Call{alice: out, bob: in} {
		if r := recordedBy(h, call, voice.RecordingOn); r.By != "rule" || r.Told != "both" || r.ByHand {
			t.Errorf("%+v", r)
		}
	}
	hears(t, out)
	hears(t, in)
	check(t, in.PauseRecording(within(t)))
	if r := recordedBy(alice, out, voice.RecordingPaused); r.ResumesAt.IsZero() {
		t.Errorf("alice: %+v", r)
	}
	session := in.Details().SessionID
	if res, body := asOperator(t, p, http.MethodPost, "/"+session+"/recording", `{"action":"resume"}`); res.StatusCode != 200 {
		t.Errorf("a payment page resumes: %d %s", res.StatusCode, body)
	}
	recordedBy(bob, in, voice.RecordingOn)
	check(t, in.Hold(within(t)))
	recordedBy(bob, in, voice.RecordingPaused)
	check(t, in.Resume(within(t)))
	recordedBy(bob, in, voice.RecordingOn)
	if err := in.StopRecording(within(t)); fault.TypeOf(err) != fault.ServerError {
		t.Errorf("stop: %v", err)
	}
	check(t, out.Hangup())
	expect[voice.CallEnded](bob)

	res, sound := asOperator(t, p, http.MethodGet, "/"+session+"/recording", "")
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "audio/ogg" || !strings.HasPrefix(sound, "OggS") {
		t.Fatalf("%d %s, %d bytes", res.StatusCode, res.Header.Get("Content-Type"), len(sound))
	}
	res, body := asOperator(t, p, http.MethodPost, "/"+session+"/recording/link", "")
	var link struct {
		Response struct {
			Data struct {
				URL string `json:"url"`
			} `json:"data"`
		} `json:"response"`
	}
	if err := json.Unmarshal([]byte(body), &link); err != nil || res.StatusCode != 200 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if res, body := asOperator(t, p, http.MethodGet, link.Response.Data.URL, ""); res.StatusCode != 200 || !strings.HasPrefix(body, "OggS") {
		t.Errorf("by link: %d", res.StatusCode)
	}
	if res, _ := asOperator(t, p, http.MethodGet, strings.Replace(link.Response.Data.URL, "expires=", "expires=9", 1), ""); res.StatusCode != 403 {
		t.Errorf("by a link of another time: %d", res.StatusCode)
	}
	playedBack(t, p, bob, session)
	_, report := asOperator(t, p, http.MethodGet, "/"+session, "")
	for _, part := range []string{`"who":"API key"`, `"who":"bob"`, `"who":"link until`, `"channels":"dual"`, `"by":"bob"`} {
		if !strings.Contains(report, part) {
			t.Errorf("the report lacks %s: %s", part, report)
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "data", "recordings"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "data", "recordings", entries[0].Name())); err != nil || strings.Contains(string(b), "OggS") {
		t.Errorf("the file is not encrypted: %v", err)
	}
}

// playedBack has a party of a call play its recording, which somebody else may not.
func playedBack(t *testing.T, p *demo.Platform, party *phoneOf, session string) {
	t.Helper()
	file, size, err := party.OpenRecording(within(t), session)
	check(t, err)
	l, err := recording.Listen(file, size)
	check(t, err)
	check(t, l.Seek(l.Length()/2))
	if _, err := l.Next(); err != nil || !party.PlaysRecordings() {
		t.Errorf("%v, plays %v", err, party.PlaysRecordings())
	}
	carol := newPhone(t, p, "carol", null, null)
	for name, id := range map[string]string{"somebody else's": session, "none": "no-such-session"} {
		if _, _, err := carol.OpenRecording(within(t), id); fault.TypeOf(err) != fault.ServerError || platform.StatusOf(err) != http.StatusNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A platform that does not record has nothing to pause.
func TestRealRecordingIsNotOffered(t *testing.T) {
	t.Parallel()
	_, bob, _, _, atBob := subscribersTalk(t)
	for name, do := range map[string]func(context.Context) error{"pause": atBob.PauseRecording, "resume": atBob.ResumeRecording, "start": atBob.StartRecording} {
		if err := do(within(t)); fault.TypeOf(err) != fault.ServerError {
			t.Errorf("%s: %v", name, err)
		}
	}
	check(t, atBob.Hangup())
	if err := atBob.PauseRecording(within(t)); fault.TypeOf(err) != fault.NoCall {
		t.Errorf("after the end: %v", err)
	}
	_ = bob
}
