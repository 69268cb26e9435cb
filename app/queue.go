package app

import (
	"context"
	"sync"

	"offhook/voice/fault"
)

// loop runs functions one after the other on one goroutine, which alone owns
// the phone's state. Posting never blocks.
type loop struct {
	mu     sync.Mutex // guards queue and closed
	queue  []task
	closed bool
	wake   chan struct{}
	done   chan struct{}
}

// task is a function for the loop, and what is called when its effect is
// published; then may be nil.
type task struct{ do, then func() }

func newLoop() *loop {
	return &loop{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

var errClosed = fault.New(fault.Uninitialized, "phone.closing")

// post queues f and reports whether it will run.
func (l *loop) post(f func()) bool { return l.add(task{do: f}) }

func (l *loop) add(t task) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.queue = append(l.queue, t)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// ask runs f on the loop and returns what it returned, when that is published.
// It must not be called on the loop.
func (l *loop) ask(ctx context.Context, f func() error) error {
	var err error
	done := make(chan struct{})
	if !l.add(task{do: func() { err = f() }, then: func() { close(done) }}) {
		return errClosed
	}
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run executes what is posted until close; after is called after each function.
func (l *loop) run(after func()) {
	defer close(l.done)
	for {
		l.mu.Lock()
		if len(l.queue) == 0 {
			closed := l.closed
			l.queue = nil
			l.mu.Unlock()
			if closed {
				return
			}
			<-l.wake
			continue
		}
		t := l.queue[0]
		l.queue = l.queue[1:]
		l.mu.Unlock()
		t.do()
		after()
		if t.then != nil {
			t.then()
		}
	}
}

// close lets the loop finish what is queued, and waits for it.
func (l *loop) close() {
	l.mu.Lock()
	l.closed = true
	select {
	case l.wake <- struct{}{}:
	default:
	}
	l.mu.Unlock()
	<-l.done
}
