package actor

import (
	"context"
	"sync"

	"offhook/internal/crash"
)

// Stream hands values to any number of readers. Publishing never blocks: a slow
// reader delays nobody, its queue grows. The zero value is ready for use.
type Stream[T any] struct {
	mu      sync.Mutex // guards all below
	last    T
	readers map[*reader[T]]struct{}
	closed  bool
}

// Mode says what a reader wants.
type Mode int

// The modes, which can be joined.
const (
	// FromLast begins with the value that was published last.
	FromLast Mode = 1 << iota
	// NewestOnly leaves out what was followed by something newer before it was read.
	// The last value is never left out.
	NewestOnly
)

type reader[T any] struct {
	mode  Mode
	queue []T
	wake  chan struct{}
}

// Publish gives v to all readers.
func (s *Stream[T]) Publish(v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = v
	for r := range s.readers {
		r.add(v)
	}
}

// add is called with the stream locked.
func (r *reader[T]) add(v T) {
	if r.mode&NewestOnly != 0 {
		r.queue = r.queue[:0]
	}
	r.queue = append(r.queue, v)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Last returns the value that was published last, the zero value before.
func (s *Stream[T]) Last() T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Close ends all readers after they have read what is queued. What is published from
// then on reaches nobody. It may be called more than once.
func (s *Stream[T]) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for r := range s.readers {
		close(r.wake)
	}
	s.readers = nil
}

// Read gives out what is published from now on, in order, until ctx ends or the stream
// is closed; then the channel is closed.
func (s *Stream[T]) Read(ctx context.Context, mode Mode) <-chan T {
	r := &reader[T]{mode: mode, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	if mode&FromLast != 0 {
		r.add(s.last)
	}
	if s.closed {
		close(r.wake)
	} else {
		if s.readers == nil {
			s.readers = map[*reader[T]]struct{}{}
		}
		s.readers[r] = struct{}{}
	}
	s.mu.Unlock()
	out := make(chan T)
	crash.Go(crash.Guarded(func() { s.serve(ctx, r, out) }))
	return out
}

func (s *Stream[T]) serve(ctx context.Context, r *reader[T], out chan<- T) {
	defer close(out)
	defer func() {
		s.mu.Lock()
		delete(s.readers, r)
		s.mu.Unlock()
	}()
	for open := true; open; {
		select {
		case <-ctx.Done():
			return
		case _, open = <-r.wake:
		}
		for {
			s.mu.Lock()
			if len(r.queue) == 0 {
				s.mu.Unlock()
				break
			}
			v := r.queue[0]
			r.queue = r.queue[1:]
			s.mu.Unlock()
			select {
			case out <- v:
			case <-ctx.Done():
				return
			}
		}
	}
}
