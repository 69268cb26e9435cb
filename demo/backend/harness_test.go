package backend

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"offhook/demo/cluster"
	"offhook/demo/inbox"
	"offhook/demo/store"
	"offhook/demo/upload"
	"offhook/voice/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stubPlatform is a platform that somebody else wrote: it takes every token but
// those it was told to refuse, and can be told to fail.
type stubPlatform struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
	bodies   []string
	basic    []string
	fail     int    // status of every answer, 0 for none
	raw      string // body of every answer, "" for none
	status   map[string]string
}

func newStubPlatform(t testing.TB) *stubPlatform {
	s := &stubPlatform{status: make(map[string]string)}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *stubPlatform) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *stubPlatform) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.bodies = append(s.bodies, string(body))
	if user, password, ok := r.BasicAuth(); ok {
		s.basic = append(s.basic, user+":"+password)
	}
	switch {
	case s.raw != "":
		io.WriteString(w, s.raw)
		return
	case s.fail != 0:
		w.WriteHeader(s.fail)
		io.WriteString(w, `{"response":{"code":`+"0"+`,"error_data":{"code":1004,"description":"no"}}}`)
		return
	}
	name := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/accounts/acme/subscribers/"), "/")[0]
	status := s.status[name]
	switch {
	case strings.HasSuffix(r.URL.Path, "/subscriber-token"):
		var req struct {
			Name string `json:"subscriber_name"`
		}
		json.Unmarshal(body, &req)
		if s.status[req.Name] == "inactive" {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"response":{"code":403,"error_data":{"code":1003,"description":"inactive"}}}`)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"response": map[string]any{"code": 200, "status": "success", "data": map[string]any{"subscriber_token": wire.TokenPair{RefreshToken: "refresh-" + req.Name, AccessToken: tokenFor(req.Name)}}}})
	case status == "gone":
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"response":{"code":404,"error_data":{"code":1000}}}`)
	case status == "inactive" && strings.HasSuffix(r.URL.Path, "/profile"):
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"response":{"code":403,"error_data":{"code":1003}}}`)
	case strings.HasSuffix(r.URL.Path, "/subscribers"):
		io.WriteString(w, `{"response":[{"code":200},{"code":409,"error_data":{"code":1002}}]}`)
	default:
		if status == "" {
			status = "active"
		}
		io.WriteString(w, `{"response":{"code":200,"data":{"status":"`+status+`"}}}`)
	}
}

// tokenFor makes a token that says it is name's. The stub trusts it.
func tokenFor(name string) string {
	text, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{Subject: name, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour))}).SignedString([]byte("stub"))
	return text
}

// clock stands still unless told to go on.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type world struct {
	t        testing.TB
	platform *stubPlatform
	server   *Server
	http     *httptest.Server
	clock    *clock
}

func newWorld(t testing.TB) *world { return newWorldOf(t, bcrypt.MinCost) }

// newWorldOf is newWorld with a cost of its users' passwords.
func newWorldOf(t testing.TB, cost int) *world {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, "", "backend", Migrations)
	if err != nil {
		t.Fatal(err)
	}
	node, err := cluster.Start(cluster.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, platform: newStubPlatform(t), clock: &clock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}}
	outgoing := &http.Transport{}
	w.server, err = New(ctx, Config{
		AccountSID: "acme", APIKey: "key", APIToken: "token", Exophone: "0800", PlatformURL: w.platform.URL + "/v2", HostName: "https://voice.example.com/v2",
		PlatformClient: &http.Client{Transport: outgoing}, CallbackUser: "cu", CallbackPassword: "cp", DB: db, PasswordCost: cost, Now: w.clock.Now,
		Users:   []User{{Name: "alice", DisplayName: "Alice", Password: "pw a"}, {Name: "bob", DisplayName: "Bob", Password: "pw b"}},
		Inbox:   inbox.Config{Node: node},
		Bots:    []Contact{{"Echo", "echo"}, {"Busy", "busy"}},
		Uploads: upload.New(upload.Config{Dir: t.TempDir(), BaseURL: "https://voice.example.com/v1/logs", Key: []byte("k"), DB: db}),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.http = httptest.NewServer(w.server.Handler())
	t.Cleanup(func() {
		if err := w.server.Close(ctx); err != nil {
			t.Error(err)
		}
		w.http.Client().CloseIdleConnections()
		w.http.Close()
		outgoing.CloseIdleConnections()
		db.Close()
		node.Close()
	})
	return w
}

// request is a request of a table; auth is "Bearer …", "user:password" or "".
type request struct{ method, path, body, auth string }

type answered struct {
	status int
	header http.Header
	body   string
}

// do makes a request; every JSON answer must hold the integer http_code.
func (w *world) do(req request) answered {
	w.t.Helper()
	r, err := http.NewRequest(req.method, w.http.URL+req.path, strings.NewReader(req.body))
	if err != nil {
		w.t.Fatal(err)
	}
	if strings.HasPrefix(req.auth, "Bearer ") {
		r.Header.Set("Authorization", req.auth)
	} else if user, password, ok := strings.Cut(req.auth, ":"); ok {
		r.SetBasicAuth(user, password)
	}
	res, err := w.http.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if res.Header.Get("Content-Type") == "application/json" {
		var coded struct {
			HTTPCode int `json:"http_code"`
		}
		if err := json.Unmarshal(body, &coded); err != nil || coded.HTTPCode != res.StatusCode {
			w.t.Errorf("%s %s: http_code in %s", req.method, req.path, body)
		}
	}
	return answered{res.StatusCode, res.Header, string(body)}
}
