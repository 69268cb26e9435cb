package demo

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/demo/relay/relaytest"
)

// short is the timeout of tests with slow peers.
var short = timeouts{firstByte: 600 * time.Millisecond, header: 600 * time.Millisecond, read: 900 * time.Millisecond, write: 15 * time.Second, idle: 900 * time.Millisecond}

// raw opens a TCP connection and writes text.
func raw(t *testing.T, p *Platform, text string) net.Conn {
	t.Helper()
	u, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(relaytest.WaitTime)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// Whatever a peer writes, it gets an answer or is cut off, and others are
// served.
func TestHostilePeers(t *testing.T) {
	t.Parallel()
	p := startPlatform(t, Config{timeouts: short})
	head := "POST /v1/login HTTP/1.1\r\nHost: x\r\n"
	for name, row := range map[string]struct {
		text   string
		status int // 0: cut off without an answer
	}{
		"silence":                {"", 0},
		"half a request line":    {"GET /v2/acc", 0},
		"slow header":            {head + "X-Slow: ", 0},
		"body that never comes":  {head + "Content-Length: 50\r\n\r\n{", 400},
		"header flood":           {"GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-Flood: "+strings.Repeat("y", 100)+"\r\n", 400) + "\r\n", 431},
		"one long header":        {"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("y", 40000) + "\r\n\r\n", 431},
		"long path":              {"GET /" + strings.Repeat("y", 40000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
		"not HTTP":               {"hello there\r\n\r\n", 400},
		"two lengths":            {head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
		"length below 0":         {head + "Content-Length: -1\r\n\r\n", 400},
		"body over limit":        {head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", 70<<10, strings.Repeat("x", 70<<10)), 413},
		"endless chunks":         {head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("400\r\n"+strings.Repeat("x", 1024)+"\r\n", 80), 413},
		"path trick":             {"GET /v2/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 307},
		"encoded path trick":     {"GET /console/static/..%2f..%2fconsole.go HTTP/1.1\r\nHost: x\r\n\r\n", 401},
		"NUL in the path":        {"GET /v2/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 404},
		"WebSocket without keys": {"GET /v1/push HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 400},
		"ICE-TCP nonsense":       {"\x00\x05hello", 0},
		"ICE-TCP without end":    {"\x05\xff" + strings.Repeat("z", 100), -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := raw(t, p, row.text)
			if row.status < 0 {
				conn.Close()
				return
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			switch {
			case row.status == 0 && err == nil && res.StatusCode != http.StatusBadRequest:
				t.Errorf("answered %d", res.StatusCode)
			case row.status == 0 && isTimeout(err):
				t.Error("not cut off")
			case row.status != 0 && err != nil:
				t.Errorf("no answer: %v", err)
			case row.status != 0 && res.StatusCode != row.status:
				t.Errorf("%d, want %d", res.StatusCode, row.status)
			}
			// The two hats' own requests meet the short timeout too, so that a busy
			// machine may need another try.
			alice := newPhone(t, p, "alice")
			relaytest.Eventually(t, "service for others", func() bool { return alice.login("demo").status == http.StatusOK })
		})
	}
}

func isTimeout(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}

// A long poll outlasts the server's timeout with slow readers.
func TestPollOutlastsReadTimeout(t *testing.T) {
	t.Parallel()
	stub := newStubBackend(t, func(w http.ResponseWriter) {
		io.WriteString(w, `{"destination":{"numbers":["sip:bob"]},"max_ringing_duration":2}`)
	})
	p := startPlatform(t, Config{DialWhomURL: stub.with("/company/whom"), PushURL: stub.with("/company/push"), timeouts: short})
	alice := signedIn(t, p, "alice")
	done := make(chan int)
	go func() { done <- alice.call(t, "") }()
	relaytest.Eventually(t, "push", func() bool { stub.mu.Lock(); defer stub.mu.Unlock(); return len(stub.body) == 1 })
	body := string(stub.body[0])
	payload := body[strings.Index(body, `"payload":"`)+len(`"payload":"`):]
	payload = payload[:strings.IndexByte(payload, '"')]
	claims, err := p.platform.Verify(payload)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	var polled struct{ State string }
	newPhone(t, p, "bob").do(http.MethodGet, claims.LongPollURL+"?after=ringing", payload, nil).data(t, &polled)
	if polled.State != "timeout" || time.Since(started) < time.Second {
		t.Errorf("after %v the poll tells %q", time.Since(started), polled.State)
	}
	<-done
}

// certificate writes a self-signed one for a name that nobody connects to.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "voice.example.com"}, DNSNames: []string{"voice.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for file, text := range map[string][]byte{certFile: certPEM, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}

// Over TLS the hats still reach each other, and the profile says WSS.
func TestTLS(t *testing.T) {
	t.Parallel()
	certFile, keyFile, pool := certificate(t)
	p := startPlatform(t, Config{TLSCertFile: certFile, TLSKeyFile: keyFile, PublicURL: "https://voice.example.com"})
	if p.URL() != "https://voice.example.com" {
		t.Errorf("URL %q", p.URL())
	}
	alice := newPhone(t, p, "alice")
	alice.url = "https://" + p.split.listener.Addr().String()
	alice.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool, ServerName: "voice.example.com"}
	if a := alice.login("demo"); a.status != http.StatusOK || alice.host != "https://voice.example.com/v2" {
		t.Fatalf("login: %d %s", a.status, a.body)
	}
	alice.host = alice.url + "/v2"
	var profile struct {
		Transport string `json:"sip_transport"`
		Server    string `json:"sip_server"`
		Port      int    `json:"sip_port"`
	}
	alice.do(http.MethodGet, alice.voice("profile"), alice.access, nil).data(t, &profile)
	if profile.Transport != "WSS" || profile.Server != "voice.example.com" || profile.Port != 443 {
		t.Errorf("profile %+v", profile)
	}
	alice.do(http.MethodPost, alice.desk("alice", "context"), alice.access, map[string]string{"dialToNumber": "sip:busy"})
	if status := alice.call(t, ""); status != 486 {
		t.Errorf("call over TLS: %d", status)
	}
	// The platform's own client trusts its own certificate and no stranger's.
	strangerCert, strangerKey, _ := certificate(t)
	pair, err := tls.LoadX509KeyPair(strangerCert, strangerKey)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	stranger := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() { defer close(done); _ = stranger.Serve(l) }()
	defer func() { stranger.Close(); <-done }()
	client, err := p.outgoingClient()
	if err != nil {
		t.Fatal(err)
	}
	if res, err := client.Get("https://" + l.Addr().String()); err == nil {
		res.Body.Close()
		t.Error("a stranger's certificate is trusted")
	}
}

// A renewed certificate is taken up; half of one is not.
func TestCertificateIsTakenUpAnew(t *testing.T) {
	t.Parallel()
	cert, key, _ := certificate(t)
	files := &certificateFiles{cert: cert, key: key}
	first, err := files.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	newCert, newKey, _ := certificate(t)
	copyFile := func(from, to string) {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Minute)
		if err := os.Chtimes(to, later, later); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(newCert, cert)
	if half, err := files.get(nil); err != nil || half != first {
		t.Errorf("with the new certificate and the old key: %v", err)
	}
	copyFile(newKey, key)
	if second, err := files.get(nil); err != nil || second == first {
		t.Errorf("with both: %v", err)
	}
	if _, err := (&certificateFiles{cert: "/nonexistent", key: key}).get(nil); err == nil {
		t.Error("a certificate that is not there")
	}
}
