package push

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"offhook/voice/wire"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const timeout = time.Minute

// inbox is a server's inbox: messages until they are acknowledged, one socket.
type inbox struct {
	t   *testing.T
	web *httptest.Server

	mu       sync.Mutex
	name     string
	messages map[int64]string // payloads that wait, by id
	last     int64
	socket   *socket
	requests []*http.Request
	acked    map[int64]int
	// refuse, if set, answers a handshake with a status other than 0.
	refuse func(w http.ResponseWriter) int
	// greet, if set, replaces the hello and what follows.
	greet func(s *socket)

	opened chan *socket
}

type socket struct {
	ws   *websocket.Conn
	wake chan struct{}
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{t: t, name: "inbox-1", messages: map[int64]string{}, acked: map[int64]int{}, opened: make(chan *socket, 1024)}
	in.web = httptest.NewServer(in)
	t.Cleanup(func() {
		in.cut(websocket.StatusGoingAway)
		in.web.Close()
	})
	return in
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in.mu.Lock()
	in.requests = append(in.requests, r)
	refuse, greet := in.refuse, in.greet
	in.mu.Unlock()
	if refuse != nil {
		if status := refuse(w); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		return
	}
	defer func() { _ = ws.CloseNow() }()
	s := &socket{ws: ws, wake: make(chan struct{}, 1)}
	in.mu.Lock()
	old := in.socket
	in.socket = s
	// What the phone says it has is done, if it means this inbox.
	if since, _ := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64); r.URL.Query().Get("inbox") == in.name {
		for id := range in.messages {
			if id <= since {
				delete(in.messages, id)
				in.acked[id]++
			}
		}
	}
	name := in.name
	in.mu.Unlock()
	if old != nil {
		_ = old.ws.CloseNow()
	}
	if greet != nil {
		in.opened <- s
		greet(s)
		return
	}
	s.send(fmt.Sprintf(`{"type":"hello","inbox":%q,"now":%q}`, name, time.Now().Format(time.RFC3339Nano)))
	in.opened <- s
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go in.sendWaiting(ctx, s)
	for {
		_, text, err := ws.Read(ctx)
		if err != nil {
			return
		}
		var f struct {
			Type string
			ID   int64
		}
		if json.Unmarshal(text, &f) == nil && f.Type == "ack" {
			in.mu.Lock()
			delete(in.messages, f.ID)
			in.acked[f.ID]++
			in.mu.Unlock()
		}
	}
}

func (s *socket) send(text string) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_ = s.ws.Write(ctx, websocket.MessageText, []byte(text))
}

func frameOf(id int64, payload string) string {
	return fmt.Sprintf(`{"type":"message","id":%d,"sent_at":"2026-11-22T10:00:00Z","expires_at":"2026-11-22T10:00:30Z","data":{"subscriberName":"bob","payload":%q,"payloadVersion":"1"}}`, id, payload)
}

// sendWaiting sends every message once per socket.
func (in *inbox) sendWaiting(ctx context.Context, s *socket) {
	sent := int64(0)
	for {
		in.mu.Lock()
		var text string
		for id := sent + 1; id <= in.last; id++ {
			sent = id
			if payload, ok := in.messages[id]; ok {
				text = frameOf(id, payload)
				break
			}
		}
		in.mu.Unlock()
		if text != "" {
			s.send(text)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
	}
}

// post puts a message into the inbox.
func (in *inbox) post(payload string) int64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.last++
	in.messages[in.last] = payload
	if in.socket != nil {
		select {
		case in.socket.wake <- struct{}{}:
		default:
		}
	}
	return in.last
}

// cut ends the present socket: with a close frame, or without one for code 0.
func (in *inbox) cut(code websocket.StatusCode) {
	in.mu.Lock()
	s := in.socket
	in.socket = nil
	in.mu.Unlock()
	switch {
	case s == nil:
	case code == 0:
		_ = s.ws.CloseNow()
	default:
		_ = s.ws.Close(code, "")
	}
}

func (in *inbox) waiting() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.messages)
}

func (in *inbox) request(i int) *http.Request {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.requests[i]
}

// phone runs a receiver and notes what it delivers and how it stands.
type phone struct {
	*Receiver
	t        *testing.T
	got      chan Message
	statuses chan Status
	stop     func()
}

func (in *inbox) phone(change ...func(*Config)) *phone {
	in.t.Helper()
	p := &phone{t: in.t, got: make(chan Message, 100_000), statuses: make(chan Status, 100_000)}
	cfg := Config{
		URL: in.web.URL + "/v1/push", DeviceToken: "device-1",
		AccessToken: func(context.Context, string) (string, error) { return "token-1", nil },
		Handler:     func(_ context.Context, m Message) error { p.got <- m; return nil },
		OnStatus:    func(s Status) { p.statuses <- s },
		BackoffBase: time.Millisecond, BackoffMax: 5 * time.Millisecond,
		HTTPClient: &http.Client{Transport: &http.Transport{}},
	}
	for _, c := range change {
		c(&cfg)
	}
	r, err := New(cfg)
	if err != nil {
		in.t.Fatal(err)
	}
	p.Receiver = r
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	p.stop = sync.OnceFunc(func() {
		cancel()
		<-done
		cfg.HTTPClient.CloseIdleConnections()
	})
	in.t.Cleanup(p.stop)
	return p
}

// until waits for a status.
func (p *phone) until(what string, ok func(Status) bool) Status {
	p.t.Helper()
	limit := time.After(timeout)
	for {
		select {
		case s := <-p.statuses:
			if ok(s) {
				return s
			}
		case <-limit:
			p.t.Fatalf("%s: never; it stands at %+v", what, p.Status())
		}
	}
}

func (p *phone) phase(phase Phase) Status {
	p.t.Helper()
	return p.until(string(phase), func(s Status) bool { return s.Phase == phase })
}

func (p *phone) message() Message {
	p.t.Helper()
	select {
	case m := <-p.got:
		return m
	case <-time.After(timeout):
		p.t.Fatal("no message came")
	}
	panic("unreachable")
}

// eventually waits for a condition that nothing announces.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(timeout); !ok(); {
		if time.Now().After(limit) {
			t.Fatalf("%s: never", what)
		}
		time.Sleep(time.Millisecond)
	}
}
