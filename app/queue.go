package app

import (
	"context"

	"offhook/internal/actor"
	"offhook/voice/fault"
)

// loop runs functions one after the other on one goroutine, which alone owns
// the phone's state. Posting never blocks.
type loop struct {
	queue *actor.Queue
	// after is called after each function; closed and after belong to the goroutine.
	after  func()
	closed bool
	done   chan struct{}
}

func newLoop() *loop { return &loop{queue: actor.New(), done: make(chan struct{})} }

var errClosed = fault.New(fault.Uninitialized, "phone.closing")

// post queues f and reports whether it will run.
func (l *loop) post(f func()) bool {
	return l.queue.Post(func() {
		f()
		l.after()
	})
}

// ask runs f on the loop and returns what it returned, when that is published.
// It must not be called on the loop.
func (l *loop) ask(ctx context.Context, f func() error) error {
	var err error
	done := make(chan struct{})
	if !l.queue.Post(func() {
		err = f()
		l.after()
		close(done)
	}) {
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
	l.after = after
	l.queue.Run(func() bool { return l.closed })
}

// close lets the loop finish what is queued, and waits for it.
func (l *loop) close() {
	l.queue.Post(func() { l.closed = true })
	<-l.done
}
