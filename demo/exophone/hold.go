package exophone

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/demo/relay"
	"offhook/voice/wire"
)

// direction is what a phone does with its stream.
type direction struct{ sends, receives bool }

func directionOf(o *relay.Offer) direction { return direction{o.Sends, o.Receives} }

// other is the far side of the call.
func (s *session) other(p *party) *party {
	if p == &s.caller {
		return &s.callee
	}
	return &s.caller
}

// mirrorHold tells a phone that the far side holds or resumes, and after a transfer
// who the far side is (RFC 3325, 9.1), as far as it has not been told: by UPDATE
// (RFC 3311), if it takes that. A phone that is away is told when it comes back.
func (s *session) mirrorHold(p *party) {
	far := s.other(p)
	waits := s.handover != nil && p == &s.caller && (s.phase == routing || s.phase == calling)
	if !waits && (s.phase != talking || far.dialog == nil && s.conference == nil) || p.dialog == nil || p.media == nil || p.telling || !p.dialog.allows(sip.UPDATE) {
		return
	}
	want, who := direction{true, true}, p.knows // a conference goes on without a phone that holds
	if !waits && s.conference == nil {
		want = directionOf(far.offer)
		if far.holds && s.x.cfg.HoldMusic {
			want.sends = true // the music
		}
		if s.handover != nil || s.conferred {
			who = far.name
		}
	}
	if want == p.told && who == p.knows {
		return
	}
	offer := ""
	if want != p.told {
		var err error
		if offer, err = p.media.LaterOffer(want.sends, want.receives); err != nil {
			s.x.log.Error("offer of our own", "session", s.id, "error", err)
			return
		}
	}
	p.telling = true
	d, id := p.dialog, ""
	if who != p.knows {
		id = who
	}
	s.x.work.Go(func() {
		res, err := s.x.transact(d, s.x.update(d, s.id, offer, id))
		d.post(func(s *session) { s.mirrored(d, want, who, offer != "", res, err) })
	})
}

// update is an UPDATE with an offer, unless that is empty, and who is there now,
// unless that is empty. It may ask the directory.
func (x *Exchange) update(d *dialog, session, offer, who string) *sip.Request {
	identity := ""
	if who != "" {
		name := who
		ctx, cancel := context.WithTimeout(x.ctx, answerTime)
		defer cancel()
		if sub, err := x.lookup(ctx, who); err == nil && sub.DisplayName != "" {
			name = strings.NewReplacer(`\`, "", `"`, "", "\r", "", "\n", "").Replace(sub.DisplayName)
		}
		identity = `"` + name + `" <sip:` + who + "@" + strings.ToLower(x.cfg.Domain) + ">"
	}
	kind := ""
	if offer != "" {
		kind = typeSDP
	}
	update := d.request(sip.UPDATE, "Content-Type", kind, wire.HeaderCallSid, session, "P-Asserted-Identity", identity)
	update.SetBody([]byte(offer))
	return update
}

// followHold plays music to the far side of a phone that holds, and joins the two
// again once neither does.
func (s *session) followHold(p *party) {
	far := s.other(p)
	if s.conference != nil || !s.x.cfg.HoldMusic || s.phase != talking || p.media == nil || far.media == nil || p.holds == !p.offer.Receives {
		return
	}
	p.holds = !p.holds
	if !s.announcing() {
		s.connect()
	}
}

// connect lets caller and callee hear each other, or plays music to who is on hold. If
// both hold, the one that held first hears it.
func (s *session) connect() {
	var err error
	switch {
	case s.caller.media == nil || s.callee.media == nil:
	case s.caller.holds && s.callee.holds: // nothing changes for either
	case s.caller.holds:
		s.caller.media.Silent()
		err = s.callee.media.Music()
	case s.callee.holds:
		s.callee.media.Silent()
		err = s.caller.media.Music()
	default:
		relay.Join(s.caller.media, s.callee.media)
	}
	if err != nil {
		s.x.log.Error("music on hold", "session", s.id, "error", err)
	}
}

// mirrored takes the phone's answer.
func (s *session) mirrored(d *dialog, told direction, who string, offered bool, res *sip.Response, err error) {
	p := s.partyOf(d)
	if p == nil || s.phase == over {
		return
	}
	p.telling = false
	switch {
	case err != nil: // away, or deaf: it is told when it comes back
		return
	case res.StatusCode == 481 || res.StatusCode == 408:
		d.mu.Lock()
		d.bye = true // it knows the dialog no more
		d.mu.Unlock()
		if s.conference != nil {
			s.part(p, "")
			return
		}
		s.end(ending{reason: endHangup, by: s.side(p)})
		return
	case res.StatusCode == 491:
		// The phone offers something itself. Not the owner of the Call-ID, this
		// side waits up to 2 s (RFC 3261, 14.1).
		s.after("mirror "+p.name, time.Duration(rand.IntN(200))*10*time.Millisecond, func() {
			if p := s.partyOf(d); p != nil {
				s.mirrorHold(p)
			}
		})
		return
	case res.StatusCode == 200 && offered:
		if err := p.media.TakeAnswer(string(res.Body())); err != nil {
			s.x.log.Info("phone's answer", "session", s.id, "subscriber", p.name, "error", err)
		}
	case res.StatusCode != 200:
		s.x.log.Info("hold not mirrored", "session", s.id, "subscriber", p.name, "status", res.StatusCode)
	}
	p.told, p.knows = told, who
	s.mirrorHold(p) // what changed meanwhile
}

// allows reports whether the phone said that it takes method.
func (d *dialog) allows(method sip.RequestMethod) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, list := range d.allow {
		for m := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(m), string(method)) {
				return true
			}
		}
	}
	return false
}
