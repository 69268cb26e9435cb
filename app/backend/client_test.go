package backend

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/voice/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const loginAnswer = `{"http_code":200,"subscriber_token":{"refresh_token":"R","access_token":"A"},
 "subscriber_name":"alice","host_name":"http://x/v2","account_sid":"demo","exophone":"0804","contact_display_name":"Alice"}`

func client(t *testing.T, h http.HandlerFunc, tokens Tokens) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	t.Cleanup(srv.Close)
	c, err := New(srv.URL, hc, tokens, false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnAgentsSession(t *testing.T) {
	t.Parallel()
	var log []string
	renewed := 0
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		log = append(log, r.Method+" "+r.URL.EscapedPath()+" "+string(body))
		if r.URL.Path != "/v1/login" && r.Header.Get("Authorization") != "Bearer good" {
			w.WriteHeader(401)
			return
		}
		switch {
		case r.URL.Path == "/v1/login":
			io.WriteString(w, loginAnswer)
		case strings.HasSuffix(r.URL.Path, "/contacts"):
			io.WriteString(w, `{"response":[{"code":200,"data":{"group":"Team","is_special":false,"contacts":[{"contact_name":"Bob","contact_number":"bob"}]}},{"code":500,"data":null}]}`)
		case strings.HasSuffix(r.URL.Path, "/context") && r.Method == "GET":
			io.WriteString(w, `{"http_code":200,"message":" ticket 7 "}`)
		case r.Method == "DELETE":
			w.WriteHeader(404)
		default:
			w.WriteHeader(201)
		}
	}, func(_ context.Context, rejected string) (string, error) {
		if rejected != "" {
			renewed++
			return "good", nil
		}
		if renewed > 0 {
			return "good", nil
		}
		return "old", nil
	})
	ctx := context.Background()
	l, err := c.Login(ctx, LoginRequest{UserName: "alice", Password: "demo", AccountSID: "demo", DeviceID: "d"})
	if err != nil || l.Token.RefreshToken != "R" || l.Exophone != "0804" {
		t.Fatalf("%+v, %v", l, err)
	}
	if err := c.SendDeviceToken(ctx, "demo", "alice", "dt"); err != nil || renewed != 1 {
		t.Fatalf("%v after %d renewals", err, renewed)
	}
	if err := c.PostContext(ctx, "demo", "alice", "bob", "hi"); err != nil {
		t.Fatal(err)
	}
	if m, err := c.Context(ctx, "demo", "../bob"); m != "ticket 7" || err != nil {
		t.Fatalf("%q, %v", m, err)
	}
	if err := c.DeleteContext(ctx, "demo", "alice"); err != nil {
		t.Fatal(err)
	}
	g, skipped, err := c.Contacts(ctx, "demo", "alice")
	if err != nil || skipped != 1 || len(g) != 1 || g[0].Contacts[0].Number != "bob" {
		t.Fatalf("%+v, %d, %v", g, skipped, err)
	}
	all := strings.Join(log, "\n")
	for _, want := range []string{
		`POST /v1/login {"user_name":"alice","password":"demo","account_sid":"demo","device_id":"d","platform":"desktop"}`,
		`POST /v1/accounts/demo/subscribers/alice/devicetoken {"deviceToken":"dt"}`,
		`{"dialToNumber":"sip:bob","message":"hi"}`,
		`GET /v1/accounts/demo/subscribers/..%2Fbob/context`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("missing %s in\n%s", want, all)
		}
	}
}

func TestEachFaultHasASentence(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status); io.WriteString(w, body) }
	}
	for name, row := range map[string]struct {
		h    http.HandlerFunc
		code fault.Type
		has  string
	}{
		"wrong password": {answer(403, `{}`), fault.InvalidCredentials, "password is wrong"},
		"unauthorised":   {answer(401, ``), fault.InvalidCredentials, "password is wrong"},
		"no such page":   {answer(404, `nothing`), fault.ServerError, "isn't an Offhook server"},
		"too many":       {answer(429, ``), fault.ServerError, "Too many"},
		"bad request":    {answer(400, ``), fault.InvalidParameter, "refuses"},
		"server broken":  {answer(503, `<html>`), fault.ServerError, "(503)"},
		"captive portal": {answer(200, `<!DOCTYPE html><html>`), fault.NetworkError, "sign in first"},
		"redirected": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://portal.invalid/", http.StatusFound)
		}, fault.NetworkError, "sign in first"},
		"cut":          {answer(200, `{"subscriber_token":{"refresh_token":"SECRET`), fault.ServerError, "understood"},
		"wrong type":   {answer(200, `{"subscriber_token":"SECRET"}`), fault.ServerError, "understood"},
		"not complete": {answer(200, `{}`), fault.ServerError, "not complete"},
		"empty":        {answer(200, ``), fault.ServerError, "understood"},
		"proxy":        {answer(407, ``), fault.NetworkError, "proxy"},
		"broken off": {func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		}, fault.NetworkError, "dropped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client(t, row.h, nil).Login(context.Background(), LoginRequest{UserName: "a", Password: "PASSWORD"})
			check(t, err, row.code, row.has)
		})
	}
}

func check(t *testing.T, err error, code fault.Type, has string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Type != code || !strings.Contains(f.Message(), has) || f.Next() == "" {
		t.Fatalf("got %v, want %s with %q and a next step", err, code, has)
	}
	for _, secret := range []string{"SECRET", "PASSWORD"} {
		if strings.Contains(err.Error(), secret) {
			t.Fatalf("%s is in the error: %v", secret, err)
		}
	}
}

func TestTheNetworksFaults(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusedURL := "http://" + l.Addr().String()
	l.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	tlsServer := httptest.NewTLSServer(http.NotFoundHandler())
	defer tlsServer.Close()
	tlsServer.Config.ErrorLog = nil
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.HasPrefix(addr, "nowhere.invalid") {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}}
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
	for name, row := range map[string]struct{ server, has string }{
		"unknown host":   {"http://nowhere.invalid:1", "Server not found."},
		"refused port":   {refusedURL, "doesn't accept connections."},
		"no answer":      {"http://" + silent.Addr().String(), "doesn't answer"},
		"unknown issuer": {tlsServer.URL, "Acme Co"},
		"not https":      {strings.Replace(plain.URL, "http:", "https:", 1), "doesn't speak HTTPS"},
	} {
		c, err := New(row.server, hc, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		timeout := time.Minute
		if name == "no answer" {
			timeout = 300 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		_, err = c.Login(ctx, LoginRequest{})
		cancel()
		t.Run(name, func(t *testing.T) { check(t, err, fault.NetworkError, row.has) })
	}
}

func TestATokenStaysAtItsHost(t *testing.T) {
	t.Parallel()
	stolen := ""
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { stolen += r.Header.Get("Authorization") + "!" }))
	defer thief.Close()
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
	},
		func(context.Context, string) (string, error) { return "T", nil })
	if err := c.SendDeviceToken(context.Background(), "s", "n", "d"); err == nil || stolen != "" {
		t.Fatalf("%v; the other host got %q", err, stolen)
	}
}

func TestContextMessages(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"message":"null"}`: "", `{"message":null}`: "", `{}`: "", `{"message":"ok"}`: "ok",
		`{"message":"` + strings.Repeat("é", 5000) + `"}`: strings.Repeat("é", maxMessage) + "…",
	} {
		c := client(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body) }, nil)
		if got, err := c.Context(context.Background(), "s", "n"); got != want || err != nil {
			t.Errorf("%.30s: %q, %v", body, got, err)
		}
	}
}

func TestParseServer(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://h": "https://h/v1", " http://h:8080/ ": "http://h:8080/v1", "https://h/v1": "https://h/v1",
		"https://h/v2/": "https://h/v2", "https://h/phone": "https://h/phone/v1", "http://[::1]:80": "http://[::1]:80/v1",
		"": "", "h": "", "ftp://h": "", "http://": "", "http://u:p@h": "", "http://h?x": "", "http://h#x": "", "http://:80": "", "http://h h": "",
	} {
		u, err := ParseServer(in)
		if want == "" {
			var f *fault.Error
			if !errors.As(err, &f) || f.Type != fault.InvalidParameter {
				t.Errorf("%q: %v, %v", in, u, err)
			}
			continue
		}
		if err != nil || u.String() != want {
			t.Errorf("%q: %v, %v", in, u, err)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(loginAnswer))
	f.Add([]byte(`{"response":[{"code":200,"data":null},null]}`))
	f.Add([]byte(`{"message":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		hc := &http.Client{Transport: answerWith(data)}
		c, err := New("http://h", hc, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		if l, err := c.Login(ctx, LoginRequest{}); err == nil && l.Token.AccessToken == "" {
			t.Fatal("a login without a token")
		}
		_, _ = c.Context(ctx, "s", "n")
		_, _, _ = c.Contacts(ctx, "s", "n")
	})
}

type answerWith []byte

func (a answerWith) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}
