package exophone

import (
	"errors"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/demo/relay"
	"offhook/voice/wire"
)

// mediaCheck is how often a call is looked at for phones that have gone.
const mediaCheck = 5 * time.Second

// talk begins the conversation: both sides have accepted.
func (s *session) talk() {
	s.phase, s.established = talking, true
	if s.handover == nil {
		s.caller.told = direction{true, true}
	}
	s.callee.told = direction{true, true}
	s.stop("ring")
	if s.tell != nil {
		s.tell.end(wire.CallAnswered, "")
		s.tell = nil
	}
	s.note(func(r *Record) {
		if r.State, r.Codec = wire.CallAnswered, s.codec; r.Answered.IsZero() {
			r.Answered = s.x.cfg.Clock.Now()
		}
	})
	limit := s.plan.talk
	if limit <= 0 {
		limit = s.x.cfg.ConversationLimit
	}
	s.after("limit", limit, func() {
		s.end(ending{reason: wire.ReasonConversationLimit, by: byPlatform})
	})
	s.after("media", mediaCheck, s.checkMedia)
}

// checkMedia ends a call whose phone has vanished without a word. A phone that
// is on hold or silent still sends ICE checks.
func (s *session) checkMedia() {
	if s.phase != talking {
		return
	}
	for _, p := range s.present() {
		if p.media != nil && p.media.Idle() > s.x.cfg.MediaTimeout {
			s.x.log.Info("phone vanished", "session", s.id, "subscriber", p.name)
			if s.conference != nil {
				s.part(p, wire.ReasonMediaTimeout)
				break
			}
			s.end(ending{reason: wire.ReasonMediaTimeout, by: byPlatform})
			return
		}
	}
	s.after("media", mediaCheck, s.checkMedia)
}

// inDialog answers a request of a phone within its dialog.
func (s *session) inDialog(d *dialog, req *sip.Request) *sip.Response {
	p := s.partyOf(d)
	if p == nil || s.phase == over {
		return respond(req, 481)
	}
	switch req.Method {
	case sip.OPTIONS:
		return options(req)
	case sip.INFO:
		return s.info(p, req)
	case sip.UPDATE:
		if len(req.Body()) == 0 {
			return s.withContact(respond(req, 200))
		}
		return s.reoffer(p, req)
	case sip.INVITE:
		if p == &s.caller && s.phase != talking && !s.established {
			return respond(req, 491)
		}
		if len(req.Body()) == 0 {
			return s.offerInstead(p, req)
		}
		return s.reoffer(p, req)
	default:
		return respond(req, 405, "Allow", allowed)
	}
}

func (s *session) withContact(res *sip.Response) *sip.Response {
	res.AppendHeader(s.x.contact())
	res.AppendHeader(sip.NewHeader("Allow", allowed))
	return res
}

// reoffer answers a re-INVITE or UPDATE: hold, resume, ICE restart.
func (s *session) reoffer(p *party, req *sip.Request) *sip.Response {
	if contentType(req) != typeSDP {
		return respond(req, 415, "Accept", typeSDP)
	}
	if p.media == nil || p.telling {
		return respond(req, 491)
	}
	offer, err := relay.ParseOffer(string(req.Body()))
	if err != nil {
		return respond(req, 488)
	}
	answer, err := p.media.Reoffer(offer)
	switch {
	case errors.Is(err, relay.ErrUnacceptable):
		return respond(req, 488)
	case err != nil:
		s.x.log.Error("later offer", "session", s.id, "error", err)
		return respond(req, 500)
	}
	p.offer, p.answer = offer, answer
	s.followHold(p)
	s.updateRecording()
	s.mirrorHold(s.other(p))
	return s.withContact(withSDP(respond(req, 200, wire.HeaderCallSid, s.id), answer))
}

// offerInstead answers a re-INVITE without SDP with an offer (RFC 3261, 14.2);
// the phone's answer comes with its ACK.
func (s *session) offerInstead(p *party, req *sip.Request) *sip.Response {
	if p.media == nil || p.telling {
		return respond(req, 491)
	}
	want := direction{true, true}
	if far := s.other(p); far.offer != nil && s.conference == nil {
		want = directionOf(far.offer)
	}
	offer, err := p.media.LaterOffer(want.sends, want.receives)
	if err != nil {
		s.x.log.Error("offer of our own", "session", s.id, "error", err)
		return respond(req, 500)
	}
	p.told, p.awaiting = want, true
	return s.withContact(withSDP(respond(req, 200, wire.HeaderCallSid, s.id), offer))
}

// acknowledged takes the answer to offerInstead.
func (s *session) acknowledged(d *dialog, answer string) {
	p := s.partyOf(d)
	if p == nil || !p.awaiting || p.media == nil {
		return
	}
	p.awaiting = false
	said, err := relay.ParseOffer(answer)
	if err == nil {
		err = p.media.TakeAnswer(answer)
	}
	if err != nil {
		s.x.log.Info("phone's answer", "session", s.id, "subscriber", p.name, "error", err)
		return
	}
	p.offer = said
	s.followHold(p)
	s.updateRecording()
	s.mirrorHold(s.other(p))
}

// info takes the answer of a phone that rings, and digits of phones without
// telephone-event.
func (s *session) info(p *party, req *sip.Request) *sip.Response {
	switch contentType(req) {
	case wire.TypeAnswer:
		switch {
		case s.phase == talking && p == &s.callee:
			return respond(req, 200) // said again after a lost answer
		case s.phase != calling || p == &s.caller:
			return respond(req, 481)
		}
		s.answer(p)
		if s.phase != talking {
			return respond(req, 487)
		}
		return respond(req, 200, wire.HeaderCallSid, s.id)
	case typeDTMFRelay:
		if s.phase == talking {
			s.passDigit(p, req)
		}
		return respond(req, 200)
	default:
		return respond(req, 415, "Accept", strings.Join([]string{wire.TypeAnswer, typeDTMFRelay}, ", "))
	}
}

// passDigit hands an INFO with a digit to the other side; the echo says it back.
func (s *session) passDigit(from *party, req *sip.Request) {
	if len(req.Body()) > 256 {
		return
	}
	for _, to := range s.present() {
		switch {
		case to == from:
			continue
		case to.bot == "echo":
			to = from
		case to.dialog == nil:
			continue
		}
		info := to.dialog.request(sip.INFO, "Content-Type", typeDTMFRelay)
		info.SetBody(req.Body())
		s.x.work.Go(func() { _, _ = s.x.transact(to.dialog, info) })
	}
}
