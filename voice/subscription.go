package voice

import "sync"

// Subscription delivers the events of a Client, from the moment of Subscribe
// on, in order and without loss. A slow reader delays nobody; its queue grows.
type Subscription struct {
	bus    *bus
	events chan Event
	closed chan struct{}
	once   sync.Once

	mu    sync.Mutex
	queue []Event
	wake  chan struct{}
	ended bool
}

// Events is where the events come out. It is closed by Close, and after the
// last event when the client is closed.
func (s *Subscription) Events() <-chan Event { return s.events }

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.once.Do(func() {
		s.bus.remove(s)
		close(s.closed)
	})
}

func (s *Subscription) put(ev Event) {
	s.mu.Lock()
	s.queue = append(s.queue, ev)
	s.mu.Unlock()
	s.signal()
}

// end lets the queue run out and then closes the channel.
func (s *Subscription) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.signal()
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Subscription) pump() {
	defer close(s.events)
	for {
		s.mu.Lock()
		batch, ended := s.queue, s.ended
		s.queue = nil
		s.mu.Unlock()
		for _, ev := range batch {
			select {
			case s.events <- ev:
			case <-s.closed:
				return
			}
		}
		if len(batch) > 0 {
			continue
		}
		if ended {
			return
		}
		select {
		case <-s.wake:
		case <-s.closed:
			return
		}
	}
}

// bus hands each event to every subscription, in one order.
type bus struct {
	mu     sync.Mutex
	subs   []*Subscription
	closed bool
}

func (b *bus) subscribe() *Subscription {
	s := &Subscription{
		bus: b, events: make(chan Event), closed: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	b.mu.Lock()
	if b.closed {
		s.ended = true
	} else {
		b.subs = append(b.subs, s)
	}
	b.mu.Unlock()
	go s.pump()
	return s
}

func (b *bus) remove(s *Subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, other := range b.subs {
		if other == s {
			b.subs = append(b.subs[:i:i], b.subs[i+1:]...)
			return
		}
	}
}

func (b *bus) publish(ev Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.subs {
		s.put(ev)
	}
}

func (b *bus) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, s := range b.subs {
		s.end()
	}
	b.subs = nil
}
