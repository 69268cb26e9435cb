package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
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

	"github.com/coder/websocket"
	"github.com/icholy/digest"

	"offhook/voice/fault"
)

// gate is a small CONNECT proxy.
type gate struct {
	t    *testing.T
	url  *url.URL
	auth func(r *http.Request) string // a challenge, or "" to let it pass

	mu    sync.Mutex
	saw   []string
	conns sync.WaitGroup
}

func newGate(t *testing.T, auth func(*http.Request) string) *gate {
	t.Helper()
	g := &gate{t: t, auth: auth}
	srv := httptest.NewServer(g)
	t.Cleanup(func() { srv.Close(); g.conns.Wait() })
	g.url, _ = url.Parse(srv.URL)
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.saw = append(g.saw, r.Method+" "+r.Host)
	g.mu.Unlock()
	if g.auth != nil {
		if challenge := g.auth(r); challenge != "" {
			w.Header()["Proxy-Authenticate"] = strings.Split(challenge, "\n")
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
	}
	if r.Method != http.MethodConnect || strings.HasPrefix(r.Host, "forbidden") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	far, err := net.Dial("tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	// While the connection is the server's still, its Close waits for us.
	g.conns.Add(2)
	near, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		g.t.Error(err)
	}
	_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
	for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() {
			defer g.conns.Done()
			_, _ = io.Copy(pair[0], pair[1])
			pair[0].Close()
			pair[1].Close()
		}()
	}
}

func (g *gate) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.saw...)
}

func (g *gate) find(context.Context, *url.URL) ([]*url.URL, error) { return []*url.URL{g.url}, nil }

func basicGate(t *testing.T) *gate {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("agent:s3cret"))
	return newGate(t, func(r *http.Request) string {
		if r.Header.Get("Proxy-Authorization") == want {
			return ""
		}
		return "Negotiate\nBasic realm=\"office\""
	})
}

func client(d *Dialer, roots *tls.Config) (*http.Client, *http.Transport) {
	t := &http.Transport{Proxy: d.Note, DialContext: d.DialContext, TLSClientConfig: roots, DisableKeepAlives: true}
	return &http.Client{Transport: t}, t
}

// HTTPS, and a WebSocket over it as push and signalling use, go through a proxy
// that wants a password.
func TestHTTPSAndWebSocketsThroughAProxyWithAPassword(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/push" {
			fmt.Fprint(w, "hello")
			return
		}
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		_ = ws.Write(r.Context(), websocket.MessageText, []byte("pushed"))
		_, _, _ = ws.Read(r.Context())
	}))
	defer server.Close()
	g := basicGate(t)
	d := New(Config{Find: g.find})
	asked := 0
	d.UseCredentials(func(proxy string) (Credentials, bool) {
		asked++
		if proxy != g.url.Host {
			t.Errorf("asked for the password of %s", proxy)
		}
		return Credentials{"agent", "s3cret"}, true
	})
	trust := server.Client().Transport.(*http.Transport).TLSClientConfig
	hc, _ := client(d, trust)
	resp, err := hc.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(body) != "hello" || resp.TLS == nil {
		t.Fatalf("%q", body)
	}
	ws, _, err := websocket.Dial(context.Background(), server.URL+"/push", &websocket.DialOptions{HTTPClient: hc})
	if err != nil {
		t.Fatal(err)
	}
	_, text, err := ws.Read(context.Background())
	if err != nil || string(text) != "pushed" {
		t.Fatalf("%q, %v", text, err)
	}
	_ = ws.CloseNow()
	host := strings.TrimPrefix(server.URL, "https://")
	// Once refused, then with the password; the second tunnel knows it already.
	if got, want := strings.Join(g.requests(), ","), strings.Join([]string{"CONNECT " + host, "CONNECT " + host, "CONNECT " + host}, ","); got != want {
		t.Errorf("the proxy saw %s, want %s", got, want)
	}
	if u, err := d.For(context.Background(), &url.URL{Scheme: "https", Host: host}); err != nil || u.Host != g.url.Host {
		t.Errorf("For: %v, %v", u, err)
	}
}

func TestDigestIsAnsweredAndPreferred(t *testing.T) {
	t.Parallel()
	echo := listen(t, func(c net.Conn) { _, _ = io.Copy(c, c) })
	nonce := "n0nce"
	g := newGate(t, func(r *http.Request) string {
		challenge := `Digest realm="office", nonce="` + nonce + `", qop="auth", algorithm=SHA-256`
		got, err := digest.ParseCredentials(r.Header.Get("Proxy-Authorization"))
		if err != nil {
			return "Basic realm=\"office\"\n" + challenge
		}
		parsed, _ := digest.ParseChallenge(challenge)
		want, err := digest.Digest(parsed, digest.Options{Method: "CONNECT", URI: r.Host, Username: "agent", Password: "s3cret", Count: 1, Cnonce: got.Cnonce})
		if err != nil || want.Response != got.Response {
			return challenge
		}
		return ""
	})
	d := New(Config{Find: g.find})
	d.UseCredentials(func(string) (Credentials, bool) { return Credentials{"agent", "s3cret"}, true })
	speaks(t, d, echo)
}

func TestWhatAProxyRefuses(t *testing.T) {
	t.Parallel()
	echo := listen(t, func(c net.Conn) { _, _ = io.Copy(c, c) })
	garbage := listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-x\r\n") })
	dead := listen(t, func(net.Conn) {})
	endless := listen(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX: ")
		for {
			if _, err := io.WriteString(c, strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := gone.Addr().String()
	gone.Close()
	wrong := func(string) (Credentials, bool) { return Credentials{"agent", "wrong"}, true }
	open := newGate(t, nil)
	locked := basicGate(t)
	negotiate := newGate(t, func(*http.Request) string { return "Negotiate" })
	for name, row := range map[string]struct {
		via, to, text string
		ask           func(string) (Credentials, bool)
		credentials   bool
	}{
		"no password":       {via: locked.url.Host, to: echo, text: "wants a user name", credentials: true},
		"wrong password":    {via: locked.url.Host, to: echo, text: "refuses the user name", ask: wrong, credentials: true},
		"negotiate only":    {via: negotiate.url.Host, to: echo, text: "doesn't know", ask: wrong},
		"forbidden":         {via: open.url.Host, to: "forbidden.example:443", text: "(403)"},
		"nobody there":      {via: open.url.Host, to: nobody, text: "(502)"},
		"no proxy":          {via: nobody, to: echo, text: "doesn't answer"},
		"not a proxy":       {via: garbage, to: echo, text: "as a proxy does"},
		"hangs up":          {via: dead, to: echo, text: "as a proxy does"},
		"a head that grows": {via: endless, to: echo, text: "as a proxy does"},
	} {
		d := New(Config{Find: func(context.Context, *url.URL) ([]*url.URL, error) {
			return []*url.URL{{Scheme: "http", Host: row.via}}, nil
		}})
		if row.ask != nil {
			d.UseCredentials(row.ask)
		}
		conn, err := d.DialContext(context.Background(), "tcp", row.to)
		if err == nil {
			conn.Close()
			t.Errorf("%s: connected", name)
			continue
		}
		f := fault.From(err)
		if f.Type != fault.NetworkError || !strings.Contains(f.Message(), row.text) || f.Next() == "" || errors.Is(err, ErrCredentials) != row.credentials {
			t.Errorf("%s: %+v", name, f)
		}
		if strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: the password is in %v", name, err)
		}
	}
	// A dial that waits for a silent proxy can be given up.
	silent := listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)); _, _ = io.Copy(io.Discard, c) })
	d := New(Config{Find: func(context.Context, *url.URL) ([]*url.URL, error) {
		return []*url.URL{{Scheme: "http", Host: silent}}, nil
	}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := d.DialContext(ctx, "tcp", echo)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

// A list is tried in its order, and what the far side says at once is not lost.
func TestAnUnreachableProxyIsPassedOver(t *testing.T) {
	t.Parallel()
	greeter := listen(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 hello\n")
		_, _ = io.Copy(io.Discard, c)
	})
	eager := listen(t, func(c net.Conn) { // answers and speaks in one packet
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\n220 early\n")
			_, _ = io.Copy(io.Discard, c)
		}
	})
	for _, row := range []struct {
		list []*url.URL
		want string
	}{
		{[]*url.URL{{Scheme: "http", Host: "127.0.0.1:1"}, nil}, "220 hello\n"},
		{[]*url.URL{{Scheme: "http", Host: eager}}, "220 early\n"},
		{nil, "220 hello\n"},
	} {
		d := New(Config{Find: func(context.Context, *url.URL) ([]*url.URL, error) { return row.list, nil }})
		conn, err := d.DialContext(context.Background(), "tcp", greeter)
		if err != nil {
			t.Fatal(err)
		}
		if line, _ := bufio.NewReader(conn).ReadString('\n'); line != row.want {
			t.Errorf("heard %q, want %q", line, row.want)
		}
		conn.Close()
	}
}

func TestSOCKS(t *testing.T) {
	t.Parallel()
	echo := listen(t, func(c net.Conn) { _, _ = io.Copy(c, c) })
	socks := listen(t, func(c net.Conn) { serveSOCKS(c) })
	d := New(Config{Find: func(context.Context, *url.URL) ([]*url.URL, error) {
		return []*url.URL{{Scheme: "socks5", Host: socks, User: url.UserPassword("agent", "s3cret")}}, nil
	}})
	speaks(t, d, echo)
	_, err := New(Config{Find: func(context.Context, *url.URL) ([]*url.URL, error) {
		return []*url.URL{{Scheme: "socks5", Host: socks, User: url.UserPassword("agent", "no")}}, nil
	}}).DialContext(context.Background(), "tcp", echo)
	if fault.TypeOf(err) != fault.NetworkError {
		t.Errorf("a wrong password: %v", err)
	}
}

// serveSOCKS speaks SOCKS 5 with a user name (RFC 1928, RFC 1929) to one client.
func serveSOCKS(c net.Conn) {
	read := func(n int) []byte {
		b := make([]byte, n)
		_, _ = io.ReadFull(c, b)
		return b
	}
	_ = read(int(read(2)[1]))
	_, _ = c.Write([]byte{5, 2})
	_ = read(1)
	user := string(read(int(read(1)[0])))
	password := string(read(int(read(1)[0])))
	if user != "agent" || password != "s3cret" {
		_, _ = c.Write([]byte{1, 1})
		return
	}
	_, _ = c.Write([]byte{1, 0})
	head := read(4)
	var host string
	switch head[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(read(int(read(1)[0])))
	}
	port := read(2)
	far, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(int(port[0])<<8|int(port[1]))))
	if err != nil {
		return
	}
	defer far.Close()
	_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	go func() { _, _ = io.Copy(far, c); far.Close() }()
	_, _ = io.Copy(c, far)
}

// speaks dials an echo and hears itself.
func speaks(t *testing.T, d *Dialer, to string) {
	t.Helper()
	conn, err := d.DialContext(context.Background(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, "ahoy"); err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, 4)
	if _, err := io.ReadFull(conn, heard); err != nil || string(heard) != "ahoy" {
		t.Fatalf("%q, %v", heard, err)
	}
}

// listen serves each connection by f and closes it then.
func listen(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { defer c.Close(); f(c) })
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return l.Addr().String()
}
