package exophone

import (
	"offhook/voice/wire"
)

// Revoke ends what a subscriber has here: its calls hang up with the word
// revoked, its registrations are forgotten, and no connection counts as proven
// by it any more. The directory refuses its next request. It does not block.
func (x *Exchange) Revoke(name string) {
	x.registrar.clear(name)
	x.conns.unproven(name)
	x.mu.Lock()
	sessions := make([]*session, 0, len(x.sessions))
	for _, s := range x.sessions {
		sessions = append(sessions, s)
	}
	x.mu.Unlock()
	for _, s := range sessions {
		s.post(func() { s.revoked(name) })
	}
}

// revoked ends the call of a party that may not call any more. A callee who has
// not answered is left out: the next number is tried.
func (s *session) revoked(name string) {
	switch {
	case s.phase == over:
	case s.conference != nil:
		for _, p := range s.present() {
			if p.name == name {
				s.part(p, wire.ReasonRevoked)
				return
			}
		}
	case s.caller.name == name, s.phase == talking && s.callee.name == name:
		s.end(ending{status: 403, reason: wire.ReasonRevoked, by: byPlatform})
	case s.phase == calling && s.plan.last == name:
		s.attemptOver(ending{status: 410, reason: wire.ReasonRevoked, by: byPlatform})
	}
}
