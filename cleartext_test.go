package offhook

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/app/backend"
	"offhook/app/update"
	"offhook/push"
	"offhook/voice"
	"offhook/voice/cleartext"
	"offhook/voice/fault"
	"offhook/voice/platform"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// errNobody is what every connection ends with: the test is about whether one is
// tried.
var errNobody = errors.New("nobody is there")

type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, errNobody }

// clients are all that connect to a server with a secret. connect tries once to
// reach host without encryption.
var clients = map[string]func(ctx context.Context, host string, allowed bool) error{
	"application backend": func(_ context.Context, host string, allowed bool) error {
		_, err := backend.New("http://"+host, http.DefaultClient, nil, allowed)
		return err
	},
	"push socket": func(_ context.Context, host string, allowed bool) error {
		_, err := push.New(push.Config{
			URL: "http://" + host + "/v1/push", AllowClearText: allowed, DeviceToken: "d",
			AccessToken: func(context.Context, string) (string, error) { return "", errNobody },
			Handler:     func(context.Context, push.Message) error { return nil },
		})
		return err
	},
	"platform": func(ctx context.Context, host string, allowed bool) error {
		client, err := voice.New(voice.WithHTTPClient(&http.Client{Transport: nowhere{}}), voice.WithDeviceID("d"))
		if err != nil {
			return err
		}
		defer func() { _ = client.Close(context.WithoutCancel(ctx)) }()
		token := func(life time.Duration) string {
			text, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{Subject: "alice", ExpiresAt: jwt.NewNumericDate(time.Now().Add(life))}).SignedString([]byte("k"))
			return text
		}
		return client.Initialize(ctx, voice.Account{
			Hostname: "http://" + host, SubscriberName: "alice", AccountSID: "demo", AllowClearText: allowed,
			SubscriberToken: `{"refresh_token":"` + token(time.Hour) + `","access_token":"` + token(time.Minute) + `"}`,
		})
	},
	"log upload": func(ctx context.Context, host string, allowed bool) error {
		base, _ := url.Parse("https://voice.example.com/v2")
		c := platform.New(platform.Config{Base: base, HTTP: &http.Client{Transport: nowhere{}}, AllowClearText: allowed})
		return c.UploadLog(ctx, wire.LogDestination{URL: "http://" + host + "/logs/1"}, strings.NewReader("zip"), 3, nil)
	},
	"SIP over ws":  signalling("ws"),
	"SIP over tcp": signalling("tcp"),
	"SIP over udp": signalling("udp"),
	"SIP account": func(ctx context.Context, host string, allowed bool) error {
		client, err := voice.New(voice.WithHTTPClient(&http.Client{Transport: nowhere{}}), voice.WithDeviceID("d"))
		if err != nil {
			return err
		}
		defer func() { _ = client.Close(context.WithoutCancel(ctx)) }()
		ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		return client.Register(ctx, voice.SIPAccount{Server: "tcp://" + host + ":1", User: "u", Domain: "d", Password: "p", AllowClearText: allowed})
	},
}

func signalling(scheme string) func(context.Context, string, bool) error {
	return func(ctx context.Context, host string, allowed bool) error {
		_, err := sip.Connect(ctx, sip.Config{URL: scheme + "://" + host + ":1", Domain: "d", User: "u", AllowClearText: allowed,
			Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errNobody }})
		return err
	}
}

// TestEveryClientAsksTheGate: clear text goes to this computer, or to where the
// user has allowed it.
func TestEveryClientAsksTheGate(t *testing.T) {
	t.Parallel()
	refused := func(err error) bool { return err != nil && fault.From(err).Code == cleartext.Code }
	for name, connect := range clients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := connect(t.Context(), "192.0.2.1", false); !refused(err) {
				t.Errorf("to another computer: %v", err)
			}
			if err := connect(t.Context(), "192.0.2.1", true); refused(err) {
				t.Errorf("to another computer, allowed: %v", err)
			}
			if err := connect(t.Context(), "127.0.0.1", false); refused(err) {
				t.Errorf("to this computer: %v", err)
			}
		})
	}
	// What nobody may allow: these could be forged on the way.
	if err := update.CheckAddress("http://192.0.2.1/newest.json"); err == nil {
		t.Error("a newer version is asked for without encryption")
	}
}

// connecting are the files that open connections, each with the reason why it may:
// another must ask the gate, and stand here and in clients.
var connecting = map[string]string{
	"app/backend/client.go":            "application backend",
	"push/connection.go":               "push socket",
	"voice/platform/client.go":         "platform",
	"voice/platform/upload.go":         "log upload",
	"voice/sip/connect.go":             "SIP over ws",
	"voice/sip/transport/websocket.go": "SIP over ws", // on a connection of connect.go
	"app/update/checker.go":            "https only, in TestEveryClientAsksTheGate",
	"app/provision/source.go":          "https only, in the package's own test",
	"app/signin/discover.go":           "nobody may allow it: in the package's own test",
	"app/integration/webhook.go":       "nobody may allow it: in the package's own test",
	"app/diagnosis/portal.go":          "asks for a page without secrets",
	"app/diagnosis/network.go":         "sends no password and no token",
	"app/diagnosis/signedout.go":       "sends no password and no token",
	"app/proxy/dialer.go":              "dials for the others",
	"app/control/socket.go":            "this computer",
	"voice/audio/systemmute_linux.go":  "this computer",
	"voice/media/network.go":           "sound, encrypted or not as the call's description says",
	"voice/probe/turn.go":              "TURN, whose password never travels (RFC 8489, section 9.2)",
	"voice/line/sipaccount/line.go":    "asks the system which address it would send from, and sends nothing",
}

func TestNobodyConnectsPastTheGate(t *testing.T) {
	t.Parallel()
	opens := regexp.MustCompile(`http\.NewRequest|websocket\.Dial\(|net\.Dial(Timeout)?\(|net\.Dialer\{|http\.(Get|Post|Head)\(`)
	for _, tree := range []string{"app", "push", "voice", "ui", "cmd/desktop"} {
		err := filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
			path = filepath.ToSlash(path)
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if opens.Match(text) && connecting[path] == "" {
				t.Errorf("%s opens connections and is in no table here", path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
