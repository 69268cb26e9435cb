package platform

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/relay"
	"offhook/demo/throttle"
	"offhook/voice/codec"
	"offhook/voice/wire"
)

const archit = subscribersPath + "/Archit"

func TestProfile(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		public    string
		server    string
		port      int
		transport string
	}{
		{"http://127.0.0.1:8080", "127.0.0.1", 8080, "WS"},
		{"https://voice.example.com", "voice.example.com", 443, "WSS"},
		{"http://voice.example.com", "voice.example.com", 80, "WS"},
		{"https://[::1]:8443", "::1", 8443, "WSS"},
	} {
		t.Run(row.public, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server.cfg.PublicURL = row.public
			a := w.do(request{"GET", archit + "/profile", "", "Bearer " + w.token("Archit", "d").AccessToken, nil})
			var p wire.Profile
			if err := json.Unmarshal(w.item(a).Data, &p); err != nil {
				t.Fatal(err)
			}
			if len(p.SIPPassword) < 20 {
				t.Errorf("sip_password has %d bytes", len(p.SIPPassword))
			}
			p.SIPPassword = "P"
			got, _ := json.Marshal(p)
			want, _ := json.Marshal(map[string]any{
				"sip_uri": "sip:Archit@exotel675.voip.test", "sip_password": "P", "sip_server": row.server, "sip_port": row.port, "sip_transport": row.transport,
				"sip_path": "/sip", "sip_domain": "exotel675.voip.test", "incoming_call_timeout": 30, "call_connection_timeout": 30, "media_disrupted_timeout": 5, "media_timeout": 30,
				"log_level": "info", "log_rotate_days": 7, "log_destination_base_url": row.public + "/v2", "client_event_base_url": row.public + "/v2", "event_thread_interval": 60,
				"ice_servers": []any{}, "codecs": codec.Names(), "exophone": "08040408080", "abilities": abilities,
			})
			if !sameJSON(t, got, string(want)) {
				t.Errorf("profile\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestSIPPasswordsDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.server.create(t.Context(), "exotel675", "a", nil)
	b, _ := w.server.create(t.Context(), "exotel675", "b", nil)
	if a.sipPassword == b.sipPassword {
		t.Error("two subscribers share a SIP password")
	}
	found, err := w.server.Directory().Subscriber(t.Context(), "a")
	if err != nil || found.SIPPassword != a.sipPassword || !found.Active || found.Name != "a" {
		t.Errorf("Directory: %+v, %v", found, err)
	}
	if _, err := w.server.Directory().Subscriber(t.Context(), "nobody"); err != exophone.ErrUnknownSubscriber {
		t.Errorf("Directory, unknown: %v", err)
	}
}

// What a phone posts, and how it is refused.
func TestPhonePosts(t *testing.T) {
	t.Parallel()
	many := func(n int, entry string) string {
		return `{"events":[` + strings.TrimSuffix(strings.Repeat(entry+",", n), ",") + `]}`
	}
	for _, row := range []struct {
		name, path, body string
		status           int
		text             string
	}{
		{"feedback", "/feedback", `{"session_id":"s1","rating":5,"issue":"NO_ISSUE"}`, 200, "success"},
		{"feedback without issue", "/feedback", `{"session_id":"s1","rating":1}`, 200, "success"},
		{"feedback, rating 0", "/feedback", `{"session_id":"s1","rating":0,"issue":"ECHO"}`, 400, "rating"},
		{"feedback, rating 6", "/feedback", `{"session_id":"s1","rating":6,"issue":"ECHO"}`, 400, "rating"},
		{"feedback, rating of a half", "/feedback", `{"session_id":"s1","rating":2.5}`, 400, "rating"},
		{"feedback, unknown issue", "/feedback", `{"session_id":"s1","rating":2,"issue":"BORING"}`, 400, "issue"},
		{"feedback without session", "/feedback", `{"rating":2,"issue":"ECHO"}`, 400, "session_id"},
		{"feedback, session too long", "/feedback", `{"rating":2,"session_id":"` + strings.Repeat("s", 129) + `"}`, 400, "session_id"},
		{"feedback, note too long", "/feedback", `{"rating":2,"session_id":"s","note":"` + strings.Repeat("s", 2001) + `"}`, 400, "note"},
		{"events", "/events", `{"events":[{"name":"call_start","session_id":"s1"},{"any":"thing"}]}`, 200, `"accepted":2`},
		{"events, most", "/events", many(100, `{}`), 200, `"accepted":100`},
		{"events, too many", "/events", many(101, `{}`), 400, "1 to 100"},
		{"events, none", "/events", `{"events":[]}`, 400, "1 to 100"},
		{"events, a string", "/events", `{"events":["x"]}`, 400, "events[0]"},
		{"events, null", "/events", `{"events":[{},null]}`, 400, "events[1]"},
		{"events, session of a wrong type", "/events", `{"events":[{"session_id":{}}]}`, 400, "events[0]"},
		{"events, deep", "/events", `{"events":[{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}]}`, 400, "JSON"},
		{"log destination", "/logdestination", `{"size":10,"description":"it broke"}`, 200, `"file_name":`},
		{"log destination, too large", "/logdestination", `{"size":1048577}`, 400, "size"},
		{"log destination, size below 0", "/logdestination", `{"size":-1}`, 400, "size"},
		{"log destination, session too long", "/logdestination", `{"size":1,"session_id":"` + strings.Repeat("s", 129) + `"}`, 400, "session_id"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.do(request{"POST", archit + row.path, row.body, "Bearer " + w.token("Archit", "d").AccessToken, nil})
			if a.status != row.status || !strings.Contains(string(a.body), row.text) {
				t.Errorf("%d %s, want %d with %q", a.status, a.body, row.status, row.text)
			}
			if a := w.do(request{"POST", archit + row.path, row.body, "key:token", nil}); a.status != http.StatusUnauthorized {
				t.Errorf("with the account's credentials: %d", a.status)
			}
		})
	}
}

// destination asks for a place for a log and returns its address.
func (w *world) destination(body string) string {
	w.t.Helper()
	var d struct{ URL string }
	a := w.do(request{"POST", archit + "/logdestination", body, "Bearer " + w.token("Archit", "d").AccessToken, nil})
	if err := json.Unmarshal(w.item(a).Data, &d); err != nil || d.URL == "" {
		w.t.Fatalf("%v %s", err, a.body)
	}
	return d.URL
}

func TestUpload(t *testing.T) {
	t.Parallel()
	form := func(field string, size int) (string, map[string]string) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		part, _ := m.CreateFormFile(field, "logs.zip")
		part.Write(bytes.Repeat([]byte("z"), size))
		m.Close()
		return b.String(), map[string]string{"Content-Type": m.FormDataContentType()}
	}
	formed, formType := form("file", 10)
	wrongForm, wrongType := form("other", 10)
	largeForm, largeType := form("file", 11)
	zip := map[string]string{"Content-Type": "application/zip"}
	for _, row := range []struct {
		name   string
		change func(w *world, url string) string
		body   string
		header map[string]string
		status int
	}{
		{"whole", nil, "0123456789", zip, 200},
		{"shorter than announced", nil, "01234", zip, 200},
		{"as a form", nil, formed, formType, 200},
		{"form without file", nil, wrongForm, wrongType, 400},
		{"form over size", nil, largeForm, largeType, 413},
		{"form without boundary", nil, formed, map[string]string{"Content-Type": "multipart/form-data"}, 400},
		{"over size", nil, "0123456789x", zip, 413},
		{"in its last second", func(w *world, url string) string { w.clock.Add(15 * time.Minute); return url }, "0123456789", zip, 200},
		{"too late", func(w *world, url string) string { w.clock.Add(15*time.Minute + time.Second); return url }, "0123456789", zip, 403},
		{"size changed", func(_ *world, url string) string { return strings.Replace(url, "size=10", "size=99", 1) }, "0123456789", zip, 403},
		{"signature changed", func(_ *world, url string) string { return url[:len(url)-1] + "!" }, "0123456789", zip, 403},
		{"without signature", func(_ *world, url string) string { u, _, _ := strings.Cut(url, "?"); return u }, "0123456789", zip, 403},
		{"path trick", func(_ *world, url string) string {
			_, query, _ := strings.Cut(url, "?")
			return "/v2/logs/..%2f..%2fetc%2fpasswd?" + query
		}, "0123456789", zip, 403},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			url := w.destination(`{"size":10,"description":"it broke","session_id":"s1"}`)
			if row.change != nil {
				url = row.change(w, url)
			}
			if a := w.do(request{"PUT", url, row.body, "", row.header}); a.status != row.status {
				t.Fatalf("%d %s, want %d", a.status, a.body, row.status)
			}
			logs, err := w.server.Logs(t.Context(), "exotel675", "s1", 10)
			if err != nil {
				t.Fatal(err)
			}
			if row.status != http.StatusOK {
				if len(logs) != 0 {
					t.Errorf("a refused file is there: %+v", logs)
				}
				return
			}
			if len(logs) != 1 || logs[0].Description != "it broke" || logs[0].Subscriber != "Archit" {
				t.Fatalf("logs = %+v", logs)
			}
			if a := w.do(request{"PUT", url, row.body, "", row.header}); a.status != http.StatusConflict && a.status != http.StatusForbidden {
				t.Errorf("a second time: %d", a.status)
			}
			path := "/v2/accounts/exotel675/logs/" + logs[0].Reference
			if a := w.do(request{"GET", path, "", "key:token", nil}); a.status != http.StatusOK || int64(len(a.body)) != logs[0].Size {
				t.Errorf("download: %d, %d bytes", a.status, len(a.body))
			}
			for _, foreign := range []request{{"GET", path, "", "", nil}, {"GET", "/v2/accounts/other/logs/" + logs[0].Reference, "", "okey:otoken", nil}} {
				if a := w.do(foreign); a.status == http.StatusOK {
					t.Errorf("%s with %q: %d", foreign.path, foreign.auth, a.status)
				}
			}
		})
	}
}

func TestReadingBackByCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := "Bearer "+w.token("Alice", "d").AccessToken, "Bearer "+w.token("Bob", "d").AccessToken
	at := w.clock.Now()
	w.server.Record(exophone.Record{SessionID: "s0", Caller: "Bob", Callee: "Alice", Created: at.Add(-time.Hour), Ended: at.Add(-time.Hour), EndReason: "ring-limit", EndedBy: "platform", Status: 480, State: wire.CallTimeout})
	w.server.Record(exophone.Record{SessionID: "s1", Caller: "Alice", Callee: "Bob", Created: at, Ringing: at, State: wire.CallRinging})
	w.server.Record(exophone.Record{SessionID: "s1", Caller: "Alice", Callee: "Bob", Created: at, Ringing: at.Add(time.Second), Answered: at.Add(2 * time.Second), Ended: at.Add(12 * time.Second),
		State: wire.CallAnswered, EndReason: "hangup", EndedBy: "callee", Status: 200, Codec: "Opus", CallerMedia: relay.Stats{PacketsReceived: 500, JitterMs: 2}})
	for _, post := range []struct{ name, auth, path, body string }{
		{"Alice", alice, "/feedback", `{"session_id":"s1","rating":2,"issue":"ECHO","note":"my own voice"}`},
		{"Alice", alice, "/feedback", `{"session_id":"s1","rating":3,"issue":"ECHO"}`},
		{"Bob", bob, "/feedback", `{"session_id":"s1","rating":5}`},
		{"Bob", bob, "/events", `{"events":[{"name":"call_ended","session_id":"s1","mos":4.3},{"name":"other call","session_id":"s0"}]}`},
	} {
		if a := w.do(request{"POST", subscribersPath + "/" + post.name + post.path, post.body, post.auth, nil}); a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", post.path, a.status, a.body)
		}
	}
	w.server.recorder.close() // what was noted is written
	a := w.do(request{"GET", "/v2/accounts/exotel675/calls/s1", "", "key:token", nil})
	want := `{"session_id":"s1","caller":"Alice","callee":"Bob","state":"answered","date_created":"2019-11-23T22:00:37+05:30","date_ringing":"2019-11-23T22:00:38+05:30",
		"date_answered":"2019-11-23T22:00:39+05:30","date_ended":"2019-11-23T22:00:49+05:30","duration":10,"end_reason":"hangup","ended_by":"callee","sip_status":200,"codec":"Opus",
		"caller_leg":{"packets_received":500,"packets_sent":0,"packets_lost":0,"jitter_ms":2,"mos":4.4},"callee_leg":{"packets_received":0,"packets_sent":0,"packets_lost":0,"jitter_ms":0,"mos":0},
		"feedback":[{"subscriber_name":"Alice","rating":3,"issue":"ECHO","date":"2019-11-23T22:00:37+05:30"},{"subscriber_name":"Bob","rating":5,"issue":"NO_ISSUE","date":"2019-11-23T22:00:37+05:30"}],
		"events":[{"subscriber_name":"Bob","date":"2019-11-23T22:00:37+05:30","event":{"name":"call_ended","session_id":"s1","mos":4.3}}],"logs":[],"outcomes":[]}`
	if !sameJSON(t, w.item(a).Data, want) {
		t.Errorf("call\n got %s\nwant %s", w.item(a).Data, want)
	}
	a = w.do(request{"GET", "/v2/accounts/exotel675/calls?page_size=1", "", "key:token", nil})
	if !strings.Contains(string(a.body), `"session_id":"s1"`) || strings.Contains(string(a.body), `"session_id":"s0"`) || !strings.Contains(string(a.body), `offset=1`) {
		t.Errorf("calls: %s", a.body)
	}
	for _, foreign := range []request{{"GET", "/v2/accounts/other/calls/s1", "", "okey:otoken", nil}, {"GET", "/v2/accounts/exotel675/calls/s9", "", "key:token", nil}, {"GET", "/v2/accounts/exotel675/calls/s1", "", "okey:otoken", nil}} {
		if a := w.do(foreign); a.status != http.StatusNotFound && a.status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", foreign.path, a.status, a.body)
		}
	}
}

// A call that was in progress when the process was killed is ended at the start.
func TestInterruptedCallsAreEnded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := newWorldIn(t, dir)
	first.server.Record(exophone.Record{SessionID: "s1", Caller: "Alice", Created: first.clock.Now(), Answered: first.clock.Now(), State: wire.CallAnswered})
	first.server.recorder.close()
	second := newWorldIn(t, dir)
	calls, total, err := second.server.Calls(t.Context(), "exotel675", false, 10, 0)
	if err != nil || total != 1 || calls[0].EndReason != EndedByRestart || calls[0].Ended == "" {
		t.Errorf("%+v, %d, %v", calls, total, err)
	}
	if _, live, _ := second.server.Calls(t.Context(), "exotel675", true, 10, 0); live != 0 {
		t.Errorf("%d live calls", live)
	}
}

func TestMOS(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		stats       relay.Stats
		codec       string
		least, most float64
	}{
		{relay.Stats{}, "Opus", 0, 0},
		{relay.Stats{PacketsReceived: 1000, JitterMs: 1}, "Opus", 4.3, 4.5},
		{relay.Stats{PacketsReceived: 1000, PacketsLost: -3}, "PCMU", 4.3, 4.5},
		{relay.Stats{PacketsReceived: 950, PacketsLost: 50, JitterMs: 5}, "Opus", 3.8, 4.1},
		{relay.Stats{PacketsReceived: 950, PacketsLost: 50, JitterMs: 5}, "PCMU", 3.7, 4},
		{relay.Stats{PacketsReceived: 1, PacketsLost: 1000}, "PCMA", 1, 1.2},
		{relay.Stats{PacketsReceived: 1000}, "speex", 0, 0},
		{relay.Stats{PacketsReceived: 1000, JitterMs: 1e6}, "Opus", 1, 1},
	} {
		if got := mos(row.stats, row.codec); got < row.least || got > row.most {
			t.Errorf("%+v %s: %.2f, want %.1f to %.1f", row.stats, row.codec, got, row.least, row.most)
		}
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bearer := "Bearer " + w.token("Archit", "d").AccessToken
	put := func(session string) {
		w.server.Record(exophone.Record{SessionID: session, Created: w.clock.Now(), Ended: w.clock.Now()})
		w.do(request{"POST", archit + "/feedback", `{"session_id":"` + session + `","rating":5}`, bearer, nil})
		w.do(request{"POST", archit + "/events", `{"events":[{"session_id":"` + session + `"}]}`, bearer, nil})
		if a := w.do(request{"PUT", w.destination(`{"size":3,"session_id":"` + session + `"}`), "zip", "", nil}); a.status != http.StatusOK {
			t.Fatal(a.status)
		}
	}
	put("old")
	w.server.Record(exophone.Record{SessionID: "live", Created: w.clock.Now()})
	w.clock.Add(10 * time.Minute)
	put("young")
	w.server.recorder.close()
	if err := w.server.Prune(t.Context(), w.clock.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	for session, there := range map[string]int{"old": 0, "young": 1} {
		feedback, _ := w.server.FeedbackOf(t.Context(), "exotel675", session)
		events, _ := w.server.eventsOf(t.Context(), "exotel675", session)
		logs, _ := w.server.Logs(t.Context(), "exotel675", session, 10)
		if len(feedback) != there || len(events) != there || len(logs) != there {
			t.Errorf("%s: %d feedback, %d events, %d logs", session, len(feedback), len(events), len(logs))
		}
	}
	if _, err := w.server.Report(t.Context(), "exotel675", "old"); err != ErrCallNotFound {
		t.Errorf("the old call: %v", err)
	}
	if _, err := w.server.Report(t.Context(), "exotel675", "live"); err != nil {
		t.Errorf("the live call: %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(w.uploads, "*")); len(files) != 1 {
		t.Errorf("files %v", files)
	}
}

// A phone's events have a budget; other phones and the rest of the platform are not
// touched by it.
func TestEventBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.events = throttle.NewBudget(1000, w.clock.Now)
	post := func(name string) reply {
		return w.do(request{"POST", subscribersPath + "/" + name + "/events", `{"events":[{"note":"` + strings.Repeat("x", 400) + `"}]}`, "Bearer " + w.token(name, "d").AccessToken, nil})
	}
	for i, want := range []int{200, 200, 429} {
		if a := post("Archit"); a.status != want || want == 429 && a.header.Get("Retry-After") == "" {
			t.Errorf("batch %d: %d %s", i+1, a.status, a.body)
		}
	}
	if a := post("Bob"); a.status != 200 {
		t.Errorf("another: %d", a.status)
	}
	w.clock.Add(24 * time.Hour)
	if a := post("Archit"); a.status != 200 {
		t.Errorf("the next day: %d", a.status)
	}
}
