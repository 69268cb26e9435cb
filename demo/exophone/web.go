package exophone

import (
	"context"
	"offhook/voice/wire"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"
)

// outgoing is an INVITE of ours to a web client that has registered.
type outgoing struct {
	party
	invite      *sip.Request
	provisional bool // it has answered something: only now may it be cancelled
	cancelled   bool
}

// newOutgoing makes the dialog of an INVITE of ours. It is no dialog until the
// web client's tag is known.
func (x *Exchange) newOutgoing(s *session, subscriber string, b binding, number, display string) *dialog {
	d := &dialog{
		x: x, subscriber: subscriber, device: "web " + b.contact.String(),
		id:     dialogID{callID: uuid.NewString(), local: x.newTag()},
		source: b.source, target: b.contact, finished: make(chan struct{}), rebound: make(chan struct{}, 1),
	}
	d.us = sip.FromHeader{DisplayName: display, Address: sip.Uri{Scheme: "sip", User: number, Host: x.cfg.Domain}, Params: sip.NewParams()}
	d.us.Params.Add("tag", d.id.local)
	d.them = sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: subscriber, Host: x.cfg.Domain}, Params: sip.NewParams()}
	d.owner.Store(s)
	d.finish()
	return d
}

// ringWeb calls the web clients of a subscriber, beside the phones that are
// told by push.
func (s *session) ringWeb(name, number string) {
	for _, b := range s.x.registrar.of(name, s.x.cfg.Clock.Now()) {
		leg, err := s.x.cfg.Relay.NewProposal(s.caller.offer, nil)
		if err != nil {
			s.x.log.Error("web client's media", "session", s.id, "error", err)
			return
		}
		offer, err := leg.Propose(s.codec)
		if err != nil {
			s.x.log.Error("web client's media", "session", s.id, "error", err)
			s.x.byes.Go(leg.Close)
			return
		}
		d := s.x.newOutgoing(s, name, b, number, s.caller.display)
		o := &outgoing{party: party{name: name, dialog: d, media: leg, knows: s.caller.name}}
		o.invite = d.request(sip.INVITE, "Content-Type", typeSDP, wire.HeaderCallSid, s.id, "Allow", allowed)
		o.invite.SetBody([]byte(offer))
		s.web = append(s.web, o)
		s.x.work.Go(func() { s.x.callWeb(s, o) })
	}
}

// callWeb runs the INVITE on a goroutine of its own.
func (x *Exchange) callWeb(s *session, o *outgoing) {
	gone := func() { s.post(func() { s.webOver(o) }) }
	if !x.conns.alive(o.invite.Destination()) {
		gone()
		return
	}
	ctx, cancel := context.WithCancel(x.ctx)
	defer cancel()
	tx, err := x.client.TransactionRequest(ctx, o.invite)
	if err != nil {
		gone()
		return
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if res.IsSuccess() {
				x.acknowledge(o, res)
			}
			if !s.post(func() { s.webAnswered(o, res) }) && res.IsSuccess() {
				x.sayBye(o.dialog, wire.ReasonCallerGone)
			}
			if !res.IsProvisional() {
				return
			}
		case <-tx.Done():
			gone()
			return
		case <-ctx.Done():
			return
		}
	}
}

// acknowledge completes the dialog with what the 2xx says, and sends the ACK.
func (x *Exchange) acknowledge(o *outgoing, res *sip.Response) {
	d := o.dialog
	d.mu.Lock()
	if tag, ok := res.To().Params.Get("tag"); ok {
		d.id.remote = tag
		d.them.Params.Add("tag", tag)
	}
	if c := res.Contact(); c != nil && !c.Address.Wildcard {
		d.target = *c.Address.Clone()
	}
	d.allow = nil
	for _, h := range res.GetHeaders("Allow") {
		d.allow = append(d.allow, h.Value())
	}
	d.mu.Unlock()
	x.addDialog(d)
	ack := d.request(sip.ACK)
	d.mu.Lock()
	d.cseq-- // an ACK has its INVITE's number (RFC 3261, 13.2.2.4)
	ack.CSeq().SeqNo = d.cseq
	d.mu.Unlock()
	_ = x.client.WriteRequest(ack)
}

// webAnswered takes a response of a web client.
func (s *session) webAnswered(o *outgoing, res *sip.Response) {
	o.provisional = true
	status := res.StatusCode
	waiting := s.phase == calling && s.isPending(o)
	switch {
	case status < 200:
		if o.cancelled {
			s.sendCancel(o)
		} else if status == 180 && waiting {
			s.webRings()
		}
	case status < 300:
		if !waiting || o.cancelled {
			s.leave(&o.party, wire.ReasonElsewhere)
			return
		}
		s.forgetWeb(o)
		if err := o.media.Accept(string(res.Body())); err != nil {
			s.x.log.Info("web client's answer", "session", s.id, "error", err)
			s.leave(&o.party, "")
			s.attemptOver(ending{status: 488, by: byPlatform})
			return
		}
		o.offer = o.media.Offer()
		p := o.party
		s.ringing[p.dialog.device] = &p
		s.answer(&p)
	default:
		s.webOver(o)
		if !waiting {
			return
		}
		switch status {
		case 486, 600:
			s.attemptOver(ending{status: 486, reason: wire.ReasonBusy, by: byCallee})
		case 480, 603:
			s.attemptOver(ending{status: 486, reason: wire.ReasonDeclined, by: byCallee})
		}
	}
}

// webRings tells the caller; which codec the web client takes is not known yet,
// so that there may be no SDP.
func (s *session) webRings() {
	if s.record.Ringing.IsZero() {
		s.note(func(r *Record) { r.Ringing = s.x.cfg.Clock.Now() })
	}
	if s.caller.dialog != nil && !s.established {
		_ = s.caller.dialog.respond(180, s.caller.answer, wire.HeaderCallSid, s.id)
	}
}

func (s *session) isPending(o *outgoing) bool {
	for _, other := range s.web {
		if other == o {
			return true
		}
	}
	return false
}

func (s *session) forgetWeb(o *outgoing) {
	for i, other := range s.web {
		if other == o {
			s.web = append(s.web[:i:i], s.web[i+1:]...)
			return
		}
	}
}

// webOver ends an INVITE that was not accepted.
func (s *session) webOver(o *outgoing) {
	s.forgetWeb(o)
	s.closeMedia(&o.party)
}

// cancelWeb stops all web clients that still ring.
func (s *session) cancelWeb() {
	pending := s.web
	s.web = nil
	for _, o := range pending {
		o.cancelled = true
		s.closeMedia(&o.party)
		if o.provisional {
			s.sendCancel(o)
		}
	}
}

// sendCancel gives an INVITE of ours up (RFC 3261, 9.1).
func (s *session) sendCancel(o *outgoing) {
	c := sip.NewRequest(sip.CANCEL, *o.invite.Recipient.Clone())
	for _, name := range []string{"Via", "From", "To", "Call-ID", "Max-Forwards"} {
		sip.CopyHeaders(name, o.invite, c)
	}
	c.AppendHeader(&sip.CSeqHeader{SeqNo: o.invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	c.SetBody(nil)
	c.SetTransport("WS")
	c.SetDestination(o.invite.Destination())
	asItIs := func(*sipgo.Client, *sip.Request) error { return nil }
	s.x.byes.Go(func() { _, _ = s.x.transact(o.dialog, c, asItIs) })
}
