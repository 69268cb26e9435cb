package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

// tokens gives out token 1, then 2 after a rejection, and so on.
type tokens struct {
	mu   sync.Mutex
	n    int
	last string
	err  error
}

func (t *tokens) AccessToken(context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprint("token-", t.n), t.err
}

func (t *tokens) Rejected(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	t.last = token
}

// serve runs an HTTP server for one test and returns a client of it.
func serve(t *testing.T, h http.HandlerFunc) (*Client, *tokens) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return clientOf(t, s.URL, s.Client())
}

func clientOf(t *testing.T, base string, h *http.Client) (*Client, *tokens) {
	t.Helper()
	u, err := ParseBase(base)
	if err != nil {
		t.Fatal(err)
	}
	if tr, ok := h.Transport.(*http.Transport); ok {
		t.Cleanup(tr.CloseIdleConnections)
	}
	c := New(Config{Base: u, AccountSID: "demo", Subscriber: "alice", DeviceID: "d1", HTTP: h, UserAgent: "offhook/test"})
	tok := &tokens{}
	c.UseTokens(tok)
	return c, tok
}

func envelopeOf(status int, data any, problem any) string {
	word := "success"
	if status > 299 {
		word = "failure"
	}
	text, _ := json.Marshal(map[string]any{
		"request_id": strings.Repeat("ab", 16), "method": "GET", "http_code": status,
		"response": map[string]any{"code": status, "status": word, "error_data": problem, "data": data},
	})
	return string(text)
}

func TestProfile(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/accounts/demo/subscribers/alice/profile" || r.Header.Get("Authorization") != "Bearer token-0" ||
			r.Header.Get("User-Agent") != "offhook/test" || r.Header.Get(wire.HeaderDeviceID) != "d1" {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		io.WriteString(w, envelopeOf(200, map[string]any{
			"sip_uri": "sip:alice@demo", "sip_password": "hidden", "sip_domain": "demo", "sip_port": 5, "media_timeout": 12,
			"unknown": []int{1}, "ice_servers": []any{map[string]any{"urls": []string{"stun:x"}, "username": "u", "credential": "hidden"}},
		}, nil))
	})
	p, err := c.Profile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p.MediaTimeout != 12 || p.IncomingCallTimeout != 30 || p.MediaDisruptedTimeout != 5 || p.SIPTransport != "WS" ||
		p.SIPPath != "/sip" || p.SIPServer != "127.0.0.1" || len(p.Codecs) != 0 || p.ICEServers[0].URLs[0] != "stun:x" {
		t.Errorf("profile %#v", struct{ wire.Profile }{p})
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if s := fmt.Sprintf(verb, p); strings.Contains(s, "hidden") {
			t.Errorf("%s shows a password: %s", verb, s)
		}
	}
}

// TestAnswersThatRefuse is the table of what a person is told of each status.
func TestAnswersThatRefuse(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		status  int
		body    string
		header  map[string]string
		want    fault.Type
		words   string
		passing bool
		retry   time.Duration
	}{
		{"malformed request", 400, envelopeOf(400, nil, map[string]any{"code": 1001}), nil, fault.InvalidParameter, "does not accept this request", false, 0},
		{"unauthorised", 401, envelopeOf(401, nil, map[string]any{"code": 1004}), nil, fault.AuthenticationInvalidToken, "sign-in", false, 0},
		{"forbidden", 403, envelopeOf(403, nil, nil), nil, fault.AuthenticationInvalidToken, "allow", false, 0},
		{"inactive", 403, envelopeOf(403, nil, map[string]any{"code": 1003, "description": "Subscriber is inactive"}), nil, fault.AuthenticationInvalidToken, "not active", false, 0},
		{"unknown", 404, envelopeOf(404, nil, map[string]any{"code": 1000}), nil, fault.InvalidParameter, "does not know", false, 0},
		{"not the platform", 404, "404 page not found", nil, fault.InvalidParameter, "does not know", false, 0},
		{"duplicate", 409, envelopeOf(409, nil, map[string]any{"code": 1002}), nil, fault.InvalidParameter, "already", false, 0},
		{"too often", 429, "", map[string]string{"Retry-After": "7"}, fault.ServerError, "too often", true, 7 * time.Second},
		{"too often, until a date", 429, "", map[string]string{"Date": "Sun, 22 Nov 2026 10:00:00 GMT", "Retry-After": "Sun, 22 Nov 2026 10:00:05 GMT"}, fault.ServerError, "too often", true, 5 * time.Second},
		{"too often, for ever", 429, "", map[string]string{"Retry-After": "99999999"}, fault.ServerError, "too often", true, time.Hour},
		{"too often, nonsense", 429, "", map[string]string{"Retry-After": "soon"}, fault.ServerError, "too often", true, 0},
		{"broken", 500, "<html>", nil, fault.ServerError, "failed", true, 0},
		{"down", 503, "", nil, fault.ServerError, "failed", true, 0},
		{"teapot", 418, "", nil, fault.ServerError, "does not know", false, 0},
		{"failure in a success", 200, envelopeOf(404, nil, map[string]any{"code": 1000}), nil, fault.InvalidParameter, "does not know", false, 0},
		{"captive portal", 200, "<!DOCTYPE html><title>Welcome</title>", map[string]string{"Content-Type": "text/html"}, fault.NetworkError, "in its place", true, 0},
		{"not JSON", 200, "hello", nil, fault.ServerError, "does not understand", false, 0},
		{"empty", 200, "", nil, fault.ServerError, "does not understand", false, 0},
		{"wrong types", 200, `{"response":{"data":{"sip_domain":7,"sip_password":[]}}}`, nil, fault.ServerError, "fully set up", false, 0},
		{"a list", 200, `{"response":[{"code":200}]}`, nil, fault.ServerError, "fully set up", false, 0},
		{"no password", 200, envelopeOf(200, map[string]any{"sip_domain": "x"}, nil), nil, fault.ServerError, "fully set up", false, 0},
		{"endless", 200, strings.Repeat(" ", maxBody+2), nil, fault.ServerError, "too long", false, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client, tok := serve(t, func(w http.ResponseWriter, r *http.Request) {
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			})
			_, err := client.Profile(t.Context())
			var f *fault.Error
			if !errors.As(err, &f) {
				t.Fatalf("error %v", err)
			}
			if f.Type != c.want || !strings.Contains(f.Message(), c.words) || f.Next() == "" {
				t.Errorf("%s: %q %q", f.Type, f.Message(), f.Next())
			}
			if Passing(err) != c.passing || RetryAfter(err) != c.retry {
				t.Errorf("passing %v, retry after %v", Passing(err), RetryAfter(err))
			}
			if c.status == 401 && tok.last != "token-0" {
				t.Errorf("last rejected %q: a 401 is tried once more, with another token", tok.last)
			}
			if strings.Contains(err.Error(), "token-") {
				t.Errorf("the error shows a token: %v", err)
			}
		})
	}
}

func TestRenewedAfter401(t *testing.T) {
	t.Parallel()
	c, tok := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token-1" {
			w.WriteHeader(401)
			return
		}
		io.WriteString(w, envelopeOf(200, nil, nil))
	})
	if err := c.PostFeedback(t.Context(), wire.Feedback{SessionID: "s", Rating: 5}); err != nil {
		t.Error(err)
	}
	if tok.last != "token-0" {
		t.Errorf("rejected %q", tok.last)
	}
}

// TestUnreachable is the table of what a person is told when no answer comes.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	tlsServer := httptest.NewTLSServer(http.NotFoundHandler())
	tlsServer.Config.ErrorLog = nil
	t.Cleanup(tlsServer.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })

	failing := func(err error) *http.Client {
		return &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}}
	}
	fresh := func() *http.Client { return &http.Client{Transport: &http.Transport{}} }
	cases := []struct {
		name, base string
		client     *http.Client
		words      string
	}{
		{"refused", "http://" + closed, fresh(), "Nothing answers at " + closed},
		{"no such host", "https://nowhere.invalid", failing(&net.DNSError{IsNotFound: true, Name: "nowhere.invalid"}), "no server named nowhere.invalid"},
		{"no name server", "https://nowhere.invalid", failing(&net.DNSError{IsTimeout: true}), "could not be looked up"},
		{"untrusted", tlsServer.URL, fresh(), "not trusted"},
		{"no TLS there", "https://" + strings.TrimPrefix(plain.URL, "http://"), fresh(), "does not speak https"},
		{"no answer", "http://" + silent.Addr().String(), fresh(), "does not answer"},
		{"cut", "https://x.test", failing(io.ErrUnexpectedEOF), "could not be reached"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client, _ := clientOf(t, c.base, c.client)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if c.name != "no answer" {
				ctx = t.Context()
			}
			_, err := client.Profile(ctx)
			f := fault.From(err)
			if f.Type != fault.NetworkError || !strings.Contains(f.Message(), c.words) || f.Next() == "" || !Passing(err) {
				t.Errorf("%s: %q, %v", f.Type, f.Message(), err)
			}
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c, _ := clientOf(t, "http://"+silent.Addr().String(), &http.Client{Transport: &http.Transport{}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Profile(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestNoTokenElsewhere: whatever the platform answers, no other host ever sees a
// token.
func TestNoTokenElsewhere(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var leaked []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		leaked = append(leaked, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/steal", status) })
		if _, err := c.Profile(t.Context()); fault.TypeOf(err) != fault.NetworkError {
			t.Errorf("%d: %v", status, err)
		}
		if _, err := c.Renew(t.Context(), "refresh"); err == nil {
			t.Errorf("%d: renewed elsewhere", status)
		}
		elsewhere, _ := url.Parse(other.URL + "/v2/calls/s/state")
		if _, err := c.PollState(t.Context(), elsewhere, "payload", "", 0); err == nil {
			t.Errorf("%d: polled elsewhere", status)
		}
		if err := c.Reject(t.Context(), elsewhere, "payload", "busy"); err == nil {
			t.Errorf("%d: rejected elsewhere", status)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(leaked) != 0 {
		t.Errorf("the other host was asked with %q", leaked)
	}
}

func TestRedirectOnTheSameHost(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/moved") {
			http.Redirect(w, r, "/moved", http.StatusTemporaryRedirect)
			return
		}
		io.WriteString(w, envelopeOf(200, map[string]string{"access_token": "new"}, nil))
	})
	got, err := c.Renew(t.Context(), "refresh")
	if err != nil || got.AccessToken != "new" {
		t.Errorf("%q %v", got, err)
	}
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"the token alone": envelopeOf(200, map[string]any{"access_token": "new"}, nil),
		"the whole pair":  envelopeOf(200, map[string]any{"subscriber_token": map[string]string{"access_token": "new"}}, nil),
	} {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != "POST" || r.Header.Get("Authorization") != "Bearer refresh" || !strings.HasSuffix(r.URL.Path, "/access-token") {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			io.WriteString(w, body)
		})
		if got, err := c.Renew(t.Context(), "refresh"); got.AccessToken != "new" || err != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, envelopeOf(200, nil, nil)) })
	if _, err := c.Renew(t.Context(), "refresh"); fault.TypeOf(err) != fault.ServerError {
		t.Errorf("error %v", err)
	}
}

func TestPoll(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	cases := []struct {
		name, body string
		want       Polled
		ok         bool
	}{
		{"in the envelope", envelopeOf(200, map[string]any{"state": "ringing", "server_time": "2026-11-22T10:00:00Z"}, nil), Polled{wire.CallRinging, at}, true},
		{"bare", `{"state":"cancelled","server_time":"2026-11-22T10:00:00Z"}`, Polled{wire.CallCancelled, at}, true},
		{"Unix time", fmt.Sprintf(`{"state":"timeout","server_time":%d}`, at.Unix()), Polled{wire.CallTimeout, at}, true},
		{"no time", `{"state":"answered"}`, Polled{State: wire.CallAnswered}, true},
		{"a strange time", `{"state":"answered","server_time":{}}`, Polled{State: wire.CallAnswered}, true},
		{"a strange state", `{"state":"exploded"}`, Polled{}, false},
		{"nothing", `{}`, Polled{}, false},
	}
	for _, c := range cases {
		client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer payload" || r.URL.Query().Get("after") != "ringing" {
				t.Errorf("%s %v", r.URL, r.Header)
			}
			io.WriteString(w, c.body)
		})
		u := client.cfg.Base.JoinPath("calls/s/state")
		got, err := client.PollState(t.Context(), u, "payload", wire.CallRinging, time.Second)
		if (err == nil) != c.ok || c.ok && (got.State != c.want.State || !got.ServerTime.Equal(c.want.ServerTime)) {
			t.Errorf("%s: %+v %v", c.name, got, err)
		}
		if u.RawQuery != "" {
			t.Error("the payload's URL was changed")
		}
	}
}

func TestClockOffset(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		io.WriteString(w, envelopeOf(200, nil, nil))
	})
	_ = c.PostFeedback(t.Context(), wire.Feedback{})
	if got := c.ServerOffset(); got < time.Hour-2*time.Second || got > time.Hour+2*time.Second {
		t.Errorf("offset %v", got)
	}
}

func TestParseBase(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://miles.apac-sg.exotel.in/v2":  "https://miles.apac-sg.exotel.in/v2",
		"https://miles.apac-sg.exotel.in/v2/": "https://miles.apac-sg.exotel.in/v2",
		"https://miles.apac-sg.exotel.in":     "https://miles.apac-sg.exotel.in/v2",
		" http://127.0.0.1:8080/ ":            "http://127.0.0.1:8080/v2",
		"http://[::1]:8080":                   "http://[::1]:8080/v2",
		"voice.example.com":                   "",
		"ftp://x":                             "",
		"https://":                            "",
		"https://user:secret@x":               "",
		"https://x/?q=1":                      "",
		"":                                    "",
		"https://x:port":                      "",
	} {
		u, err := ParseBase(in)
		if want == "" {
			if fault.TypeOf(err) != fault.InvalidParameter || strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("%q: %v", in, err)
			}
		} else if err != nil || u.String() != want {
			t.Errorf("%q: %v %v", in, u, err)
		}
	}
}

func TestOwnURL(t *testing.T) {
	t.Parallel()
	base, _ := ParseBase("https://voice.test")
	for in, want := range map[string]bool{
		"https://voice.test/v2/calls/s/state":     true,
		"https://VOICE.test:443/x":                true,
		"http://voice.test/x":                     false,
		"https://voice.test:8443/x":               false,
		"https://voice.test.evil.example/x":       false,
		"https://voice.test@evil.example/x":       false,
		"https://user@voice.test/x":               false,
		"//voice.test/x":                          false,
		"/v2/calls":                               false,
		"":                                        false,
		"https://evil.example/https://voice.test": false,
	} {
		if _, ok := OwnURL(base, nil, in); ok != want {
			t.Errorf("%q: %v", in, ok)
		}
	}
}

func TestUploadLog(t *testing.T) {
	t.Parallel()
	var got string
	var auth []string
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, auth = string(b), r.Header.Values("Authorization")
		if r.Method != "PUT" || r.ContentLength != 5 || r.Header.Get("Content-Type") != "application/zip" {
			t.Errorf("%s %d %v", r.Method, r.ContentLength, r.Header)
		}
		w.WriteHeader(201)
	})
	var last float64
	d := wire.LogDestination{URL: c.cfg.Base.JoinPath("logs").String() + "?signature=hidden"}
	if err := c.UploadLog(t.Context(), d, strings.NewReader("12345"), 5, func(p float64) { last = p }); err != nil {
		t.Fatal(err)
	}
	if got != "12345" || last != 1 || len(auth) != 0 {
		t.Errorf("sent %q, progress %v, %d tokens", got, last, len(auth))
	}
	for _, bad := range []string{"", "ftp://x/y", "https://user:pw@x/", "/relative"} {
		if err := c.UploadLog(t.Context(), wire.LogDestination{URL: bad}, strings.NewReader("1"), 1, nil); err == nil {
			t.Errorf("uploaded to %q", bad)
		}
	}
	expired, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) })
	d.URL = expired.cfg.Base.String() + "?signature=hidden"
	if err := c.UploadLog(t.Context(), d, strings.NewReader("1"), 1, nil); fault.TypeOf(err) != fault.ServerError {
		t.Errorf("expired: %v", err)
	}
	d.URL = "http://127.0.0.1:1/?signature=hidden"
	if err := c.UploadLog(t.Context(), d, strings.NewReader("1"), 1, nil); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("refused: %v", err)
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add(200, envelopeOf(200, map[string]any{"sip_domain": "x"}, nil))
	f.Add(404, envelopeOf(404, nil, map[string]any{"code": 1000}))
	f.Add(200, `{"response":[]}`)
	f.Add(200, `<html>`)
	f.Fuzz(func(t *testing.T, status int, text string) {
		var p wire.Profile
		err := readEnvelope(&http.Response{StatusCode: status, Header: http.Header{}}, []byte(text), "x", &p)
		var f *fault.Error
		if err != nil && (!errors.As(err, &f) || f.Code == "") {
			t.Errorf("no words for %v", err)
		}
	})
}
