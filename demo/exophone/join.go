package exophone

import (
	"offhook/demo/relay"
	"offhook/voice/wire"
)

// Join hands the other side of a subscriber's conversation to that of another call of
// the same subscriber, with whom the subscriber has talked, or whose phone still
// rings. Both legs of the subscriber leave with the word transferred. If a phone that
// rings does not answer, the call comes back to the subscriber. It returns ErrNoCall
// or ErrTransfer if that can't be.
func (x *Exchange) Join(sessionID, subscriber, with string) error {
	// One at a time: the goroutine of one call waits for that of the other.
	x.conferring.Lock()
	defer x.conferring.Unlock()
	from, to := x.session(sessionID), x.session(with)
	switch {
	case from == nil || to == nil:
		return ErrNoCall
	case from == to:
		return ErrTransfer
	}
	_, err := perform(x, with, func(s *session) (struct{}, error) { return struct{}{}, s.takeOver(from, subscriber) })
	return err
}

// takeOver puts the party with whom by talks in another call into the place of by in
// this one.
func (s *session) takeOver(from *session, by string) error {
	leaves := &s.caller
	if s.callee.name == by {
		leaves = &s.callee
	}
	far := s.other(leaves)
	rings := s.phase == routing || s.phase == calling
	switch {
	case leaves.name != by || leaves.dialog == nil, s.phase == over, rings && (leaves != &s.caller || s.handover != nil):
		return ErrNoCall
	case s.phase == talking && (far.dialog == nil || far.media == nil), far.bot != "", s.conference != nil:
		return ErrTransfer
	}
	stays, err := perform(s.x, from.id, func(from *session) (party, error) { return from.giveUp(by, far.name, s) })
	if err != nil {
		return err
	}
	gone := *leaves
	*leaves = stays
	s.plan.record = s.plan.record || stays.recorded
	s.x.also(s, append([]string{from.id}, from.aliases...)...)
	s.codec = stays.media.Codec()
	s.handover = &handover{by: by}
	s.x.log.Info("calls joined", "session", s.id, "from", from.id, "by", by)
	s.note(func(r *Record) {
		r.Transfers = append(r.Transfers, by+" to "+far.name)
		if leaves == &s.caller {
			r.Caller = stays.name
		} else {
			r.Callee = stays.name
		}
	})
	if rings {
		s.established = true
		s.stopInvite(&gone)
		s.waitForTarget()
		return nil
	}
	s.begin(s.joinLegs)
	s.leave(&gone, wire.ReasonTransferred)
	return nil
}

// giveUp lets by leave its conversation and returns the other side, which goes on in
// another call, with target.
func (s *session) giveUp(by, target string, into *session) (party, error) {
	leaves := &s.callee
	if s.caller.name == by {
		leaves = &s.caller
	}
	stays := s.other(leaves)
	switch {
	case s.phase != talking || leaves.name != by || leaves.dialog == nil:
		return party{}, ErrNoCall
	case stays.dialog == nil || stays.media == nil, s.conference != nil, stays.name == target:
		return party{}, ErrTransfer
	}
	gone := *stays
	*stays = party{name: gone.name}
	// What the phone says from now on waits for the other call to have taken it in, its
	// BYE too.
	gone.dialog.owner.Store(into)
	s.recordMu.Lock()
	s.record.Transfers = append(s.record.Transfers, by+" to "+target)
	s.recordMu.Unlock()
	s.end(ending{reason: wire.ReasonTransferred, by: s.side(leaves)})
	return gone, nil
}

// joinLegs joins the media of the two sides and, after a transfer, tells each how the
// other stands.
func (s *session) joinLegs() {
	relay.Join(s.caller.media, s.callee.media)
	s.caller.media.Open()
	s.callee.media.Open()
	if s.handover == nil {
		return
	}
	for _, p := range []*party{&s.caller, &s.callee} {
		p.holds = s.x.cfg.HoldMusic && !p.offer.Receives
	}
	s.connect()
	s.mirrorHold(&s.caller)
	s.mirrorHold(&s.callee)
}

// stopInvite ends the leg of a caller who leaves while it rings.
func (s *session) stopInvite(p *party) {
	s.closeMedia(p)
	if d := p.dialog; !d.cancelled() {
		_ = d.respond(487, "", wire.HeaderCallSid, s.id, wire.HeaderEndReason, wire.ReasonTransferred)
	}
	p.dialog.finish()
	s.x.removeDialog(p.dialog)
}

// also gives a call further names: those of another that has become part of it, or a
// new one for its next callee.
func (x *Exchange) also(s *session, ids ...string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range ids {
		x.aliases[id] = s
	}
	s.aliases = append(s.aliases, ids...)
}
