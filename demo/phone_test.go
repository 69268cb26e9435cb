package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"offhook/voice/wire"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// startPlatform runs a platform until the test ends.
func startPlatform(t *testing.T, cfg Config) *Platform {
	t.Helper()
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closePlatform(t, p) })
	return p
}

func closePlatform(t *testing.T, p *Platform) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// phone is a phone as far as HTTP and push go.
type phone struct {
	t       *testing.T
	url     string
	client  *http.Client
	name    string
	device  string
	refresh string
	access  string
	host    string
}

// answer is any answer of the platform or the backend.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("answer %d is not JSON: %v: %s", a.status, err, a.body)
	}
}

// data decodes the envelope's response.data.
func (a answer) data(t *testing.T, v any) {
	t.Helper()
	var envelope struct {
		Response struct {
			Data json.RawMessage `json:"data"`
		} `json:"response"`
	}
	a.into(t, &envelope)
	if err := json.Unmarshal(envelope.Response.Data, v); err != nil {
		t.Fatalf("data: %v: %s", err, a.body)
	}
}

func newPhone(t *testing.T, p *Platform, name string) *phone {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &phone{t: t, url: p.URL(), client: &http.Client{Transport: transport, Timeout: 20 * time.Second}, name: name, device: "device-of-" + name}
}

// signedIn is a phone that has signed in.
func signedIn(t *testing.T, p *Platform, name string) *phone {
	t.Helper()
	ph := newPhone(t, p, name)
	a := ph.login("demo")
	if a.status != http.StatusOK {
		t.Fatalf("login of %s: %d %s", name, a.status, a.body)
	}
	return ph
}

func (ph *phone) login(password string) answer {
	ph.t.Helper()
	a := ph.do(http.MethodPost, ph.url+"/v1/login", "", map[string]string{"user_name": ph.name, "password": password, "account_sid": "demo", "device_id": ph.device})
	if a.status == http.StatusOK {
		var res struct {
			Token struct {
				Refresh string `json:"refresh_token"`
				Access  string `json:"access_token"`
			} `json:"subscriber_token"`
			HostName string `json:"host_name"`
		}
		a.into(ph.t, &res)
		ph.refresh, ph.access, ph.host = res.Token.Refresh, res.Token.Access, res.HostName
	}
	return a
}

func (ph *phone) do(method, url, bearer string, body any) answer {
	ph.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = bytes.NewReader([]byte(body))
	default:
		text, err := json.Marshal(body)
		if err != nil {
			ph.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, url, reader)
	if err != nil {
		ph.t.Fatal(err)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := ph.client.Do(req)
	if err != nil {
		ph.t.Fatal(err)
	}
	return readAnswer(ph.t, res)
}

func readAnswer(t *testing.T, res *http.Response) answer {
	t.Helper()
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, text}
}

// readFrame reads the next frame of a push socket into f.
func readFrame(conn *websocket.Conn, f any) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return wsjson.Read(ctx, conn, f)
}

// voice is a path of the platform, desk one of the backend, below the subscriber.
func (ph *phone) voice(path string) string {
	return fmt.Sprintf("%s/accounts/demo/subscribers/%s/%s", ph.host, ph.name, path)
}

func (ph *phone) desk(name, path string) string {
	return fmt.Sprintf("%s/v1/accounts/demo/subscribers/%s/%s", ph.url, name, path)
}

// frame is any frame of the push socket.
type frame struct {
	Type      string        `json:"type"`
	Inbox     string        `json:"inbox"`
	Now       time.Time     `json:"now"`
	ID        int64         `json:"id"`
	SentAt    time.Time     `json:"sent_at"`
	ExpiresAt time.Time     `json:"expires_at"`
	Data      wire.PushData `json:"data"`
}

// openPush opens the push socket and returns it with its hello.
func (ph *phone) openPush() (*websocket.Conn, frame) {
	ph.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, ph.url+"/v1/push?since=0", &websocket.DialOptions{
		HTTPClient: ph.client, Subprotocols: []string{wire.Subprotocol},
		HTTPHeader: http.Header{"Authorization": {"Bearer " + ph.access}, "X-Device-Token": {"push-" + ph.device}},
	})
	if err != nil {
		ph.t.Fatal(err)
	}
	ph.t.Cleanup(func() { conn.CloseNow() })
	return conn, ph.next(conn)
}

func (ph *phone) next(conn *websocket.Conn) (f frame) {
	ph.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for f.Type == "" || f.Type == wire.FrameAgents {
		f = frame{}
		if err := wsjson.Read(ctx, conn, &f); err != nil {
			ph.t.Fatal(err)
		}
	}
	return f
}
