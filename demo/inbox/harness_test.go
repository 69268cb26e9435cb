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

	"offhook/demo/cluster"
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

	mu  sync.Mutex
	ids map[string][]int64 // of the messages of each subscriber, in order
}

func newWorld(t testing.TB, change func(*Config)) *world {
	t.Helper()
	node, err := cluster.Start(cluster.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ids: make(map[string][]int64), gate: &fakeGate{errors: make(map[string]error)}, clock: &fakeClock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}}
	cfg := Config{Node: node, Secret: []byte("secret"), Gate: w.gate, Now: w.clock.Now}
	if change != nil {
		change(&cfg)
	}
	if w.hub, err = New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	w.http = httptest.NewServer(w.hub)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := w.hub.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		w.http.Client().CloseIdleConnections()
		w.http.Close()
		node.Close()
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
	w.mu.Lock()
	defer w.mu.Unlock()
	if had := w.ids[name]; len(had) > 0 && had[len(had)-1] >= id {
		w.t.Fatalf("id %d after %d", id, had[len(had)-1])
	}
	w.ids[name] = append(w.ids[name], id)
	return id
}

// id is that of the nth message of a subscriber, counted from 1.
func (w *world) id(name string, n int) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > len(w.ids[name]) {
		return int64(n)
	}
	return w.ids[name][n-1]
}

// phone is the other end of a push socket.
type phone struct {
	t     testing.TB
	w     *world
	name  string
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
	p := &phone{t: w.t, w: w, name: name, conn: conn}
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

// message reads a frame that must be the nth message, with this payload.
func (p *phone) message(n int, payload string) frame {
	p.t.Helper()
	f := p.read()
	id := p.w.id(p.name, n)
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

// ack acknowledges the nth message.
func (p *phone) ack(n int) {
	p.t.Helper()
	p.send(fmt.Sprintf(`{"type":"ack","id":%d}`, p.w.id(p.name, n)))
}

// waiting returns the messages that the owner's inbox keeps.
func (w *world) waiting(name string) (list []message) {
	w.t.Helper()
	for seq := uint64(1); ; {
		m, err := w.hub.next(context.Background(), owner(name), seq)
		if errors.Is(err, errNone) {
			return list
		}
		if errors.Is(err, context.DeadlineExceeded) {
			continue // a busy machine
		}
		if err != nil {
			w.t.Fatal(err)
		}
		list, seq = append(list, m), m.seq+1
	}
}

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
