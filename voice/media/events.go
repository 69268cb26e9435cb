package media

import (
	"sync"
	"time"
)

// eventQueue hands events to one reader and never makes the sender wait: what
// does not fit is dropped, which takes a reader that has been away for 256
// events.
type eventQueue struct {
	mu     sync.Mutex
	closed bool
	ch     chan Event
}

func newEventQueue() *eventQueue { return &eventQueue{ch: make(chan Event, 256)} }

func (q *eventQueue) emit(e Event) {
	e.At = time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	select {
	case q.ch <- e:
	default:
	}
}

func (q *eventQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.ch)
	}
}
