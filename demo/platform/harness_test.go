package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/demo/exophone"
	"offhook/demo/store"
	"offhook/demo/upload"
	"offhook/voice/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeClock stands still unless told to go on.
type fakeClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *fakeClock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// fakeCalls knows the sessions of a map and notes rejections.
type fakeCalls struct {
	mu       sync.Mutex
	states   map[string]wire.CallState // by session/subscriber
	changed  chan struct{}
	rejected []string
}

func newFakeCalls() *fakeCalls {
	return &fakeCalls{states: make(map[string]wire.CallState), changed: make(chan struct{})}
}

func (f *fakeCalls) set(session, subscriber string, state wire.CallState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.states[session+"/"+subscriber] = state
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeCalls) State(session, subscriber string) (wire.CallState, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	state, ok := f.states[session+"/"+subscriber]
	return state, ok
}

func (f *fakeCalls) Wait(ctx context.Context, session, subscriber string, after wire.CallState) (wire.CallState, bool) {
	for {
		f.mu.Lock()
		state, ok := f.states[session+"/"+subscriber]
		changed := f.changed
		f.mu.Unlock()
		if !ok || state != after {
			return state, ok
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state, true
		}
	}
}

func (f *fakeCalls) Join(string, string, string) error { return exophone.ErrNoCall }
func (f *fakeCalls) Transfer(session, subscriber, _ string) error {
	if _, ok := f.State(session, subscriber); !ok {
		return exophone.ErrNoCall
	}
	return nil
}

// conferenceCall says what a conference's request is answered with: the session "s1" is
// one that Bob hosts with Carol.
func (f *fakeCalls) conferenceCall(session, subscriber, id string) error {
	switch _, ok := f.State(session, subscriber); {
	case !ok:
		return exophone.ErrNoCall
	case id == "dave":
		return exophone.ErrNoParty
	case id == "bot":
		return exophone.ErrConference
	case subscriber != "Bob":
		return exophone.ErrNotHost
	}
	return nil
}

func (f *fakeCalls) Confer(session, subscriber, with string) (wire.Conference, error) {
	return wire.Conference{SessionID: session, Host: "Bob"}, f.conferenceCall(session, subscriber, with)
}

func (f *fakeCalls) Conference(session, subscriber string) (wire.Conference, error) {
	return wire.Conference{SessionID: session, Host: "Bob"}, f.conferenceCall(session, subscriber, "")
}

func (f *fakeCalls) MuteParty(session, subscriber, id string, muted bool) (wire.Conference, error) {
	return wire.Conference{SessionID: session, Parties: []wire.Party{{ID: id, Muted: muted}}}, f.conferenceCall(session, subscriber, id)
}

func (f *fakeCalls) DropParty(session, subscriber, id string) error {
	return f.conferenceCall(session, subscriber, id)
}

func (f *fakeCalls) Record(session, subscriber, action string) (wire.Recording, error) {
	switch {
	case session != "s1":
		return wire.Recording{}, exophone.ErrNoCall
	case action == "start":
		return wire.Recording{}, exophone.ErrNotByHand
	case action != "pause":
		return wire.Recording{}, exophone.ErrRecording
	}
	return wire.Recording{State: wire.RecordingPaused, By: subscriber}, nil
}

func (f *fakeCalls) EndConference(session, subscriber string) error {
	return f.conferenceCall(session, subscriber, "")
}

func (f *fakeCalls) Reject(session, subscriber, reason string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.states[session+"/"+subscriber]
	if ok {
		f.rejected = append(f.rejected, session+"/"+subscriber+" "+reason)
	}
	return ok
}

// world is a platform over HTTP with two tenants: exotel675, which has VoIP, and
// other, which has none and takes no subscribers by signing in.
type world struct {
	t      *testing.T
	server *Server
	http   *httptest.Server
	clock  *fakeClock
	calls  *fakeCalls
	// uploads is the folder of uploaded logs.
	uploads string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldIn(t, "")
}

func newWorldIn(t *testing.T, dir string) *world {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, dir, "platform", Migrations)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: &fakeClock{at: time.Date(2019, 11, 23, 16, 30, 37, 0, time.UTC)}, calls: newFakeCalls(), uploads: t.TempDir()}
	var handler http.Handler
	w.http = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	w.server, err = New(ctx, Config{
		Accounts: []Account{
			{SID: "exotel675", APIKey: "key", APIToken: "token", Exophone: "08040408080", VoIP: true},
			{SID: "closed", APIKey: "ckey", APIToken: "ctoken", VoIP: true, Preprovisioned: true},
			{SID: "other", APIKey: "okey", APIToken: "otoken"},
		},
		PublicURL: w.http.URL, SIPDomain: "exotel675.voip.test", DB: db, Now: w.clock.Now,
		Uploads: upload.New(upload.Config{Dir: w.uploads, BaseURL: w.http.URL + "/v2/logs", Key: []byte("upload key"), DB: db, Now: w.clock.Now, MaxSize: 1 << 20}),
	})
	if err != nil {
		t.Fatal(err)
	}
	handler = w.server.Handler(w.calls)
	t.Cleanup(func() {
		w.http.Client().CloseIdleConnections()
		w.http.Close()
		w.server.Close(ctx)
		db.Close()
	})
	return w
}

// request is a request of a table.
type request struct {
	method, path, body string
	// auth is "key:token" for Basic, "Bearer …", or "" for none.
	auth   string
	header map[string]string
}

// reply is an answer, with the envelope decoded.
type reply struct {
	status   int
	header   http.Header
	body     []byte
	envelope struct {
		RequestID string          `json:"request_id"`
		Method    string          `json:"method"`
		HTTPCode  int             `json:"http_code"`
		Metadata  json.RawMessage `json:"metadata"`
		Response  json.RawMessage `json:"response"`
	}
}

// item is one response of the envelope.
type item struct {
	Code      int             `json:"code"`
	ErrorData *wire.ErrorData `json:"error_data"`
	Status    string          `json:"status"`
	Data      json.RawMessage `json:"data"`
}

var requestIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// do makes the request and holds every answer with a body to the envelope.
func (w *world) do(req request) reply {
	w.t.Helper()
	url := req.path
	if strings.HasPrefix(url, "/") {
		url = w.http.URL + url
	}
	r, err := http.NewRequest(req.method, url, strings.NewReader(req.body))
	if err != nil {
		w.t.Fatal(err)
	}
	if strings.HasPrefix(req.auth, "Bearer ") {
		r.Header.Set("Authorization", req.auth)
	} else if key, token, ok := strings.Cut(req.auth, ":"); ok {
		r.SetBasicAuth(key, token)
	}
	for name, value := range req.header {
		r.Header.Set(name, value)
	}
	res, err := w.http.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	a := reply{status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		w.t.Fatal(err)
	}
	if len(a.body) == 0 || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		return a
	}
	if err := json.Unmarshal(a.body, &a.envelope); err != nil {
		w.t.Fatalf("%s %s: not an envelope: %s", req.method, req.path, a.body)
	}
	e := a.envelope
	if !requestIDForm.MatchString(e.RequestID) || e.RequestID != res.Header.Get("X-Request-Id") || e.Method != req.method || e.HTTPCode != a.status || len(e.Response) == 0 {
		w.t.Errorf("%s %s: envelope %s", req.method, req.path, a.body)
	}
	return a
}

func (w *world) item(a reply) (i item) {
	w.t.Helper()
	if err := json.Unmarshal(a.envelope.Response, &i); err != nil {
		w.t.Fatalf("response is not an item: %s", a.body)
	}
	return i
}

// token signs a subscriber in.
func (w *world) token(name, device string) wire.TokenPair {
	w.t.Helper()
	a := w.do(request{"POST", "/v2/accounts/exotel675/subscriber-token", `{"platform":"desktop","device_id":"` + device + `","subscriber_name":"` + name + `"}`, "key:token", nil})
	var data struct {
		Token wire.TokenPair `json:"subscriber_token"`
	}
	if a.status != http.StatusOK {
		w.t.Fatalf("token for %s: %d %s", name, a.status, a.body)
	}
	if err := json.Unmarshal(w.item(a).Data, &data); err != nil {
		w.t.Fatal(err)
	}
	return data.Token
}

// same compares JSON texts whatever the order of keys.
func sameJSON(t *testing.T, got []byte, want string) bool {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("want is not JSON: %v: %s", err, want)
	}
	if err := json.Unmarshal(got, &a); err != nil {
		return false
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}
