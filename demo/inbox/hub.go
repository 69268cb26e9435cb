package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"offhook/demo/endpoint"
	"offhook/demo/store"
	"offhook/voice/wire"
)

// Owner is whose inbox it is.
type Owner struct{ Account, Subscriber string }

// Gate decides who may open an inbox.
type Gate interface {
	// Check returns the owner of an access token: ErrRefused if the token or
	// its subscriber is refused, another error if that can't be told now.
	Check(ctx context.Context, token string) (Owner, error)
	// Recheck tells whether an owner may keep the inbox: nil, ErrRefused while
	// the subscriber is inactive, ErrGone when it exists no more, another error
	// if that can't be told now.
	Recheck(ctx context.Context, owner Owner) error
}

// Errors of a Gate and of Deliver.
var (
	ErrRefused = errors.New("the token or its subscriber is refused")
	ErrGone    = errors.New("the subscriber exists no more")
	ErrFull    = errors.New("the inbox is full")
)

// Config is what New needs. Zero durations and counts mean the defaults.
type Config struct {
	DB   *store.DB
	Gate Gate
	// Life is how long a message is of use: its expires_at is so much later than
	// its sent_at; 24 h.
	Life time.Duration
	// Keep is how long an expired message still waits for its acknowledgement, so
	// that a phone that was off over a holiday learns whose calls it missed; 7 days.
	Keep time.Duration
	// MaxWaiting bounds the messages of one inbox; 1000. The oldest expired ones
	// make room for new ones.
	MaxWaiting int
	// PingEvery and PongWait prove the socket alive; 15 s and 5 s.
	PingEvery, PongWait time.Duration
	// WriteWait is how long one frame may take to a slow phone; 10 s.
	WriteWait time.Duration
	// RecheckEvery is how often the owner of an open socket is checked; 2 min.
	RecheckEvery time.Duration
	// Connected is told when an owner's phone has its inbox open, and when none has
	// any more. It must not block; it may be nil.
	Connected func(o Owner, connected bool)
	// Now is the clock of the messages; nil means time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

func (c *Config) setDefaults() {
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{
		{&c.Life, 24 * time.Hour}, {&c.Keep, 7 * 24 * time.Hour}, {&c.PingEvery, 15 * time.Second}, {&c.PongWait, 5 * time.Second},
		{&c.WriteWait, 10 * time.Second}, {&c.RecheckEvery, 2 * time.Minute},
	} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	if c.MaxWaiting <= 0 {
		c.MaxWaiting = 1000
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// expireEvery is how often messages that were kept long enough are deleted. They
// are never sent, whether deleted or not.
const expireEvery = time.Minute

// Hub holds all inboxes and their sockets. Its methods are safe for concurrent
// use.
type Hub struct {
	cfg     Config
	db      *store.DB
	now     func() time.Time
	log     *slog.Logger
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	open    map[*socket]bool  // all that have come and not gone
	sockets map[Owner]*socket // those that have their inbox
	arrived uint64            // how many have ever come

	delivered, acked, expired atomic.Uint64
}

// New makes a Hub over a database that has Migrations. Close ends it.
func New(cfg Config) *Hub {
	cfg.setDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	h := &Hub{cfg: cfg, db: cfg.DB, now: cfg.Now, log: cfg.Logger, ctx: ctx, cancel: cancel, open: make(map[*socket]bool), sockets: make(map[Owner]*socket)}
	h.running.Go(h.expireLoop)
	return h
}

func (h *Hub) expireLoop() {
	tick := time.NewTicker(expireEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
			n, err := h.expire(h.ctx)
			if err != nil {
				h.log.Error("expired messages could not be deleted", "error", err)
				continue
			}
			h.expired.Add(uint64(n))
		}
	}
}

// Deliver keeps a message for the owner and sends it if a phone is there. It
// returns once the message is kept; ErrFull if too many wait already.
func (h *Hub) Deliver(ctx context.Context, owner Owner, data wire.PushData) (id int64, err error) {
	if id, err = h.keep(ctx, owner, data); err != nil {
		return 0, err
	}
	h.delivered.Add(1)
	h.mu.Lock()
	s := h.sockets[owner]
	h.mu.Unlock()
	if s != nil {
		s.poke()
	}
	return id, nil
}

// Stats are figures since the start, and the sockets that are open now.
type Stats struct {
	Sockets                   int
	Delivered, Acked, Expired uint64
}

// Stats returns the hub's figures.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{Sockets: len(h.sockets), Delivered: h.delivered.Load(), Acked: h.acked.Load(), Expired: h.expired.Load()}
}

// Connected tells whether a phone has the owner's inbox open.
func (h *Hub) Connected(owner Owner) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sockets[owner] != nil
}

const maxDeviceToken = 4096

// ServeHTTP opens the push socket: Bearer access token, device token in
// X-Device-Token. A refused token is told by close code 4401 after the upgrade,
// since not every client sees the status of a refused upgrade.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	device := r.Header.Get(wire.HeaderDeviceToken)
	since, sinceErr := parseSince(r.URL.Query().Get("since"))
	if device == "" || len(device) > maxDeviceToken || sinceErr != nil {
		http.Error(w, "X-Device-Token is required, and since must be a whole number", http.StatusBadRequest)
		return
	}
	token, _ := endpoint.Bearer(r) // the gate refuses an empty one
	owner, err := h.cfg.Gate.Check(r.Context(), token)
	if err != nil && !errors.Is(err, ErrRefused) {
		h.log.Warn("an access token could not be checked", "error", err)
		w.Header().Set("Retry-After", "2")
		http.Error(w, "the token can't be checked now", http.StatusServiceUnavailable)
		return
	}
	conn, acceptErr := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
	if acceptErr != nil {
		return // Accept has answered
	}
	refuse := func(code websocket.StatusCode, reason string) {
		if !h.background(func() { _ = conn.Close(code, reason) }) {
			_ = conn.CloseNow()
		}
	}
	switch {
	case err != nil:
		refuse(wire.CloseRefused, "token refused")
		return
	case conn.Subprotocol() != wire.Subprotocol:
		refuse(websocket.StatusPolicyViolation, "subprotocol must be "+wire.Subprotocol)
		return
	}
	conn.SetReadLimit(maxClientFrame)
	s := &socket{hub: h, conn: conn, owner: owner, device: device}
	if !h.arrive(s) {
		_ = conn.CloseNow()
		return
	}
	inbox := r.URL.Query().Get("inbox")
	// The request's goroutine and buffers end here; the socket has its own.
	go func() {
		defer h.leave(s)
		s.run(inbox, since)
	}()
}

// arrive gives a socket its turn and counts it among what Close waits for, unless
// the hub is closed.
func (h *Hub) arrive(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.running.Add(1)
	h.arrived++
	s.turn = h.arrived
	h.open[s] = true
	return true
}

// leave forgets a socket that has ended.
func (h *Hub) leave(s *socket) {
	h.mu.Lock()
	delete(h.open, s)
	if h.sockets[s.owner] == s {
		delete(h.sockets, s.owner)
		h.connected(s.owner, false)
	}
	h.mu.Unlock()
	h.running.Done()
}

// enter counts the caller among what Close waits for, unless the hub is closed.
func (h *Hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.running.Add(1)
	}
	return !h.closed
}

// background runs f on a goroutine of its own, unless the hub is closed: Close
// says goodbye on every socket that has arrived.
func (h *Hub) background(f func()) bool {
	if !h.enter() {
		return false
	}
	go func() {
		defer h.running.Done()
		f()
	}()
	return true
}

func parseSince(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n < 0 {
		err = strconv.ErrRange
	}
	return n, err
}

// attach gives the inbox to s, unless one that came later has it already. The
// older of the two is told to go: silently if the other is the same device's,
// with 4409 otherwise.
func (h *Hub) attach(s *socket) {
	h.mu.Lock()
	older, newer := h.sockets[s.owner], s
	if older != nil && older.turn > s.turn {
		older, newer = s, older
	}
	h.sockets[s.owner] = newer
	if older == nil {
		h.connected(s.owner, true)
	}
	h.mu.Unlock()
	if older == nil {
		return
	}
	code, reason := websocket.StatusCode(wire.CloseOtherDevice), "another device has the inbox"
	if older.device == newer.device {
		code, reason = websocket.StatusNormalClosure, "replaced by a newer socket of this device"
	}
	older.end(code, reason)
}

// connected tells of an owner. The mutex is held, for the order.
func (h *Hub) connected(o Owner, connected bool) {
	if h.cfg.Connected != nil {
		h.cfg.Connected(o, connected)
	}
}

// Broadcast sends a frame to every phone of an account that is there now, and keeps
// it for none. It does not wait; a phone that is slow misses it. It returns how many
// phones it is sent to.
func (h *Hub) Broadcast(account string, frame any) int {
	text, err := json.Marshal(frame)
	if err != nil {
		h.log.Error("a frame could not be written", "error", err)
		return 0
	}
	h.mu.Lock()
	to := make([]*socket, 0, len(h.sockets))
	for o, s := range h.sockets {
		if o.Account == account {
			to = append(to, s)
		}
	}
	h.mu.Unlock()
	for _, s := range to {
		s.tell(text)
	}
	return len(to)
}

// Revoke closes the owner's socket with 4401 and, if the subscriber is gone for
// good, forgets its inbox.
func (h *Hub) Revoke(ctx context.Context, owner Owner, gone bool) error {
	h.mu.Lock()
	s := h.sockets[owner]
	h.mu.Unlock()
	if s != nil {
		s.end(wire.CloseRefused, "subscriber refused")
	}
	if gone {
		return h.drop(ctx, owner)
	}
	return nil
}

// Close says goodbye on every socket and waits until all have ended or ctx does.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	open := slices.Collect(maps.Keys(h.open))
	h.mu.Unlock()
	for _, s := range open {
		h.running.Go(func() { _ = s.conn.Close(websocket.StatusGoingAway, "the platform is closing") })
	}
	done := make(chan struct{})
	go func() { h.running.Wait(); close(done) }()
	h.cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		for _, s := range open {
			_ = s.conn.CloseNow()
		}
		<-done
		return ctx.Err()
	}
}
