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
	queue  []func()
	closed bool
	wake   chan struct{}
	done   chan struct{}
}

func newLoop() *loop {
	return &loop{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

var errClosed = fault.New(fault.Uninitialized, "The phone is closing.", "Start it again.")

// post queues f and reports whether it will run.
func (l *loop) post(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.queue = append(l.queue, f)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// ask runs f on the loop and returns what it returned. It must not be called
// on the loop.
func (l *loop) ask(ctx context.Context, f func() error) error {
	answer := make(chan error, 1)
	if !l.post(func() { answer <- f() }) {
		return errClosed
	}
	select {
	case err := <-answer:
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
		f := l.queue[0]
		l.queue = l.queue[1:]
		l.mu.Unlock()
		f()
		after()
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
