package integration

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/app"
	"offhook/app/settings"
	"offhook/voice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What a caller wrote stays one value, wherever it stands in a page's address.
func TestAddresses(t *testing.T) {
	t.Parallel()
	values := map[string]string{"number": "+49 30/1", "name": "A&B=C?#/..", "up": "..", "hindi": "अनीता", "quote": `"><script>`}
	for _, row := range [][2]string{
		{"https://crm/find?q={number}&n={name}", "https://crm/find?q=%2B49+30%2F1&n=A%26B%3DC%3F%23%2F.."},
		{"https://crm/people/{name}/card", "https://crm/people/A&B=C%3F%23%2F../card"},
		{"https://crm/people/{up}/card", "https://crm/people//card"},
		{"https://crm/#/call/{number}", "https://crm/#/call/%2B49+30%2F1"},
		{"https://crm/{hindi}?x={hindi}", "https://crm/%E0%A4%85%E0%A4%A8%E0%A5%80%E0%A4%A4%E0%A4%BE?x=%E0%A4%85%E0%A4%A8%E0%A5%80%E0%A4%A4%E0%A4%BE"},
		{"https://crm/{quote}?{quote}", "https://crm/%22%3E%3Cscript%3E?%22%3E%3Cscript%3E"},
		{"https://crm/{nothing}?a={nothing}", "https://crm/?a="},
		{"https://crm/{Odd} {number", "https://crm/{Odd} {number"},
	} {
		if got := fillURL(row[0], values); got != row[1] {
			t.Errorf("%s becomes %s, not %s", row[0], got, row[1])
		}
	}
}

func FuzzAddresses(f *testing.F) {
	for _, s := range []string{"bob", "../..", "a?b#c", "\x00\n", "अ", "%2F", "//evil.example/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		u, err := url.Parse(fillURL("https://crm.example/a/{v}/b?x={v}&y=1#f", map[string]string{"v": value}))
		if err != nil {
			t.Fatal(err)
		}
		if u.Host != "crm.example" || strings.Count(u.EscapedPath(), "/") != 3 || u.Query().Get("x") != value || u.Query().Get("y") != "1" || u.Fragment != "f" {
			t.Errorf("%q becomes %s", value, u)
		}
	})
}

// A caller's words are no option of a program, and the program is the administrator's.
func TestArguments(t *testing.T) {
	t.Parallel()
	got := fillArgs([]string{"/usr/bin/{x}", "{name}", "--caller={name}", "{number}", "$(reboot)"}, map[string]string{"name": "--exec=x; reboot", "number": "/s\x00"})
	want := []string{"/usr/bin/{x}", "exec=x; reboot", "--caller=--exec=x; reboot", "s", "$(reboot)"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q, not %q", got, want)
	}
}

// teller is one without a phone.
func teller(t *testing.T, secret string) *Teller {
	t.Helper()
	tl := &Teller{cfg: Config{HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Retry: time.Millisecond, Secret: func() string { return secret }}, queues: map[string]*queue{}}
	tl.ctx, tl.cancel = context.WithCancel(context.Background())
	t.Cleanup(tl.Close)
	return tl
}

// Webhooks come signed and in order, again while the server is out of order, and not
// again when it refuses; a redirect is not followed.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []string
	fails := 3
	done := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var hook struct {
			ID, Event string
			Call      map[string]string
		}
		if err := json.Unmarshal(body, &hook); err != nil || hook.ID != r.Header.Get("Offhook-Delivery") || hook.Event != r.Header.Get("Offhook-Event") {
			t.Errorf("%s, %v", body, err)
		}
		var unix int64
		if _, err := fmt.Sscanf(r.Header.Get(SignatureHeader), "t=%d,", &unix); err != nil || !hmac.Equal([]byte(Sign("s3cret", time.Unix(unix, 0), body)), []byte(r.Header.Get(SignatureHeader))) {
			t.Errorf("signature %q: %v", r.Header.Get(SignatureHeader), err)
		}
		mu.Lock()
		defer mu.Unlock()
		n, _ := strconv.Atoi(hook.Call["number"])
		switch {
		case fails > 0:
			fails--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case n == 5: // refused for good
			w.WriteHeader(http.StatusBadRequest)
		case n == 6:
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusTemporaryRedirect)
		}
		got = append(got, hook.Call["number"])
		if n == 9 {
			close(done)
		}
	}))
	defer srv.Close()
	tl := teller(t, "s3cret")
	for i := range 10 {
		tl.send(srv.URL, settings.MomentEnd, map[string]string{"number": strconv.Itoa(i), "event": "end"})
	}
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("they do not come")
	}
	mu.Lock()
	defer mu.Unlock()
	if strings.Join(got, "") != "0123456789" {
		t.Errorf("they came as %v", got)
	}
}

// A server that is gone fills no memory, and one without encryption, or a phone
// without a secret, gets nothing.
func TestWebhooksThatAreNotSent(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1000)
	block := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{}; <-block }))
	defer srv.Close()
	defer close(block)
	tl := teller(t, "s3cret")
	for range 3 * maxWaiting {
		tl.send(srv.URL, settings.MomentRing, map[string]string{})
	}
	<-asked
	tl.mu.Lock()
	if n := len(tl.queues[srv.URL].waiting); n > maxWaiting {
		t.Errorf("%d wait", n)
	}
	tl.mu.Unlock()
	tl.cancel()
	if again, _, err := tl.post("http://crm.example.com/x", delivery{}); err == nil || again {
		t.Errorf("in clear text: %v, %v", again, err)
	}
	none := teller(t, "")
	if again, _, err := none.post(srv.URL, delivery{}); err == nil || again {
		t.Errorf("without a secret: %v, %v", again, err)
	}
	if len(asked) > 1 {
		t.Errorf("%d requests", len(asked))
	}
}

// Which pops and programs a moment has: incoming calls unless it says otherwise.
func TestWhatFits(t *testing.T) {
	t.Parallel()
	tl := teller(t, "")
	var opened, started []string
	tl.cfg.Open = func(u string) error { opened = append(opened, u); return nil }
	tl.cfg.Start = func(a []string) error { started = append(started, strings.Join(a, " ")); return nil }
	tl.wish = settings.Integrations{
		Pops:     []settings.Pop{{When: "ring", URL: "https://a/{number}"}, {When: "ring", URL: "https://b/{number}", Direction: "both"}, {When: "end", URL: "https://c"}},
		Commands: []settings.Command{{When: "ring", Argv: []string{"x", "{event}"}, Direction: "outgoing"}},
	}
	tl.tell("ring", map[string]string{"direction": "incoming", "number": "1"}, everything)
	tl.tell("ring", map[string]string{"direction": "outgoing", "number": "2"}, everything)
	if fmt.Sprint(opened) != "[https://a/1 https://b/1 https://b/2]" || fmt.Sprint(started) != "[x ring]" {
		t.Errorf("%v %v", opened, started)
	}
}

// The page behind the window's button is the one that waits for it, else the one of the
// ring or the answer, for the call's direction where there are several.
func TestThePageOfACall(t *testing.T) {
	t.Parallel()
	page := func(when, direction, url string) settings.Pop {
		return settings.Pop{When: when, Direction: direction, URL: "https://crm.example/" + url}
	}
	button, ring, out := page("button", "", "button?{event}"), page("ring", "", "ring/{number}"), page("ring", "outgoing", "out/{e164}")
	for what, row := range map[string]struct {
		pops      []settings.Pop
		direction voice.Direction
		want      string
	}{
		"nothing":          {nil, voice.Incoming, ""},
		"no customer's":    {[]settings.Pop{page("wrap_up", "", "x"), page("end", "both", "y")}, voice.Incoming, ""},
		"ring":             {[]settings.Pop{page("answer", "", "a"), ring}, voice.Incoming, "ring/98450%2F1"},
		"answer":           {[]settings.Pop{page("end", "", "y"), page("answer", "", "a")}, voice.Incoming, "a"},
		"button first":     {[]settings.Pop{ring, button}, voice.Incoming, "button?button"},
		"direction":        {[]settings.Pop{ring, out}, voice.Outgoing, "out/+91984501"},
		"other direction":  {[]settings.Pop{ring}, voice.Outgoing, "ring/98450%2F1"},
		"both":             {[]settings.Pop{ring, page("ring", "both", "both")}, voice.Outgoing, "both"},
		"incoming of both": {[]settings.Pop{out, ring}, voice.Incoming, "ring/98450%2F1"},
	} {
		got := RecordURL(settings.Integrations{Pops: row.pops}, "meera", "+91984501", &app.Call{Direction: row.direction, RemoteID: "98450/1"})
		if want := row.want; want != "" && got != "https://crm.example/"+want || want == "" && got != "" {
			t.Errorf("%s: %q, not %q", what, got, want)
		}
	}
}
