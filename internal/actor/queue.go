// Package actor has the queue of work by which one goroutine owns a state: others
// post to it and never wait.
package actor

import (
	"sync"

	"offhook/internal/crash"
)

// Queue is an unbounded queue of work for one goroutine. The zero value is not
// usable; New makes one.
type Queue struct {
	mu     sync.Mutex
	queue  []func()
	closed bool
	wake   chan struct{}
}

// New makes an empty queue.
func New() *Queue { return &Queue{wake: make(chan struct{}, 1)} }

// Post queues f and reports whether the queue still took it. It never blocks.
func (q *Queue) Post(f func()) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.queue = append(q.queue, f)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// Run executes what is posted, in order, until stop, asked after each piece of
// work, reports true. Nothing is taken from then on; what Post took before still
// runs.
func (q *Queue) Run(stop func() bool) {
	for range q.wake {
		for {
			f := q.next()
			if f == nil {
				break
			}
			do(f)
			if !stop() {
				continue
			}
			q.mu.Lock()
			left := q.queue
			q.closed, q.queue = true, nil
			q.mu.Unlock()
			for _, f := range left {
				do(f)
			}
			return
		}
	}
}

// do runs one piece of work. If it panics, those behind it still run: what they are may
// be the end of a call.
func do(f func()) {
	defer crash.Guard()
	f()
}

func (q *Queue) next() func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		return nil
	}
	f := q.queue[0]
	q.queue[0] = nil
	q.queue = q.queue[1:]
	return f
}
