package exophone

import (
	"offhook/demo/relay"
	"offhook/voice/wire"
)

// maxDevices is how many phones of one subscriber may ring at once.
const maxDevices = 4

// calleeInvite takes the INVITE of a phone that was called. With later, the
// phone rings and its path is made ready with the gate shut; without, this is
// the answer.
func (s *session) calleeInvite(d *dialog, offer *relay.Offer, later bool) {
	refuse := func(status int, headers ...string) {
		_ = d.respond(status, "", headers...)
		s.x.removeDialog(d)
	}
	switch {
	case s.phase == talking:
		// The token was spent while this was on its way.
		refuse(403)
		return
	case s.phase != calling || s.tell == nil:
		refuse(487, wire.HeaderCallSid, s.id)
		return
	}
	// The same device replaces its own leg, which its connection may have died
	// under; another device rings beside it.
	if old := s.ringing[d.device]; old != nil {
		s.drop(old, "")
	} else if len(s.ringing) >= maxDevices {
		refuse(486, wire.HeaderCallSid, s.id, wire.HeaderEndReason, wire.ReasonBusy)
		return
	}
	codec, ok := s.agree(offer)
	if !ok {
		refuse(488, wire.HeaderCallSid, s.id)
		s.attemptOver(ending{status: 488, by: byPlatform})
		return
	}
	p := &party{name: d.subscriber, dialog: d, offer: offer, knows: s.caller.name}
	if err := s.openMedia(p, codec, s.caller.offer); err != nil {
		s.x.log.Error("callee's media", "session", s.id, "error", err)
		refuse(500, wire.HeaderCallSid, s.id)
		return
	}
	s.ringing[d.device] = p
	if err := d.respond(200, p.answer, wire.HeaderCallSid, s.id); err != nil || d.cancelled() {
		s.drop(p, "")
		return
	}
	if !later {
		s.answer(p)
		return
	}
	s.ring(codec)
}

// agree finds the codec of the call: that of the caller's answer once it is
// given, else the first that caller and callee share.
func (s *session) agree(offer *relay.Offer) (string, bool) {
	if s.caller.offer == nil { // a bot speaks any
		return offer.Codecs[0].Name, true
	}
	if s.codec == "" && s.prefers != "" {
		if name, ok := relay.Common(s.caller.offer, offer, s.prefers); ok {
			return name, true
		}
	}
	return relay.Common(s.caller.offer, offer, s.codec)
}

// openMedia answers a party's offer, with the gate shut.
func (s *session) openMedia(p *party, codec string, peer *relay.Offer) error {
	if p.media != nil {
		return nil
	}
	leg, err := s.x.cfg.Relay.NewLeg(p.offer, nil)
	if err != nil {
		return err
	}
	if p.answer, err = leg.Answer(codec, peer); err != nil {
		leg.Close()
		return err
	}
	p.media = leg
	return nil
}

// ring tells the caller that a phone really rings, and makes its path ready.
func (s *session) ring(codec string) {
	if s.record.Ringing.IsZero() {
		s.note(func(r *Record) { r.Ringing = s.x.cfg.Clock.Now() })
	}
	if s.caller.dialog == nil || s.established {
		return
	}
	if !s.openCaller(codec) {
		return
	}
	_ = s.caller.dialog.respond(180, s.caller.answer, wire.HeaderCallSid, s.id)
}

// openCaller answers the caller's offer with the codec, once.
func (s *session) openCaller(codec string) bool {
	if s.caller.media != nil {
		return true
	}
	var peer *relay.Offer
	for _, p := range s.ringing {
		peer = p.offer
	}
	if err := s.openMedia(&s.caller, codec, peer); err != nil {
		s.x.log.Error("caller's media", "session", s.id, "error", err)
		s.end(ending{status: 500, by: byPlatform})
		return false
	}
	s.codec = codec
	s.note(func(r *Record) { r.Codec = codec })
	return true
}

// answer joins the caller to the callee that has answered; the other phones of
// the callee stop ringing.
func (s *session) answer(p *party) {
	if s.phase != calling {
		return
	}
	codec := p.media.Codec()
	if s.caller.dialog != nil && !s.established {
		if !s.openCaller(codec) {
			return
		}
		err := s.caller.dialog.respond(200, s.caller.answer, wire.HeaderCallSid, s.id)
		if err != nil || s.caller.dialog.cancelled() {
			// The caller's CANCEL came first.
			s.end(ending{reason: wire.ReasonCallerGone, by: byCaller, status: 487})
			return
		}
	}
	for device, other := range s.ringing {
		if other == p {
			delete(s.ringing, device)
		}
	}
	s.callee = *p
	s.codec = codec
	s.talk()
	s.dropRinging(ending{reason: wire.ReasonElsewhere})
	switch {
	case s.caller.media != nil:
		s.caller.media.Open()
		s.callee.media.Open()
		s.begin(s.joinLegs)
	default: // a bot called
		s.callee.media.Open()
		s.begin(func() {
			if err := s.callee.media.Announce(); err != nil {
				s.x.log.Error("announcement", "error", err)
			}
		})
	}
}

// dropRinging ends the legs of all phones that still ring.
func (s *session) dropRinging(e ending) {
	s.cancelWeb()
	for _, p := range s.ringing {
		s.drop(p, e.reason)
	}
}

// drop ends one ringing leg.
func (s *session) drop(p *party, reason string) {
	for device, other := range s.ringing {
		if other == p {
			delete(s.ringing, device)
		}
	}
	s.leave(p, reason)
}
