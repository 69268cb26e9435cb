package exophone

import "offhook/demo/relay"

// AwaitByes returns when every goodbye that is being said has been said or given
// up.
func (x *Exchange) AwaitByes() { x.byes.Wait() }

// Secured reports whether every leg of every call has its keys: what a phone sent
// before is not heard.
func (x *Exchange) Secured() bool {
	x.mu.Lock()
	sessions := make([]*session, 0, len(x.sessions))
	for _, s := range x.sessions {
		sessions = append(sessions, s)
	}
	x.mu.Unlock()
	for _, s := range sessions {
		answer := make(chan bool, 1)
		if !s.post(func() { answer <- s.secured() }) {
			continue
		}
		select {
		case ok := <-answer:
			if !ok {
				return false
			}
		case <-s.done:
		}
	}
	return true
}

func (s *session) secured() bool {
	legs := []*relay.Leg{s.caller.media, s.callee.media}
	for _, p := range s.ringing {
		legs = append(legs, p.media)
	}
	for _, l := range legs {
		if l != nil && !l.Secured() {
			return false
		}
	}
	return true
}
