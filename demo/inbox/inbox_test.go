package inbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"offhook/voice/wire"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"offhook/demo/store"
)

// The frames, to the letter of the wire decisions.
func TestFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	conn, _, err := w.dial("bob", "device", "?since=0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if conn.Subprotocol() != "offhook.push.v1" {
		t.Errorf("subprotocol %q", conn.Subprotocol())
	}
	_, hello, err := conn.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inbox := w.hub.uuidOf(owner("bob"), 0)
	if !sameJSON(t, hello, `{"type":"hello","inbox":"`+inbox+`","now":"2026-11-22T10:00:00.000Z"}`) {
		t.Errorf("hello %s", hello)
	}
	id := w.deliver("bob", "a.b.c")
	_, message, err := conn.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !sameJSON(t, message, `{"type":"message","id":`+fmt.Sprint(id)+`,"sent_at":"2026-11-22T10:00:00.000Z","expires_at":"2026-11-23T10:00:00.000Z","data":{"subscriberName":"bob","payload":"a.b.c","payloadVersion":"1"}}`) {
		t.Errorf("message %s", message)
	}
}

func TestUnacknowledgedComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.deliver("bob", "one") // while nobody is there
	bob := w.connect("bob", "device", "")
	bob.message(1, "one")
	w.deliver("bob", "two")
	w.deliver("bob", "three")
	bob.message(2, "two")
	bob.message(3, "three")
	bob.ack(2) // out of order
	bob.ack(2) // twice
	bob.ack(9) // never sent
	bob.ack(3)
	w.acknowledged(2)
	w.until("deletion", func() bool { return len(w.waiting("bob")) == 1 })
	bob.conn.CloseNow()
	again := w.connect("bob", "device", "?since=3")
	if again.inbox != bob.inbox {
		t.Error("the inbox changed")
	}
	again.message(1, "one")
	again.ack(1)
	w.acknowledged(3)
	w.deliver("bob", "four")
	again.message(4, "four")
}

// A phone that says which inbox its since is of acknowledges by it; a since of
// another inbox loses nothing.
func TestSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, text := range []string{"one", "two", "three"} {
		w.deliver("bob", text)
	}
	first := w.connect("bob", "device", "?since=2&inbox=11111111-1111-1111-1111-111111111111")
	first.message(1, "one")
	second := w.connect("bob", "device", fmt.Sprintf("?since=%d&inbox=%s", w.id("bob", 2), first.inbox))
	second.message(3, "three")
	w.until("deletion", func() bool { return len(w.waiting("bob")) == 1 })
	for _, query := range []string{"?since=-1", "?since=x", "?since=99999999999999999999"} {
		if _, res, err := w.dial("bob", "device", query); err == nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s is taken", query)
		}
	}
}

// A message that has expired is delivered as such, until it was kept long enough.
func TestExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Life, c.Keep = time.Minute, time.Hour })
	w.deliver("bob", "old")
	w.clock.Add(30 * time.Second)
	w.deliver("bob", "late")
	w.clock.Add(time.Hour + 29*time.Second)
	bob := w.connect("bob", "device", "")
	bob.message(1, "old")
	if f := bob.message(2, "late"); f.ExpiresAt.Sub(f.SentAt) != time.Minute || !f.ExpiresAt.Before(w.clock.Now()) {
		t.Errorf("%+v", f)
	}
	bob.conn.CloseNow()
	w.clock.Add(time.Second)
	w.connect("bob", "device", "").message(2, "late")
}

// An inbox full of expired messages takes new ones in place of the oldest.
func TestExpiredMessagesMakeRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Life, c.MaxWaiting = time.Minute, 2 })
	w.deliver("bob", "first")
	w.deliver("bob", "second")
	w.clock.Add(time.Hour)
	w.deliver("bob", "third")
	bob := w.connect("bob", "device", "")
	bob.message(2, "second")
	bob.message(3, "third")
	bob.conn.CloseNow() // a phone that is there takes a message that nobody keeps
	w.until("detaching", func() bool { return !w.hub.Connected(owner("bob")) })
	w.deliver("bob", "fourth")
	if _, err := w.hub.Deliver(t.Context(), owner("bob"), wire.PushData{Payload: "fifth"}); !errors.Is(err, ErrFull) {
		t.Errorf("living messages made room: %v", err)
	}
}

func TestInboxesAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	alice, bob := w.connect("alice", "a", ""), w.connect("bob", "b", "")
	if alice.inbox == bob.inbox {
		t.Error("two subscribers share an inbox")
	}
	w.deliver("alice", "for alice")
	w.deliver("bob", "for bob")
	alice.message(1, "for alice")
	bob.message(1, "for bob")
	alice.ack(1)
	w.acknowledged(1)
	w.until("deletion", func() bool { return len(w.waiting("alice")) == 0 })
	w.connect("bob", "b", "").message(1, "for bob")
	if _, err := w.hub.Deliver(t.Context(), Owner{Account: "other", Subscriber: "bob"}, wire.PushData{Payload: "foreign"}); err != nil {
		t.Fatal(err)
	}
	w.deliver("bob", "second")
	last := w.connect("bob", "b", "")
	last.message(1, "for bob")
	last.message(2, "second")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gate.set("idle", ErrRefused)
	w.gate.set("unlucky", errPlatformDown)
	if conn, _, err := w.dial("idle", "device", ""); err != nil {
		t.Errorf("refused before the upgrade: %v", err)
	} else if code := (&phone{t: t, conn: conn}).closed(); code != wire.CloseRefused {
		t.Errorf("close code %d", code)
	}
	if _, res, err := w.dial("unlucky", "device", ""); err == nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("platform down: %v", err)
	}
	if _, res, err := w.dial("bob", "", ""); err == nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("without device token: %v", err)
	}
	if res, err := w.http.Client().Get(w.http.URL); err != nil || res.StatusCode == http.StatusOK {
		t.Errorf("without upgrade: %v %v", res.StatusCode, err)
	} else {
		res.Body.Close()
	}
	conn, _, err := websocket.Dial(t.Context(), w.http.URL, &websocket.DialOptions{HTTPClient: w.http.Client(), HTTPHeader: http.Header{"Authorization": {"Bearer token-of-bob"}, wire.HeaderDeviceToken: {"d"}}})
	if err != nil {
		t.Fatal(err)
	}
	if code := (&phone{t: t, conn: conn}).closed(); code != websocket.StatusPolicyViolation {
		t.Errorf("without subprotocol: close code %d", code)
	}
}

// The owner of an open socket is checked from time to time.
func TestRecheck(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		err    error
		closes bool
		keeps  bool // what waits
	}{{"inactive", ErrRefused, true, true}, {"deleted", ErrGone, true, false}, {"platform down", errPlatformDown, false, true}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *Config) { c.PingEvery, c.RecheckEvery = 5*time.Millisecond, 10*time.Millisecond })
			w.deliver("bob", "waits")
			bob := w.connect("bob", "device", "")
			bob.message(1, "waits")
			w.gate.set("bob", row.err)
			if row.closes {
				if code := bob.closed(); code != wire.CloseRefused {
					t.Errorf("close code %d", code)
				}
			} else {
				w.deliver("bob", "still here")
				bob.message(2, "still here")
			}
			w.gate.set("bob", nil)
			w.until("detaching", func() bool { return !row.closes || !w.hub.Connected(owner("bob")) })
			again := w.connect("bob", "device", "")
			if row.keeps {
				again.message(1, "waits")
				return
			}
			w.deliver("bob", "later")
			again.message(2, "later")
		})
	}
}

func TestHostileFrames(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		send func(p *phone)
		code websocket.StatusCode // 0: stays open
	}{
		{"unknown type", func(p *phone) { p.send(`{"type":"dance"}`) }, 0},
		// Not the id of the message that follows: the two would race.
		{"ack with more fields", func(p *phone) { p.send(`{"type":"ack","id":99,"mood":"good"}`) }, 0},
		{"not JSON", func(p *phone) { p.send(`hello`) }, websocket.StatusInvalidFramePayloadData},
		{"empty", func(p *phone) { p.send(``) }, websocket.StatusInvalidFramePayloadData},
		{"null", func(p *phone) { p.send(`null`) }, websocket.StatusInvalidFramePayloadData},
		{"id of a wrong type", func(p *phone) { p.send(`{"type":"ack","id":"1"}`) }, websocket.StatusInvalidFramePayloadData},
		{"id below 1", func(p *phone) { p.send(`{"type":"ack","id":-1}`) }, websocket.StatusInvalidFramePayloadData},
		{"id over all bounds", func(p *phone) { p.send(`{"type":"ack","id":1e30}`) }, websocket.StatusInvalidFramePayloadData},
		{"binary", func(p *phone) {
			p.conn.Write(context.Background(), websocket.MessageBinary, []byte(`{"type":"ack","id":1}`))
		}, websocket.StatusUnsupportedData},
		{"too large", func(p *phone) { p.send(strings.Repeat("x", maxClientFrame+1)) }, websocket.StatusMessageTooBig},
		{"flood", func(p *phone) {
			for range clientFrameBurst + clientFrameRate*10 {
				if p.conn.Write(context.Background(), websocket.MessageText, []byte(`{"type":"x"}`)) != nil {
					return
				}
			}
		}, websocket.StatusPolicyViolation},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			bob := w.connect("bob", "device", "")
			row.send(bob)
			if row.code == 0 {
				w.deliver("bob", "still here")
				bob.message(1, "still here")
				return
			}
			// A peer that still writes may see the reset before the code.
			if code := bob.closed(); code != row.code && !(row.name == "flood" && code == -1) {
				t.Errorf("close code %d, want %d", code, row.code)
			}
			w.until("detaching", func() bool { return !w.hub.Connected(owner("bob")) })
		})
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxWaiting = 2 })
	w.deliver("bob", "one")
	w.deliver("bob", "two")
	if _, err := w.hub.Deliver(t.Context(), owner("bob"), wire.PushData{}); !errors.Is(err, ErrFull) {
		t.Errorf("a third message: %v", err)
	}
	bob := w.connect("bob", "device", "")
	bob.message(1, "one")
	bob.ack(1)
	w.acknowledged(1)
	w.until("deletion", func() bool { return len(w.waiting("bob")) == 1 })
	w.deliver("bob", "three")
	bob.message(2, "two")
	bob.message(3, "three")
}

// A phone that does not answer pings is let go.
func TestDeadPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.PingEvery, c.PongWait = 10*time.Millisecond, 50*time.Millisecond })
	w.connect("bob", "device", "") // reads nothing, so answers nothing
	w.until("detaching", func() bool { return !w.hub.Connected(owner("bob")) })
}

// A phone that reads slowly holds up nobody: the platform would wait an hour for
// it, and the next phone has its message all the same.
func TestSlowPhoneHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.WriteWait, c.PingEvery = time.Hour, time.Hour })
	w.slow()
	fast := w.connect("fast", "device", "")
	w.deliver("fast", "now")
	fast.message(1, "now")
	if !w.hub.Connected(owner("slow")) {
		t.Error("the slow phone was let go")
	}
}

// A phone that reads too slowly is let go, and what it did not get is kept.
func TestSlowPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.WriteWait, c.PingEvery = 5*time.Second, time.Hour })
	big, n := w.slow()
	w.until("letting go of the slow phone", func() bool { return !w.hub.Connected(owner("slow")) })
	again := w.connect("slow", "device", "")
	again.conn.SetReadLimit(1 << 20)
	for i := range n {
		again.message(i+1, big)
	}
}

// slow connects a phone that reads nothing, and delivers n messages to it: more
// than the sockets' buffers hold.
func (w *world) slow() (message string, n int) {
	w.t.Helper()
	w.narrow()
	w.connect("slow", "device", "")
	w.widen()
	message, n = strings.Repeat("x", 64<<10), 80
	for range n {
		w.deliver("slow", message)
	}
	return message, n
}

// Sockets are cut at random while messages come: each message arrives, in order
// of its first arrival, and none after its acknowledgement was taken.
func TestNothingIsLostWhenSocketsAreCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const n = 500 / share
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := range n {
			if _, err := w.hub.Deliver(context.Background(), owner("bob"), wire.PushData{Payload: fmt.Sprint(i + 1)}); err != nil {
				t.Error(err)
			}
		}
	})
	random := rand.New(rand.NewPCG(1, 2))
	seen, newest := make(map[int]bool), 0
	for len(seen) < n {
		bob := w.connect("bob", "device", "")
		for range 1 + random.IntN(40) {
			if len(seen) == n {
				break
			}
			f := bob.read()
			number, err := strconv.Atoi(f.Data.Payload)
			if err != nil || !seen[number] && number != newest+1 {
				t.Fatalf("message %q after %d", f.Data.Payload, newest)
			}
			seen[number], newest = true, max(newest, number)
			if random.IntN(4) > 0 {
				bob.send(fmt.Sprintf(`{"type":"ack","id":%d}`, f.ID))
			}
		}
		bob.conn.CloseNow()
	}
	sending.Wait()
	w.until("letting go", func() bool { return !w.hub.Connected(owner("bob")) })
	w.until("deletion", func() bool { return uint64(len(w.waiting("bob")))+w.hub.Stats().Acked == n })
}

// Thousands of sockets at once, each with its own messages.
func TestThousandsOfSockets(t *testing.T) {
	t.Parallel()
	const phones, each, dialling = 3000 / share, 2, 16
	w := newWorld(t, func(c *Config) { c.PingEvery = time.Hour }) // a phone reads only when its turn comes
	all := make([]*phone, phones)
	inParallel(dialling, phones, func(i int) {
		conn, _, err := w.dial(fmt.Sprint("p", i), "device", "")
		if err != nil {
			t.Error(err)
			return
		}
		all[i] = &phone{t: t, w: w, name: fmt.Sprint("p", i), conn: conn}
	})
	if t.Failed() {
		return
	}
	defer inParallel(dialling, phones, func(i int) { all[i].conn.CloseNow() })
	w.until("sockets", func() bool { return w.hub.Stats().Sockets == phones })
	inParallel(dialling, phones, func(i int) {
		for k := range each {
			w.deliver(fmt.Sprint("p", i), fmt.Sprintf("%d/%d", i, k))
		}
	})
	inParallel(dialling, phones, func(i int) {
		all[i].read() // hello
		for k := range each {
			all[i].message(k+1, fmt.Sprintf("%d/%d", i, k))
			all[i].ack(k + 1)
		}
	})
	w.acknowledged(phones * each)
}

func inParallel(workers, n int, f func(i int)) {
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}

func FuzzClientFrame(f *testing.F) {
	for _, seed := range []string{`{"type":"ack","id":1}`, `{}`, `null`, `[]`, `{"type":"ack","id":-1}`, "\xff", `{"type":"ack","id":9223372036854775808}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if frame, err := parseClientFrame(text); err == nil && (frame.Type == "" || frame.Type == "ack" && frame.ID < 1) {
			t.Errorf("%q is taken as %+v", text, frame)
		}
	})
}

// What a platform kept before there were streams is moved into them, once.
func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	db, err := store.Open(t.Context(), "", "backend", []string{Migrations})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	sent := w.clock.Now()
	for id := range 3 {
		if _, err := db.Exec(t.Context(), "INSERT INTO messages (account, name, id, sent, expires, data) VALUES ('demo', 'bob', ?, ?, ?, ?)",
			id+1, sent.UnixMilli(), sent.Add(time.Minute).UnixMilli(), fmt.Sprintf(`{"payload":"%d"}`, id+1)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := w.hub.Import(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	bob := w.connect("bob", "device", "")
	for n := range 3 {
		if f := bob.message(n+1, fmt.Sprint(n+1)); !f.SentAt.Equal(sent) || f.ExpiresAt.Sub(f.SentAt) != time.Minute {
			t.Errorf("%+v", f)
		}
	}
	w.deliver("bob", "new")
	bob.message(1, "new")
}

// Any name is one token of a subject, and read back.
func TestToken(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bob", "a.b", "*", ">", "=YWJj", "नाम", "a b", "a/b"} {
		if text := token(name); strings.ContainsAny(text, ".*> ") || untoken(text) != name {
			t.Errorf("%q is %q, read back as %q", name, text, untoken(text))
		}
	}
}

// A phone that knows later messages than there can be, since the clock was set back,
// is told of another inbox, so that it drops nothing as known.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	first := w.connect("bob", "device", "")
	if again := w.connect("bob", "device", fmt.Sprintf("?since=%d&inbox=%s", idAt(w.clock.Now()), first.inbox)); again.inbox != first.inbox {
		t.Error("another inbox")
	}
	ahead := w.connect("bob", "device", fmt.Sprintf("?since=%d&inbox=%s", idAt(w.clock.Now().Add(time.Hour)), first.inbox))
	if ahead.inbox == first.inbox {
		t.Error("the same inbox")
	}
	w.deliver("bob", "heard")
	ahead.message(1, "heard")
}
