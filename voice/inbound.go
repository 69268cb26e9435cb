package voice

import (
	"errors"
	"slices"
	"time"

	"offhook/internal/crash"
	"offhook/voice/display"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/line/subscriber"
	"offhook/voice/media"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// incomingInvite is an INVITE to a SIP account.
type incomingInvite struct {
	sip.Incoming
	dialog line.Dialog
	// takesOver says that the call takes the place of one that was answered, and
	// so is answered at once.
	takesOver bool
	// waited says that a call that was ending has been waited for.
	waited bool
}

// The statuses with which a call is not taken: the reference's web client says
// 486 when it is busy and when the user declines (section 7).
const (
	statusBusy             = 486
	statusUnavailable      = 480
	statusNotAccepted      = 488
	statusUnsupportedMedia = 415
	statusNotAcceptable    = 606
	statusServerError      = 500
	statusGone             = 481
	statusTerminated       = 487
	statusPending          = 491
)

// onInvite takes an INVITE in, on a goroutine of the signalling.
func (c *Client) onInvite(l *sipaccount.Line, in incomingInvite) {
	if l.Account.IncomingMedia(in.Offer) == "" {
		// It could not be answered: nobody here has missed it.
		c.refuseInvite(l, in, statusNotAccepted)
		return
	}
	remote, name := l.Caller(in.Incoming)
	c.mu.Lock()
	var refusal MissedReason
	closed := false
	switch {
	case in.Replaces != nil:
		calls := slices.Clone(c.calls)
		c.mu.Unlock()
		c.replace(l, in, calls)
		return
	case c.closed || c.lineOf(l.Account.ID) != l:
		closed = true
	case c.onAnotherPhone:
		refusal = MissedOnAnotherPhone
	case c.occupied(l) && !in.waited:
		closing := c.closing
		c.mu.Unlock()
		in.waited = true
		crash.Go(func() {
			c.awaitEnding(closing)
			c.onInvite(l, in)
		})
		return
	case c.occupied(l):
		refusal = MissedBusy
	case c.declining && !in.takesOver:
		refusal = MissedDeclined
	}
	if refusal == "" && !closed {
		call := c.newCall(l, CallDetails{
			Direction: Incoming, RemoteID: remote, RemoteDisplayName: name, SessionID: sessionOf(in.Headers),
			Diverted: l.Diverted(in.Incoming), AutoAnswer: in.AutoAnswer && l.Account.AutoAnswer, AnswerAfter: in.AnswerAfter,
		})
		call.inbound = &inboundInvite{incomingInvite: in, line: l}
		call.queue.Post(call.ring)
		if in.takesOver {
			call.queue.Post(func() { _ = call.answer() })
		}
		c.mu.Unlock()
		return
	}
	shared := c.shared
	c.mu.Unlock()

	if closed {
		c.refuseInvite(l, in, statusUnavailable)
		return
	}
	c.refuseInvite(l, in, statusBusy)
	if shared != nil && refusal == MissedBusy {
		shared.callWaiting()
	}
	c.events.Publish(MissedCall{
		Line: l.Account.ID, RemoteID: remote, RemoteDisplayName: name, SessionID: sessionOf(in.Headers),
		Time: c.clock.Now(), Reason: refusal,
	})
}

// refuseInvite answers an INVITE that begins no call.
func (c *Client) refuseInvite(l *sipaccount.Line, in incomingInvite, status int) {
	c.log.Info("call refused", "line", l.Account.ID, "status", status)
	// The dialog's last event needs no reader: there is room for it.
	if err := in.dialog.Refuse(status); err != nil {
		c.log.Debug("refusal not sent", "error", err)
	}
}

// endingTime is how long an INVITE waits for the call before it to end: that has
// nothing to wait for but devices.
const endingTime = 3 * time.Second

// isEnding reports whether the call is over for its far side, or ends here.
func (c *Call) isEnding() bool {
	if c.details.State == StateEnding || c.details.State == StateEnded {
		return true
	}
	if c.leg == nil {
		return false
	}
	select {
	case <-c.leg.dialog.Done():
		return true
	default:
		return false
	}
}

// replace gives the place of the call whose dialog an INVITE names to that INVITE
// (RFC 3891); calls are those that it may be.
func (c *Client) replace(l *sipaccount.Line, in incomingInvite, calls []*Call) {
	for i, call := range calls {
		if call.line != line.Line(l) || call.Details().ConsultsFor != "" {
			continue
		}
		if call.queue.Post(func() { call.replacedBy(l, in, func() { c.replace(l, in, calls[i+1:]) }) }) {
			return
		}
	}
	_ = in.dialog.Refuse(statusGone)
}

// onIdentified shows who is at the other end now: a server has joined somebody else
// to the call, or says who has answered.
func (c *Call) onIdentified(l *leg, ev sip.Identified) {
	if l != c.leg {
		return
	}
	line, ok := c.line.(*sipaccount.Line)
	if !ok {
		if sub, ok := c.line.(*subscriber.Session); ok && sub.Offers(wire.AbilityTransfer) {
			c.details.RemoteID, c.details.RemoteDisplayName = sub.Identified(ev)
			c.changed()
		}
		return
	}
	who := sip.Incoming{Private: ev.Private, Caller: ev.URI, CallerName: ev.Name}
	c.details.RemoteID, c.details.RemoteDisplayName = line.Caller(who)
	c.changed()
}

// sessionOf is what a server calls the leg: the reference's names for it, or the
// platform's (section 7).
func sessionOf(headers []sip.Header) string {
	for _, name := range []string{wire.HeaderCallSid, "X-Exotel-Callsid", "LegSid", "Call-ID"} {
		if sid := sip.HeaderOf(headers, name); sid != "" && display.Showable(sid, 128) {
			return sid
		}
	}
	return ""
}

// inboundInvite is the inbound side of a call by an INVITE: the phone rings with 180 and
// answers with 200.
type inboundInvite struct {
	incomingInvite
	line *sipaccount.Line
	// accepting says that the answer was begun.
	accepting bool
}

// ring makes the media ready and tells the caller that the phone rings.
func (a *inboundInvite) ring(c *Call) {
	l := newLeg(a.dialog, false)
	l.inbound = true
	c.adopt(l)
	ctx := c.ctx
	c.task(func() func() {
		err := a.dialog.Ring(180, "")
		var session media.Session
		if err == nil {
			session, err = a.line.NewMedia(ctx, a.Offer)
		}
		return func() { a.rings(c, session, err) }
	})
}

func (a *inboundInvite) rings(c *Call, session media.Session, err error) {
	if session != nil {
		c.takeMedia(session)
	}
	state := c.details.State
	if state != StateIncoming && state != StateAnswering {
		return
	}
	if err != nil {
		// A caller who is gone says so by itself.
		if !errors.Is(err, sip.ErrDialogEnded) {
			c.log.Warn("call can't be taken", "error", err)
			c.leg.refusal = statusServerError
			c.endRemotely(EndFailure, statusServerError)
		}
		return
	}
	c.sound.openPlayout(c)
	if state == StateAnswering {
		a.answer(c)
	}
}

// answer accepts the INVITE, as soon as its media is there.
func (a *inboundInvite) answer(c *Call) {
	if c.media == nil || a.accepting {
		return // rings goes on
	}
	a.accepting = true
	c.confirming = true
	c.openMedia()
	ctx, session := c.ctx, c.media
	c.task(func() func() {
		var body string
		var err error
		if a.Offer != "" {
			body, err = session.Answer(ctx, a.Offer)
		} else {
			body, err = session.Offer(ctx, false)
		}
		if err != nil {
			return func() { a.unanswerable(c, err) }
		}
		if err := a.dialog.Accept(body); err != nil && !errors.Is(err, sip.ErrDialogEnded) {
			return func() { a.unanswerable(c, err) }
		}
		return nil
	})
}

// unanswerable ends a call whose answer can't be made.
func (a *inboundInvite) unanswerable(c *Call, err error) {
	c.log.Warn("call can't be answered", "error", err)
	c.confirming = false
	if c.details.State == StateAnswering {
		c.leg.refusal = statusNotAccepted
		c.endRemotely(EndFailure, statusNotAccepted)
	}
}

// up is the ACK, with the answer if the INVITE had no offer.
func (a *inboundInvite) up(c *Call, l *leg, body string) {
	c.confirming = false
	if c.details.State != StateAnswering {
		return
	}
	if a.Offer == "" {
		if err := c.media.SetAnswer(body); err != nil {
			c.log.Warn("answer not understood", "error", err)
			c.hangUp(EndFailure)
			return
		}
	}
	c.established()
	c.endAfterAnswer()
}

// again can't be: the leg is the caller's.
func (a *inboundInvite) again(*Call) {}

// refused is the caller giving up, or the loss of the connection.
func (a *inboundInvite) refused(c *Call, ev sip.Failed) {
	reason := EndRemoteHangup
	if ev.Status == 0 {
		reason = EndUnreachable
	}
	c.details.Elsewhere = ev.ByRemote && sip.AnsweredElsewhere(ev.Headers)
	c.endRemotely(reason, ev.Status)
}

// decline chooses the status with which the leg is hung up.
func (a *inboundInvite) decline(c *Call, reason EndReason) bool {
	c.leg.refusal = statusUnavailable
	if reason == EndLocalHangup || reason == EndPSTNHangup {
		c.leg.refusal = statusBusy
	}
	return false
}
