package app

import (
	"context"
	"sync"
)

// stream hands snapshots to any number of watchers. Publishing never blocks.
type stream struct {
	mu     sync.Mutex // guards what follows
	last   *Snapshot
	subs   map[*watcher]struct{}
	closed bool
}

// watcher is one reader's queue. latest keeps only the newest snapshot.
type watcher struct {
	latest bool
	queue  []*Snapshot
	wake   chan struct{}
}

func (s *stream) publish(snap *Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = snap
	for w := range s.subs {
		if w.latest {
			w.queue = w.queue[:0]
		}
		w.queue = append(w.queue, snap)
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

func (s *stream) snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// close ends all watchers after they have read what is queued.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for w := range s.subs {
		close(w.wake)
	}
	s.subs = nil
}

func (s *stream) watch(ctx context.Context, latest bool) <-chan *Snapshot {
	out := make(chan *Snapshot)
	w := &watcher{latest: latest, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	w.queue = append(w.queue, s.last)
	if s.closed {
		close(w.wake)
	} else {
		if s.subs == nil {
			s.subs = map[*watcher]struct{}{}
		}
		s.subs[w] = struct{}{}
		w.wake <- struct{}{}
	}
	s.mu.Unlock()
	go func() {
		defer close(out)
		defer func() {
			s.mu.Lock()
			delete(s.subs, w)
			s.mu.Unlock()
		}()
		for open := true; open; {
			select {
			case <-ctx.Done():
				return
			case _, open = <-w.wake:
			}
			for {
				s.mu.Lock()
				if len(w.queue) == 0 {
					s.mu.Unlock()
					break
				}
				snap := w.queue[0]
				w.queue = w.queue[1:]
				s.mu.Unlock()
				select {
				case out <- snap:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}
