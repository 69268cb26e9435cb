package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"go.uber.org/goleak"

	"offhook/demo/store"
	"offhook/voice/wire"
)

// timeout bounds every wait of a test: long beyond any slow machine.
const timeout = time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeGate takes "token-of-NAME" for NAME, unless an error is set for it.
type fakeGate struct {
	mu     sync.Mutex
	errors map[string]error // by subscriber
}

func (g *fakeGate) set(name string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.errors[name] = err
}

func (g *fakeGate) Check(_ context.Context, token string) (Owner, error) {
	name, ok := strings.CutPrefix(token, "token-of-")
	if !ok {
		return Owner{}, ErrRefused
	}
	owner := Owner{Account: "demo", Subscriber: name}
	return owner, g.Recheck(context.Background(), owner)
}

func (g *fakeGate) Recheck(_ context.Context, o Owner) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.errors[o.Subscriber]
}

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

type world struct {
	t     testing.TB
	hub   *Hub
	gate  *fakeGate
	clock *fakeClock
	http  *httptest.Server
}

func newWorld(t testing.TB, change func(*Config)) *world {
	t.Helper()
	db, err := store.Open(context.Background(), "", "inbox", []string{Migrations})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, gate: &fakeGate{errors: make(map[string]error)}, clock: &fakeClock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}}
	cfg := Config{DB: db, Gate: w.gate, Now: w.clock.Now}
	if change != nil {
		change(&cfg)
	}
	w.hub = New(cfg)
	w.http = httptest.NewServer(w.hub)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := w.hub.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		w.http.Client().CloseIdleConnections()
		w.http.Close()
		db.Close()
	})
	return w
}

func owner(name string) Owner { return Owner{Account: "demo", Subscriber: name} }

func (w *world) deliver(name, payload string) int64 {
	w.t.Helper()
	id, err := w.hub.Deliver(context.Background(), owner(name), wire.PushData{SubscriberName: name, Payload: payload, PayloadVersion: "1"})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// phone is the other end of a push socket.
type phone struct {
	t     testing.TB
	conn  *websocket.Conn
	inbox string
}

// frame is any frame of the hub.
type frame struct {
	Type      string        `json:"type"`
	Inbox     string        `json:"inbox"`
	Now       time.Time     `json:"now"`
	ID        int64         `json:"id"`
	SentAt    time.Time     `json:"sent_at"`
	ExpiresAt time.Time     `json:"expires_at"`
	Data      wire.PushData `json:"data"`
}

func (w *world) dial(name, device, query string) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return websocket.Dial(ctx, w.http.URL+"/v1/push"+query, &websocket.DialOptions{
		HTTPClient: w.http.Client(), Subprotocols: []string{wire.Subprotocol},
		HTTPHeader: http.Header{"Authorization": {"Bearer token-of-" + name}, wire.HeaderDeviceToken: {device}},
	})
}

// narrow gives the connections that follow the least receive buffer, widen the
// usual one.
func (w *world) narrow() {
	w.http.Client().Transport.(*http.Transport).DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return conn, conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	}
}

func (w *world) widen() { w.http.Client().Transport.(*http.Transport).DialContext = nil }

// connect opens a push socket and reads its hello.
func (w *world) connect(name, device, query string) *phone {
	w.t.Helper()
	conn, _, err := w.dial(name, device, query)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &phone{t: w.t, conn: conn}
	w.t.Cleanup(func() { conn.CloseNow() })
	hello := p.read()
	if hello.Type != "hello" || hello.Inbox == "" || !hello.Now.Equal(w.clock.Now()) {
		w.t.Fatalf("hello = %+v", hello)
	}
	p.inbox = hello.Inbox
	return p
}

func (p *phone) read() (f frame) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := wsjson.Read(ctx, p.conn, &f); err != nil {
		p.t.Fatalf("no frame: %v", err)
	}
	return f
}

// message reads a frame that must be the message of this id and payload.
func (p *phone) message(id int64, payload string) frame {
	p.t.Helper()
	f := p.read()
	if f.Type != "message" || f.ID != id || f.Data.Payload != payload {
		p.t.Fatalf("frame %+v, want message %d with %q", f, id, payload)
	}
	return f
}

func (p *phone) send(text string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := p.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *phone) ack(id int64) { p.t.Helper(); p.send(fmt.Sprintf(`{"type":"ack","id":%d}`, id)) }

// closed waits for the close frame and returns its code.
func (p *phone) closed() websocket.StatusCode {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		if _, _, err := p.conn.Read(ctx); err != nil {
			if ctx.Err() != nil {
				p.t.Fatal("the socket stays open")
			}
			return websocket.CloseStatus(err)
		}
	}
}

// acknowledged waits until the hub has taken n acknowledgements.
func (w *world) acknowledged(n uint64) {
	w.t.Helper()
	w.until("acknowledgements", func() bool { return w.hub.Stats().Acked >= n })
}

func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(timeout)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("no %s", what)
		}
	}
}

var errPlatformDown = errors.New("the platform is down")

// sameJSON compares a frame's text with what the wire decisions say.
func sameJSON(t *testing.T, got []byte, want string) bool {
	t.Helper()
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		return false
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
