package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"offhook/app"
	"offhook/app/settings"
	"offhook/voice"
)

const crmOrigin = "https://crm.example.com"

// page is a web page on the phone's computer.
type page struct {
	t             *testing.T
	url           string
	origin, token string
}

// openDesk turns the Desk API on and returns a page of an origin that is allowed.
func openDesk(t *testing.T, d *desk) *page {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	if err := d.phone.UpdateSettings(func(s *settings.Settings) {
		s.DeskAPI = settings.DeskAPI{On: true, Port: port, Origins: []string{crmOrigin}}
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.phone.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &page{t: t, url: fmt.Sprintf("http://127.0.0.1:%d", port), origin: crmOrigin}
}

// web is the pages' HTTP client: no connection outlives its request.
var webClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func (p *page) do(method, path, body string, change ...func(*http.Request)) (status int, h http.Header, answer map[string]any) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.origin != "" {
		req.Header.Set("Origin", p.origin)
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for _, f := range change {
		f(req)
	}
	res, err := webClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	data, _ := io.ReadAll(res.Body)
	if len(data) > 0 {
		if err := json.Unmarshal(data, &answer); err != nil {
			p.t.Fatalf("%s %s: %v in %q", method, path, err, data)
		}
	}
	return res.StatusCode, res.Header, answer
}

// pair does what a page and the user do: ask, read the code, give it.
func (p *page) pair(d *desk) *page {
	p.t.Helper()
	status, _, asked := p.do("POST", "/v1/pairings", `{"name":"Customers"}`)
	if status != http.StatusAccepted {
		p.t.Fatalf("%d %v", status, asked)
	}
	if err := d.phone.Settle(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	shown := d.phone.Snapshot().Pairing
	if shown == nil || shown.Name != "Customers" || shown.Origin != p.origin || len(shown.Code) != 6 {
		p.t.Fatalf("the phone shows %+v", shown)
	}
	status, _, got := p.do("POST", "/v1/pairings/"+asked["pairing"].(string), `{"code":"`+shown.Code+`"}`)
	token, _ := got["token"].(string)
	if status != http.StatusOK || len(token) < 40 {
		p.t.Fatalf("%d %v", status, got)
	}
	p.token = token
	return p
}

func (p *page) socket(change ...func(*websocket.DialOptions)) (*websocket.Conn, error) {
	o := &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {p.origin}},
		Subprotocols: []string{webProtocol, webTokenPrefix + p.token}, HTTPClient: webClient}
	for _, f := range change {
		f(o)
	}
	conn, _, err := websocket.Dial(p.t.Context(), p.url+"/v1/events", o)
	return conn, err
}

// A page's answers to pings are heard while its command still runs, so that one which
// waits for a call is not taken for gone.
func TestAPageThatWaitsIsNotCutOff(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir(), func(c *Config) { c.ping = 10 * time.Millisecond }).signIn()
	p := openDesk(t, d).pair(d)
	var calling atomic.Bool
	var pings atomic.Int32
	conn, err := p.socket(func(o *websocket.DialOptions) {
		o.OnPingReceived = func(context.Context, []byte) bool {
			// The third ping says that the answers to two were heard.
			if calling.Load() && pings.Add(1) == 3 {
				d.line.to(voice.StateRinging)
				d.line.to(voice.StateEstablished)
			}
			return true
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	if err := wsjson.Write(t.Context(), conn, webCall{ID: "1", Command: "dial", Body: json.RawMessage(`{"args":["bob"],"wait":"ESTABLISHED","timeout":"1m"}`)}); err != nil {
		t.Fatal(err)
	}
	for {
		var m webMessage
		if err := wsjson.Read(t.Context(), conn, &m); err != nil {
			t.Fatal(err)
		}
		if m.Type == "answer" {
			if m.Error != nil {
				t.Errorf("%+v", m.Error)
			}
			return
		}
		if m.Snapshot.Call != nil {
			calling.Store(true)
		}
	}
}

// A paired page calls with a message, sees each state, answers a command on its
// socket, and is cut off the moment it is forgotten.
func TestAPageWorksThePhone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir()).signIn()
	p := openDesk(t, d).pair(d)
	if status, _, got := p.do("GET", "/v1/status", ""); status != 200 || got["profile"] != "default" {
		t.Fatalf("%d %v", status, got)
	}
	conn, err := p.socket()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	read := func() webMessage {
		t.Helper()
		var m webMessage
		if err := wsjson.Read(t.Context(), conn, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := read(); m.Type != "snapshot" || m.Snapshot.Call != nil {
		t.Fatalf("%+v", m)
	}
	status, h, got := p.do("POST", "/v1/commands/dial", `{"args":["bob"],"message":"order 4471"}`)
	call, _ := got["call"].(map[string]any)
	if status != 200 || call["message"] != "order 4471" || h.Get("Access-Control-Allow-Origin") != crmOrigin {
		t.Fatalf("%d %v", status, got)
	}
	d.line.to(voice.StateRinging)
	d.line.to(voice.StateEstablished)
	seen := map[voice.State]bool{}
	for !seen[voice.StateEstablished] {
		if m := read(); m.Snapshot != nil && m.Snapshot.Call != nil {
			seen[m.Snapshot.Call.State] = true
		}
	}
	if !seen[voice.StateRinging] {
		t.Errorf("the page saw %v", seen)
	}
	if err := wsjson.Write(t.Context(), conn, webCall{ID: "7", Command: "hangup", Body: json.RawMessage(`{"wait":"ENDED"}`)}); err != nil {
		t.Fatal(err)
	}
	answered := false
	for !answered {
		if m := read(); m.Type == "answer" {
			if answered = true; m.ID != "7" || m.Error != nil {
				t.Errorf("%+v", m)
			}
		}
	}
	code, text := d.ctl("desk-api", "forget")
	if code != ExitOK || !strings.Contains(text, `"paired":[]`) {
		t.Errorf("exit %d: %s", code, text)
	}
	for {
		if _, _, err := conn.Read(t.Context()); err != nil {
			if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
				t.Error(err)
			}
			break
		}
	}
	if status, _, _ := p.do("GET", "/v1/status", ""); status != http.StatusUnauthorized {
		t.Errorf("a page that is forgotten gets %d", status)
	}
}

// Who is not paired, of another origin, or calls this computer by another name gets
// nothing; and no page gets at files, passwords, settings or the phone's end.
func TestWhoGetsNothing(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	d := newDesk(t, t.TempDir(), func(c *Config) { c.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } }).signIn()
	p := openDesk(t, d).pair(d)
	token := p.token
	with := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	long := `{"args":["` + strings.Repeat("x", maxLine) + `"]}`
	for _, row := range []struct {
		name               string
		method, path, body string
		change             func(*http.Request)
		status             int
	}{
		{"no token", "GET", "/v1/status", "", with("Authorization", ""), 401},
		{"a wrong token", "GET", "/v1/status", "", with("Authorization", "Bearer x"), 401},
		{"another page's origin", "GET", "/v1/status", "", with("Origin", "https://evil.example"), 403},
		{"an origin that only begins so", "GET", "/v1/status", "", with("Origin", crmOrigin+".evil.example"), 403},
		{"http in place of https", "GET", "/v1/status", "", with("Origin", "http://crm.example.com"), 403},
		{"a sandboxed page", "GET", "/v1/status", "", with("Origin", "null"), 403},
		{"the token without its origin", "GET", "/v1/status", "", func(r *http.Request) { r.Header.Del("Origin") }, 401},
		{"a rebound name", "GET", "/v1/status", "", func(r *http.Request) { r.Host = "evil.example:" + r.URL.Port() }, 421},
		{"another port", "GET", "/v1/status", "", func(r *http.Request) { r.Host = "127.0.0.1:80" }, 421},
		{"no port", "GET", "/v1/status", "", func(r *http.Request) { r.Host = "localhost" }, 421},
		{"a form", "POST", "/v1/commands/dial", `{"args":["bob"]}`, with("Content-Type", "text/plain"), 415},
		{"too long", "POST", "/v1/commands/dial", long, nil, 413},
		{"no JSON", "POST", "/v1/commands/dial", `bob`, nil, 400},
		{"a foreign option", "POST", "/v1/commands/dial", `{"args":["bob"],"password":"x"}`, nil, 400},
		{"another command in the body", "POST", "/v1/commands/dial", `{"args":["bob"],"command":"quit"}`, nil, 400},
		{"too few arguments", "POST", "/v1/commands/dial", `{}`, nil, 400},
		{"a wrong wait", "POST", "/v1/commands/dial", `{"args":["bob"],"wait":"DONE"}`, nil, 400},
		{"a wrong timeout", "POST", "/v1/commands/dial", `{"args":["bob"],"timeout":5}`, nil, 400},
		{"no call", "POST", "/v1/commands/answer", ``, nil, 409},
		{"quit", "POST", "/v1/commands/quit", ``, nil, 400},
		{"settings", "POST", "/v1/commands/settings", ``, nil, 400},
		{"report", "POST", "/v1/commands/report", `{"args":["/tmp/x.zip"]}`, nil, 400},
		{"runtime", "POST", "/v1/commands/runtime", ``, nil, 400},
		{"sign-in", "POST", "/v1/commands/sign-in", ``, nil, 400},
		{"sign-out", "POST", "/v1/commands/sign-out", ``, nil, 400},
		{"desk-api", "POST", "/v1/commands/desk-api", `{"args":["forget"]}`, nil, 400},
		{"nonsense", "POST", "/v1/commands/fly", ``, nil, 400},
	} {
		p.token = token
		change := row.change
		if change == nil {
			change = func(*http.Request) {}
		}
		status, h, got := p.do(row.method, row.path, row.body, change)
		if status != row.status || got["error"] == nil || got["profile"] != nil {
			t.Errorf("%s: %d %v, want %d", row.name, status, got, row.status)
		}
		if (row.status == 403 || row.status == 421) && h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: the browser is told that it may read the answer", row.name)
		}
		ahead.Add(int64(time.Second / webRate)) // within the page's rate
	}
	p.token = "wrong"
	if conn, err := p.socket(); err == nil {
		conn.CloseNow()
		t.Error("a socket opens with a wrong token")
	}
	p.token, p.origin = token, "https://evil.example"
	if conn, err := p.socket(); err == nil {
		conn.CloseNow()
		t.Error("a socket opens from another origin")
	}
}

// The browser's question before a request, that of Private Network Access too, is
// answered for allowed origins alone.
func TestPreflights(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	p := openDesk(t, d)
	ask := func(r *http.Request) {
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Private-Network", "true")
	}
	status, h, _ := p.do("OPTIONS", "/v1/commands/dial", "", ask)
	if status != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != crmOrigin || h.Get("Access-Control-Allow-Private-Network") != "true" ||
		!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("%d %v", status, h)
	}
	p.origin = "https://evil.example"
	if status, h, _ := p.do("OPTIONS", "/v1/commands/dial", "", ask); status != http.StatusForbidden || h.Get("Access-Control-Allow-Private-Network") != "" {
		t.Errorf("%d %v", status, h)
	}
}

// deskGoroutines are the stacks of the goroutines that serve pages: the Desk API's own
// and the HTTP server's.
func deskGoroutines() (stacks []string) {
	all := make([]byte, 4<<20)
	for one := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if strings.Contains(one, "app/control.(*web).") || strings.Contains(one, "net/http.(*Server).Serve") || strings.Contains(one, "net/http.(*conn).") {
			stacks = append(stacks, one)
		}
	}
	return stacks
}

// Off it costs nothing; on, one goroutine while nobody asks; and it comes and goes
// with its setting.
func TestWhatTheDeskAPICosts(t *testing.T) {
	d := newDesk(t, t.TempDir())
	// costs waits until the Desk API has so many goroutines.
	costs := func(want int, when string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; runtime.Gosched() {
			found := deskGoroutines()
			if len(found) == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%d goroutines %s, not %d:\n%s", len(found), when, want, strings.Join(found, "\n\n"))
			}
		}
	}
	costs(0, "while it is off")
	p := openDesk(t, d)
	costs(1, "while it is on")
	p.pair(d)
	costs(1, "after a pairing")
	if err := d.phone.UpdateSettings(func(s *settings.Settings) { s.DeskAPI.On = false }); err != nil {
		t.Fatal(err)
	}
	costs(0, "while it is off again")
	if _, err := webClient.Get(p.url); err == nil {
		t.Error("it still listens")
	}
}

// The description is what the code says. A port that another program has is told.
func TestTheDescription(t *testing.T) {
	t.Parallel()
	const path = "../../docs/crm/openapi.json"
	want, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, want) {
		t.Errorf("%s is not what the code says (%v): go test -run TestTheDescription ./app/control -update writes it", path, err)
	}
	for name, c := range commands {
		if has := bytes.Contains(want, []byte(`"/v1/commands/`+name+`"`)); has == c.local {
			t.Errorf("%s: described %v, local %v", name, has, c.local)
		}
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := newDesk(t, t.TempDir())
	if err := d.phone.UpdateSettings(func(s *settings.Settings) {
		s.DeskAPI.On, s.DeskAPI.Port = true, l.Addr().(*net.TCPAddr).Port
	}); err != nil {
		t.Fatal(err)
	}
	if code, text := d.ctl("desk-api"); code != ExitOK || !strings.Contains(text, `"error":"listen`) {
		t.Errorf("exit %d: %s", code, text)
	}
}

// How long a change of the phone takes to a page. Run by itself it gives the figure of
// docs/performance.md; the bound here holds on a busy machine.
func TestEventToPage(t *testing.T) {
	d := newDesk(t, t.TempDir()).signIn()
	p := openDesk(t, d).pair(d)
	conn, err := p.socket()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	const changes = 200
	took := make([]time.Duration, 0, changes)
	for i := range changes {
		want := app.Busy
		if i%2 == 1 {
			want = app.DoNotDisturb
		}
		began := time.Now()
		if err := d.phone.SetAvailability(want); err != nil {
			t.Fatal(err)
		}
		for {
			var m webMessage
			if err := wsjson.Read(t.Context(), conn, &m); err != nil {
				t.Fatal(err)
			}
			if m.Snapshot != nil && m.Snapshot.Availability == want {
				break
			}
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("event to page: median %v, 95th percentile %v", took[changes/2], took[changes*95/100])
	if took[changes/2] > time.Second {
		t.Errorf("half of the changes take longer than %v", took[changes/2])
	}
}
