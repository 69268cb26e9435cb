package push

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

var soakMessages = flag.Int("messages", 2000, "how many messages TestSoak sends; the nightly run takes 100000")

// mischief disturbs what a server sends: it repeats, reorders, delays,
// corrupts, and cuts the socket, by a seeded choice.
type mischief struct {
	in   *inbox
	mu   sync.Mutex
	rand *rand.Rand
}

func (m *mischief) chance(percent float64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rand.Float64()*100 < percent
}

func (m *mischief) pick(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rand.IntN(n)
}

// greet sends everything that waits, again and again until it is acknowledged,
// as badly as a server and a network can.
func (m *mischief) greet(s *socket) {
	in := m.in
	in.mu.Lock()
	name := in.name
	in.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if m.chance(10) {
		return // cut before the hello
	}
	s.send(fmt.Sprintf(`{"type":"hello","inbox":%q}`, name))
	go func() {
		defer func() { _ = s.ws.CloseNow() }()
		for ctx.Err() == nil {
			in.mu.Lock()
			var ids []int64
			for id := range in.messages { // in no order
				if ids = append(ids, id); len(ids) == 64 {
					break
				}
			}
			texts := make([]string, len(ids))
			for i, id := range ids {
				texts[i] = frameOf(id, in.messages[id])
			}
			in.mu.Unlock()
			for _, text := range texts {
				switch {
				case m.chance(1):
					return // cut
				case m.chance(1):
					s.send(text[:m.pick(len(text))]) // truncated, and the true one later
					continue
				case m.chance(1):
					s.send(text + text)
				case m.chance(1):
					b := []byte(text)
					b[m.pick(12)] ^= 0x15 // in the part that makes it a message
					s.send(string(b))
					continue
				case m.chance(0.5):
					time.Sleep(time.Millisecond)
				}
				s.send(text)
				if m.chance(5) {
					s.send(text)
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Millisecond): // then what is still not acknowledged
			}
		}
	}()
	for {
		_, text, err := s.ws.Read(ctx)
		if err != nil {
			return
		}
		if m.chance(2) {
			continue // the acknowledgement is lost
		}
		var id int64
		if _, err := fmt.Sscanf(string(text), `{"type":"ack","id":%d}`, &id); err != nil {
			in.t.Errorf("the phone sent %q", text)
			continue
		}
		in.mu.Lock()
		delete(in.messages, id)
		in.acked[id]++
		in.mu.Unlock()
	}
}

// TestSoak sends many messages through a connection that is cut at random,
// restarts server and phone, and expects each message once.
func TestSoak(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	in := newInbox(t)
	trouble := &mischief{in: in, rand: rand.New(rand.NewPCG(seed, 1))}
	in.greet = trouble.greet
	go func() {
		for range in.opened {
		}
	}()
	t.Cleanup(func() { close(in.opened) })

	var mu sync.Mutex
	times := map[string]int{}
	total := 0
	store := &memory{}
	start := func() *phone {
		return in.phone(func(c *Config) {
			c.Store = store
			c.OnStatus = nil
			c.Handler = func(_ context.Context, m Message) error {
				if trouble.chance(0.5) {
					return fmt.Errorf("not now")
				}
				mu.Lock()
				defer mu.Unlock()
				if m.Data.Payload != strconv.FormatInt(m.ID, 10) {
					t.Errorf("message %d carries %q", m.ID, m.Data.Payload)
				}
				times[m.Data.Payload]++
				total++
				return nil
			}
		})
	}
	p := start()
	n := *soakMessages
	for posted := 0; posted < n; {
		for range min(n-posted, 1+trouble.pick(40)) {
			posted++
			in.post(strconv.Itoa(posted))
		}
		switch {
		case trouble.chance(5):
			in.cut(0)
		case trouble.chance(5):
			in.cut(websocket.StatusServiceRestart)
		case trouble.chance(2):
			p.stop() // the phone is restarted
			p = start()
		}
		// Not far ahead of the phone, so that all that happens meets messages.
		eventually(t, "keeps up", func() bool { return in.waiting() < 500 })
	}
	eventually(t, "all acknowledged", func() bool { return in.waiting() == 0 })
	p.stop()
	mu.Lock()
	defer mu.Unlock()
	if total != n || len(times) != n {
		t.Errorf("%d deliveries of %d messages, %d were sent", total, len(times), n)
	}
	for payload, k := range times {
		if k != 1 {
			t.Errorf("message %s was delivered %d times", payload, k)
		}
	}
	if s, _ := store.Load(); s.Since != int64(n) || len(s.Spans) != 0 {
		t.Errorf("the ledger ends as %+v", s)
	}
}
