package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"offhook/demo/cluster"
	"offhook/demo/endpoint"
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
	// Node keeps the messages, and is the way to phones that other nodes have.
	Node *cluster.Node
	Gate Gate
	// Secret makes the names of the inboxes this platform's own: its nodes share it.
	Secret []byte
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

// Hub holds all inboxes and their sockets. Its methods are safe for concurrent
// use.
type Hub struct {
	cfg     Config
	now     func() time.Time
	log     *slog.Logger
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	streams  []jetstream.Stream // one for each partition
	nodeBits int64
	phones   *nats.Subscription // what is told to the phones that are here

	mu      sync.Mutex
	lastID  int64
	closed  bool
	open    map[*socket]bool  // all that have come and not gone
	sockets map[Owner]*socket // those that have their inbox
	arrived uint64            // how many have ever come

	delivered, acked atomic.Uint64
}

// New makes a Hub; in a cluster it waits for the other nodes. Close ends it.
func New(ctx context.Context, cfg Config) (*Hub, error) {
	cfg.setDefaults()
	h := &Hub{cfg: cfg, now: cfg.Now, log: cfg.Logger, nodeBits: nodeBits(cfg.Node.ID()), open: make(map[*socket]bool), sockets: make(map[Owner]*socket)}
	if err := h.openStreams(ctx); err != nil {
		return nil, err
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	var err error
	if h.phones, err = cfg.Node.Conn().Subscribe(cfg.Node.Subject("phone.*.*"), h.hear); err != nil {
		h.cancel()
		return nil, err
	}
	return h, nil
}

// Deliver keeps a message for the owner and sends it to the phone, on whichever node
// that is. It returns once the message is kept or the phone has it, whichever is
// first: a ring does not wait for a stream that has no leader. The error is ErrFull if
// too many wait already.
func (h *Hub) Deliver(ctx context.Context, owner Owner, data wire.PushData) (id int64, err error) {
	m, err := h.newMessage(data)
	if err != nil {
		return 0, err
	}
	stored, rung := make(chan error, 1), make(chan struct{})
	ringing, stop := context.WithCancel(ctx)
	defer stop()
	if !h.background(func() { stored <- h.store(h.ctx, owner, m) }) {
		return 0, errClosed
	}
	if h.Connected(owner) || !h.cfg.Node.Alone() {
		go func() {
			if h.ring(ringing, owner, m) == nil {
				close(rung)
			}
		}()
	}
	first := rung
	if h.cfg.Node.Alone() {
		// No election holds the stream up, and what is stored before the next message is
		// made comes before it, also on a phone's next socket.
		first = nil
	}
	select {
	case err = <-stored:
	case <-first:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("keep a message: %w", err)
	}
	h.delivered.Add(1)
	return m.id, nil
}

var errClosed = errors.New("the inboxes are closed")

// Stats are figures since the start, and the sockets that are open now.
type Stats struct {
	Sockets          int
	Delivered, Acked uint64
}

// Stats returns the hub's figures.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{Sockets: len(h.sockets), Delivered: h.delivered.Load(), Acked: h.acked.Load()}
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
	s := &socket{hub: h, conn: conn, owner: owner, device: device, known: make(map[int64]*delivery)}
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
	if newer == s {
		h.tellNodes(s.owner, note{Has: h.cfg.Node.ID(), Device: s.device})
	}
	if older != nil {
		older.replacedBy(newer.device)
	}
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

// Revoke closes the owner's socket with 4401, on whichever node it is, and, if the subscriber is gone for
// good, forgets its inbox.
func (h *Hub) Revoke(ctx context.Context, owner Owner, gone bool) error {
	h.refuse(owner)
	h.tellNodes(owner, note{Refused: true})
	if gone {
		return h.drop(ctx, owner)
	}
	return nil
}

// Close says goodbye on every socket and waits until all have ended or ctx does.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	closing := !h.closed
	h.closed = true
	open := slices.Collect(maps.Keys(h.open))
	h.mu.Unlock()
	if closing {
		_ = h.phones.Unsubscribe()
	}
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
