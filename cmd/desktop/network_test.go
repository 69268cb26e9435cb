package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/app"
	"offhook/app/diagnosis"
)

// office is a network that lets nothing out but by its proxy, which wants a user
// name and a password, and whose servers have certificates of its own authority.
type office struct {
	proxy    string // http://user:password@host:port
	plain    string // the same without them
	ca       string // the authority's certificate, as a file
	platform *platform
	url      string

	mu      sync.Mutex
	tunnels int
	refused int
	conns   sync.WaitGroup
}

const officeCA = "Example Office CA"

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{}
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	o.ca = filepath.Join(dir, "ca.pem")
	certificates(t, o.ca, cert, key)
	// A loopback address of its own and a port that is never given out by
	// chance: the public address must be known before the platform listens.
	at := fmt.Sprintf("127.%d.%d.%d:28443", 1+mathrand.IntN(250), mathrand.IntN(250), 2+mathrand.IntN(250))
	o.url = "https://pbx.test:28443"
	o.platform = startPlatform(t, "--listen", at, "--public-url", o.url, "--tls-cert", cert, "--tls-key", key)
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("agent:pr0xy-s3cret"))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != want {
			o.count(&o.refused)
			w.Header().Set("Proxy-Authenticate", `Basic realm="office"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		if r.Method != http.MethodConnect || r.Host != "pbx.test:28443" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		far, err := net.Dial("tcp", at)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		o.count(&o.tunnels)
		o.conns.Add(2)
		near, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			go func() {
				defer o.conns.Done()
				_, _ = io.Copy(pair[0], pair[1])
				pair[0].Close()
				pair[1].Close()
			}()
		}
	}))
	t.Cleanup(srv.Close)
	o.plain = srv.URL
	o.proxy = strings.Replace(srv.URL, "http://", "http://agent:pr0xy-s3cret@", 1)
	return o
}

func (o *office) count(n *int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	*n++
}

// certificates writes an authority, and a certificate of it for pbx.test.
func certificates(t *testing.T, ca, cert, key string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{officeCA}}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(30 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	caDER, err := x509.CreateCertificate(rand.Reader, authority, authority, caKey.Public(), caKey)
	must(err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "pbx.test"}, DNSNames: []string{"pbx.test"}, NotBefore: authority.NotBefore,
		NotAfter: authority.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, leafKey.Public(), caKey)
	must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	must(err)
	for path, block := range map[string]*pem.Block{
		ca: {Type: "CERTIFICATE", Bytes: caDER}, cert: {Type: "CERTIFICATE", Bytes: leafDER}, key: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		must(os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	}
}

// A phone in an office: signing in, push and signalling go by the proxy, whose
// password it is given, and the office's own authority is trusted because the
// system's store holds it.
func TestAPhoneInAnOffice(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	trusts := "SSL_CERT_FILE=" + o.ca

	t.Run("the authority is not known here", func(t *testing.T) {
		t.Parallel()
		p := startPhoneIn(t, []string{"HTTPS_PROXY=" + o.proxy}, o.url, "carol", "demo", "--audio-in", "null")
		s := p.until(t, timeout, "saying why it can't sign in", func(s *app.Snapshot) bool { return s.Account.Err != nil })
		if e := s.Account.Err; e.Code != "NETWORK_ERROR" || !strings.Contains(e.Message.String(), officeCA) || !strings.Contains(e.Next.String(), "administrator") {
			t.Errorf("%+v", e)
		}
		p.quit(t)
	})
	t.Run("the proxy wants a password", func(t *testing.T) {
		t.Parallel()
		p := startPhoneIn(t, []string{"HTTPS_PROXY=" + o.plain, trusts}, o.url, "bob", "demo", "--audio-in", "null")
		s := p.until(t, timeout, "saying why it can't sign in", func(s *app.Snapshot) bool { return s.Account.Err != nil })
		if e := s.Account.Err; e.Code != "NETWORK_ERROR" || !strings.Contains(e.Message.String(), "proxy") || !strings.Contains(e.Message.String(), "user name") {
			t.Errorf("%+v", e)
		}
		secret, password := filepath.Join(t.TempDir(), "proxy"), filepath.Join(t.TempDir(), "password")
		for path, text := range map[string]string{secret: "pr0xy-s3cret\n", password: "demo\n"} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p.do(t, "proxy-password", "--user", "agent", "--password-file", secret)
		p.do(t, "sign-in", "--user", "bob", "--account", "demo", "--server", o.url, "--password-file", password)
		p.until(t, timeout, "ready", func(s *app.Snapshot) bool { return s.Ready })
		p.quit(t)
		noSecrets(t, p.remote.ConfigDir)
		noTextIn(t, p.remote.ConfigDir, "pr0xy-s3cret")
	})
	t.Run("a whole call", func(t *testing.T) {
		t.Parallel()
		p := startPhoneIn(t, []string{"HTTPS_PROXY=" + o.proxy, trusts}, o.url, "alice", "demo", "--audio-in", "sine:440")
		p.until(t, timeout, "ready", func(s *app.Snapshot) bool { return s.Ready })
		p.do(t, "dial", "echo", "--wait", "ESTABLISHED")
		p.do(t, "hangup", "--wait", "ENDED")
		got := p.diagnosis(t)
		if c := got["proxy"]; c.Status != diagnosis.Pass || !strings.Contains(o.plain, c.Figure) || c.Figure == "" {
			t.Errorf("%+v", c)
		}
		if c := got["https"]; c.Status != diagnosis.Warn || !strings.Contains(c.Text.String(), officeCA) {
			t.Errorf("%+v", c)
		}
		wasMeasured(t, got)
		for _, name := range []string{"sip_socket", "push_socket", "clock"} {
			if c := got[name]; c.Status != diagnosis.Pass {
				t.Errorf("%+v", c)
			}
		}
		p.quit(t)
		noTextIn(t, p.remote.ConfigDir, "pr0xy-s3cret")
		o.mu.Lock()
		defer o.mu.Unlock()
		// There is no other way to pbx.test: no name server knows it.
		if o.tunnels < 3 {
			t.Errorf("%d tunnels for HTTPS, push and signalling", o.tunnels)
		}
	})
}

// noTextIn looks for a text in every file below dir.
func noTextIn(t *testing.T, dir, text string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), text) {
			t.Errorf("%s holds %q", path, text)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Where there is only IPv6 the whole of it works: sign-in, push, signalling and
// the sound.
func TestACallOverIPv6(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t, "--listen", "[::1]:0", "--media-listen", "[::1]:0")
	if !strings.Contains(platform.url, "[::1]") {
		t.Fatalf("the platform is at %s", platform.url)
	}
	alice := startPhone(t, platform.url, "alice", "sine:440")
	bob := startPhone(t, platform.url, "bob", "sine:880")
	alice.ready(t)
	bob.ready(t)
	alice.do(t, "dial", "bob", "--wait", "RINGING")
	bob.untilState(t, "INCOMING")
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	alice.untilState(t, "ESTABLISHED")
	for _, p := range []*phone{alice, bob} {
		p.until(t, timeout, "talking", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.DurationS >= 2 })
		var stats struct {
			Packets uint64 `json:"packets_received"`
			Remote  string `json:"remote_candidate"`
		}
		if err := p.ctl(&stats, "stats"); err != nil {
			t.Fatal(err)
		}
		if stats.Packets == 0 || !strings.Contains(stats.Remote, "::1") {
			t.Errorf("%s: %+v", p.user, stats)
		}
	}
	alice.do(t, "hangup", "--wait", "ENDED")
	bob.untilEnded(t)
	got := alice.diagnosis(t)
	wasMeasured(t, got)
	for _, name := range []string{"https", "sip_socket", "push_socket", "clock"} {
		if c := got[name]; c.Status != diagnosis.Pass {
			t.Errorf("%+v", c)
		}
	}
	alice.quit(t)
	bob.quit(t)
}

// wasMeasured expects that a sound went to the relay and came back, and that the
// ways there were tried. How good they were is for the machine of the moment.
func wasMeasured(t *testing.T, got map[string]diagnosis.Check) {
	t.Helper()
	if c := got["media"]; !strings.HasPrefix(c.Text.String(), "Measured now") || !strings.HasPrefix(c.Figure, "MOS ") {
		t.Errorf("%+v", c)
	}
	for _, name := range []string{"udp", "tcp"} {
		if c := got[name]; c.Status == diagnosis.Skipped || c.Status == "" {
			t.Errorf("%+v", c)
		}
	}
}

// diagnosis is what `ctl diagnose` finds, by name.
func (p *phone) diagnosis(t *testing.T) map[string]diagnosis.Check {
	t.Helper()
	var d struct {
		Checks []diagnosis.Check `json:"checks"`
	}
	if err := p.ctl(&d, "diagnose", "--timeout", "2m"); err != nil {
		t.Fatal(err)
	}
	got := map[string]diagnosis.Check{}
	for _, c := range d.Checks {
		got[c.Name] = c
	}
	return got
}
