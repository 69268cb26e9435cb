package push

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// maxQueue bounds the messages that wait for the handler. A server that sends
// more is cut off: it has them still and sends them again.
const maxQueue = 1024

// maxTries is how often the handler is given a message on which it fails,
// before the message is left to the server's next repetition.
const maxTries = 5

var errBehind = errors.New("push: more messages than can be handled")

// delivery hands messages to the handler, one at a time, over any number of
// connections.
type delivery struct {
	cfg  *Config
	wake chan struct{}

	mu     sync.Mutex
	ledger *ledger
	queue  []entry
	open   map[int64]int // tries of the messages received and not done
	conn   *connection   // to acknowledge on; nil without one
}

type entry struct {
	inbox string
	m     Message
	after time.Time // not to be tried before
	done  bool      // only to be acknowledged
}

func newDelivery(cfg *Config, saved State) *delivery {
	return &delivery{cfg: cfg, wake: make(chan struct{}, 1), ledger: newLedger(saved), open: make(map[int64]int)}
}

func (d *delivery) position() (inbox string, since int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ledger.inbox, d.ledger.since
}

// enter turns to an inbox. It returns true if the connection named another one
// and must be made again.
func (d *delivery) enter(inbox string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := d.ledger.inbox == ""
	if !d.ledger.enter(inbox) {
		return false
	}
	d.open = make(map[int64]int)
	d.saveLocked()
	return !first
}

func (d *delivery) attach(c *connection) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conn = c
}

func (d *delivery) detach(c *connection) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == c {
		d.conn = nil
	}
}

// take takes a message in: to the queue, or out of the way if it was seen.
func (d *delivery) take(c *connection, m Message) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	tries, known := d.open[m.ID]
	if known && tries < maxTries {
		return nil // it waits already
	}
	if len(d.queue) >= maxQueue {
		return errBehind
	}
	if d.ledger.seen(m.ID) {
		d.queue = append(d.queue, entry{inbox: c.inbox, m: m, done: true}) // our ack was lost
		d.poke()
		return nil
	}
	m.Again = known
	d.open[m.ID] = 0
	d.queue = append(d.queue, entry{inbox: c.inbox, m: m})
	d.poke()
	return nil
}

func (d *delivery) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// next takes the first message off the queue that may be tried now, one that still
// lives before those that have expired: a call that rings does not wait for the
// calls of a holiday. Else it returns how long to wait, 0 for until woken.
func (d *delivery) next() (e entry, ok bool, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	pick := -1
	for i, e := range d.queue {
		if left := e.after.Sub(now); left > 0 {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		if lives := e.m.ExpiresAt.IsZero() || now.Before(e.m.ExpiresAt); lives || pick < 0 {
			if pick = i; lives {
				break
			}
		}
	}
	if pick < 0 {
		return entry{}, false, wait
	}
	e = d.queue[pick]
	d.queue = slices.Delete(d.queue, pick, pick+1)
	return e, true, 0
}

func (d *delivery) run(ctx context.Context) {
	for ctx.Err() == nil {
		e, ok, wait := d.next()
		if ok {
			var err error
			if !e.done {
				err = d.handle(ctx, e.m)
			}
			d.finish(ctx, e, err)
			continue
		}
		var due <-chan time.Time
		if wait > 0 {
			due = time.After(wait)
		}
		select {
		case <-ctx.Done():
		case <-d.wake:
		case <-due:
		}
	}
}

// handle calls the handler; a panic is an error like any other.
func (d *delivery) handle(ctx context.Context, m Message) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("push: the handler panicked: %v", r)
			d.cfg.Logger.Error("the handler of messages panicked", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	return d.cfg.Handler(ctx, m)
}

// finish notes the outcome. The ledger is saved before the server is told: a
// crash in between costs a repetition that is dropped.
func (d *delivery) finish(ctx context.Context, e entry, err error) {
	d.mu.Lock()
	if e.inbox != d.ledger.inbox {
		d.mu.Unlock()
		return // the inbox was replaced meanwhile
	}
	id := e.m.ID
	if err != nil {
		d.retryLocked(e, err)
		d.mu.Unlock()
		return
	}
	if !e.done {
		delete(d.open, id)
		d.ledger.mark(id, time.Now(), d.openIn)
		d.saveLocked()
	}
	c := d.conn
	d.mu.Unlock()
	if c != nil && c.inbox == e.inbox {
		c.ack(ctx, id)
	}
}

// openIn says whether a message of a span is open, under mu.
func (d *delivery) openIn(s Span) bool {
	for id := range d.open {
		if s.From <= id && id <= s.To {
			return true
		}
	}
	return false
}

func (d *delivery) retryLocked(e entry, err error) {
	id := e.m.ID
	d.open[id]++
	tries := d.open[id]
	d.cfg.Logger.Warn("a message could not be handled", "id", id, "try", tries, "error", err)
	if tries >= maxTries {
		return
	}
	e.m.Again = true
	e.after = time.Now().Add(250 * time.Millisecond << tries)
	d.queue = append(d.queue, e)
}

func (d *delivery) saveLocked() {
	if err := d.cfg.Store.Save(d.ledger.state()); err != nil {
		d.cfg.Logger.Error("the inbox's ledger could not be saved; messages may come twice after a restart", "error", err)
	}
}
