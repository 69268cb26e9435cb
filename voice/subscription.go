package voice

import "context"

// Subscription delivers the events of a Client, from the moment of Subscribe
// on, in order and without loss. A slow reader delays nobody; its queue grows.
type Subscription struct {
	events <-chan Event
	cancel context.CancelFunc
}

// Events is where the events come out. It is closed by Close, and after the
// last event when the client is closed.
func (s *Subscription) Events() <-chan Event { return s.events }

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() { s.cancel() }
