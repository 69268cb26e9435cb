package voice_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
	"offhook/voice/line/sipaccount"
)

// Servers that do not behave: the line says in a sentence what is wrong, and
// nothing is tried without end.
func TestServersThatNeverLetIn(t *testing.T) {
	t.Parallel()
	challenge := func(header, realm, more string) func(int) []string {
		return func(n int) []string {
			return []string{fmt.Sprintf(`%s: Digest realm="%s", nonce="n%d", algorithm=MD5, qop="auth"%s`, header, realm, n, more)}
		}
	}
	for name, row := range map[string]struct {
		status string
		more   func(n int) []string
		// most is how many REGISTERs may be sent.
		most int
		want sipaccount.State
		code fault.Type
		says string
	}{
		"wrong realm":     {"401 Unauthorized", challenge("WWW-Authenticate", "elsewhere", ""), 3, sipaccount.Terminated, fault.InvalidCredentials, "password"},
		"endless 401":     {"401 Unauthorized", challenge("WWW-Authenticate", "lab.test", ", stale=true"), 10, sipaccount.Terminated, fault.InvalidCredentials, "password"},
		"endless 407":     {"407 Proxy Authentication Required", challenge("Proxy-Authenticate", "lab.test", ", stale=true"), 10, sipaccount.Terminated, fault.InvalidCredentials, "password"},
		"no challenge":    {"401 Unauthorized", func(int) []string { return nil }, 3, sipaccount.Terminated, fault.InvalidCredentials, "password"},
		"forbidden":       {"403 Forbidden", func(int) []string { return nil }, 3, sipaccount.Unregistered, fault.InvalidCredentials, "does not know"},
		"interval loop":   {"423 Interval Too Brief", func(n int) []string { return []string{fmt.Sprint("Min-Expires: ", 1000+n)} }, 100, sipaccount.Unregistered, fault.ServerError, "423"},
		"overloaded":      {"503 Service Unavailable", func(int) []string { return []string{"Retry-After: 600"} }, 2, sipaccount.Unregistered, fault.ServerError, "503"},
		"unknown refusal": {"500 Server Error", func(int) []string { return []string{"Retry-After: 600"} }, 2, sipaccount.Unregistered, fault.ServerError, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPBX(t)
			n := 0
			p.set(func() {
				p.answer = func(string) (string, []string) {
					n++
					return row.status, row.more(n)
				}
			})
			alice := newSIPPhone(t, "alice", sine, null)
			err := alice.Register(within(t), p.account("alice"))
			var f *fault.Error
			if f = fault.From(err); err == nil || f.Type != row.code || !strings.Contains(f.Sentence(), row.says) {
				t.Errorf("error %v", err)
			}
			l := alice.Lines()[0]
			if l.State != row.want || l.Err == nil || l.RetryAt.IsZero() {
				t.Errorf("line %+v", l)
			}
			if got := p.count("REGISTER"); got > row.most {
				t.Errorf("%d REGISTERs for one attempt", got)
			}
			// A call over it fails and says why, and does not wait for ever.
			if _, err := alice.Dial(within(t), "bob", ""); row.want == sipaccount.Terminated && fault.TypeOf(err) != row.code {
				t.Errorf("dial: %v", err)
			} else if err == nil {
				if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndUnreachable {
					t.Errorf("dial: %v", got.EndReason)
				}
			}
		})
	}
}

// A proxy that asks for credentials without end ends the call, not the line.
func TestCallThatIsChallengedForEver(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	alice := newSIPPhone(t, "alice", sine, null, p.account("alice"))
	n := 0
	p.set(func() {
		p.answer = func(method string) (string, []string) {
			if method != "INVITE" {
				return "", nil
			}
			n++
			return "407 Proxy Authentication Required", []string{fmt.Sprintf(`Proxy-Authenticate: Digest realm="lab.test", nonce="n%d", stale=true`, n)}
		}
	})
	if _, err := alice.Dial(within(t), "bob", ""); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndFailure || got.Status != 407 {
		t.Errorf("%v (%d)", got.EndReason, got.Status)
	}
	if got := p.count("INVITE"); got > 10 {
		t.Errorf("%d INVITEs", got)
	}
	if l := alice.Lines()[0]; l.State != sipaccount.Registered {
		t.Errorf("line %+v", l)
	}
}

// A server that falls silent in the middle of a call: what the user asks for
// still happens here, and the hang-up does not hang.
func TestServerFallsSilentInACall(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	alice, bob := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, p.account("bob"))
	out, _ := connect(t, alice, bob, "bob")
	p.set(func() { p.change = func(*sipText) *sipText { return nil } })
	hold, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := out.Hold(hold); err == nil {
		t.Error("a hold that nobody answered is agreed")
	}
	if d := out.Details(); !d.Held || !d.State.Answered() {
		t.Errorf("held %v in %v", d.Held, d.State)
	}
	if err := out.Hangup(); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndLocalHangup {
		t.Errorf("%v", got.EndReason)
	}
	p.set(func() { p.change = nil })
}

// certificate makes one for a name and a time, signed by itself.
func certificate(t testing.TB, name string, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// Certificates that don't hold, and servers that are none.
func TestServersWithoutTrust(t *testing.T) {
	t.Parallel()
	tomorrow, yesterday := time.Now().Add(24*time.Hour), time.Now().Add(-24*time.Hour)
	for name, row := range map[string]struct {
		host    string
		until   time.Time
		trusted bool
		says    string
	}{
		"another name": {"pbx.elsewhere.test", tomorrow, true, "another name"},
		"expired":      {"127.0.0.1", yesterday, true, "not valid now"},
		"unknown":      {"127.0.0.1", tomorrow, false, "trusted authority"},
	} {
		for _, scheme := range []string{"tls", "wss"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				cert, pool := certificate(t, row.host, row.until)
				at := listenTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}})
				if !row.trusted {
					pool = x509.NewCertPool()
				}
				system, err := audio.NewSystem(audio.Config{NoDevices: true})
				if err != nil {
					t.Fatal(err)
				}
				defer system.Close()
				client, err := voice.New(voice.WithDeviceID("d"), voice.WithAudio(system),
					voice.WithHTTPClient(&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}))
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close(context.Background())
				err = client.Register(within(t), voice.SIPAccount{Server: scheme + "://" + at, User: "alice", Domain: "lab.test", Password: "secret"})
				if f := fault.From(err); err == nil || f.Type != fault.NetworkError || !strings.Contains(f.Sentence(), row.says) {
					t.Errorf("error %v", err)
				}
				l := client.Lines()[0]
				if l.State != sipaccount.Unregistered || l.Err == nil || l.RetryAt.IsZero() {
					t.Errorf("line %+v", l)
				}
			})
		}
	}
}

// listenTLS takes connections and says nothing.
func listenTLS(t testing.TB, cfg *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				_, _ = io.Copy(io.Discard, c) // the handshake, and its end
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return l.Addr().String()
}
