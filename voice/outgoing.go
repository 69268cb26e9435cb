package voice

import (
	"context"
	"strings"

	"offhook/internal/crash"
	"offhook/voice/dialplan"
	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/media"
	"offhook/voice/setup"
	"offhook/voice/sip"
)

// DialOption says more of a call than what is dialled.
type DialOption func(*CallDetails)

// ShownAs sets the callee that CallDetails.RemoteID shows; the
// exophone is never shown.
func ShownAs(remoteID string) DialOption {
	return func(d *CallDetails) { d.RemoteID = remoteID }
}

// WithContextMessage sets the free text that the application posted as the
// call's context. It is kept in the details and sent nowhere.
func WithContextMessage(text string) DialOption {
	return func(d *CallDetails) { d.ContextMessage = text }
}

// SendingAfterAnswer has digits sent once the call is established for the first
// time: 0-9 * # A-D, and a comma for a pause of 2 s. Others are left out.
func SendingAfterAnswer(digits string) DialOption {
	return func(d *CallDetails) {
		if validDigits(digits) {
			d.AfterAnswer = digits
		}
	}
}

// Anonymously asks the server of a SIP account to keep the caller's name and
// number from the callee (RFC 3323).
func Anonymously() DialOption {
	return func(d *CallDetails) { d.Anonymous = true }
}

// TakingUp takes a call that rings at a watched extension of a SIP account, instead of
// its callee: replaces is what LineStatus.Extensions has of it (RFC 3891).
func TakingUp(replaces string) DialOption {
	return func(d *CallDetails) { d.Replaces = replaces }
}

// InAnEmergency places the call although there are as many calls as the client holds,
// the user is on another phone, or the server refuses the SIP account: a server may
// still take such a call.
func InAnEmergency() DialOption {
	return func(d *CallDetails) { d.Emergency = true }
}

// OnLine says over which SIP account to call, by its SIPAccount.ID. Without it
// the subscriber line is used or, if the client is not initialised, the first
// account that is registered.
func OnLine(id string) DialOption {
	return func(d *CallDetails) { d.Line = id }
}

// Dial places a call. On the subscriber line target is the exophone, a number or
// name with or without sip: before it; the platform asks the application
// backend which phone to connect. message goes with it and may be empty: see
// MessageAllowed. On a SIP account target is whatever its server may
// understand: a number, a name, user@host or a sip: URI; a PBX has no use for
// message. Dial returns as soon as the call exists; ctx bounds nothing beyond
// that.
//
// The errors are SDK_UNINITIALIZED, SYSTEM_BUSY, PSTN_CALL_INPROGRESS,
// INVALID_DIAL_INFO for a target that cannot be, INVALID_PARAMETER for a
// message that may not be sent or a line that is not there, and the reason why
// the line can't carry a call.
func (c *Client) Dial(ctx context.Context, target, message string, options ...DialOption) (*Call, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.From(err)
	}
	details := CallDetails{Direction: Outgoing}
	for _, o := range options {
		o(&details)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	t, err := c.lineFor(details.Line)
	if err != nil {
		return nil, err
	}
	inv, shown, err := t.Invitation(target, message)
	switch {
	case err != nil:
		return nil, err
	case c.occupied(t) && !details.Emergency:
		return nil, busyFault()
	case c.onAnotherPhone && !details.Emergency:
		return nil, fault.New(fault.PSTNCallInProgress, "call.on-another-phone")
	}
	if err := t.Usable(); err != nil && !details.Emergency {
		return nil, err
	}
	if details.RemoteID == "" {
		details.RemoteID = shown
	}
	details.RemoteID = strings.TrimPrefix(details.RemoteID, "sip:")
	call := c.newCall(t, details)
	if l, ok := t.(*sipaccount.Line); ok {
		inv.Anonymous = (details.Anonymous || l.Account.Anonymous) && !details.Emergency
		call.details.Anonymous = inv.Anonymous
		if details.Replaces != "" {
			inv.Headers = append(inv.Headers, sip.Header{Name: "Require", Value: "replaces"}, sip.Header{Name: "Replaces", Value: details.Replaces})
		}
	}
	call.invitation = inv
	call.queue.Post(call.begin)
	return call, nil
}

// begin starts an outgoing call.
func (c *Call) begin() {
	c.takeSound()
	c.move(StateOutgoingInitiated)
	c.client.events.Publish(CallInitiated{Call: c.details})
	c.timers.set(timerConnection, c.limits.Connection, func() { c.expire(limitNoProgress) })
	c.invite(c.invitation, false)
}

// invite makes the offer and gets the flow, both at once, and sends the INVITE.
func (c *Call) invite(inv sip.Invitation, later bool) {
	c.inviting = true
	session, ctx := c.media, c.ctx
	newMedia := func(ctx context.Context) (media.Session, error) { return c.line.NewMedia(ctx, "") }
	if l, ok := c.line.(*sipaccount.Line); ok && c.plain {
		newMedia = func(ctx context.Context) (media.Session, error) { return l.MediaOf(ctx, line.MediaRTP) }
	}
	c.task(func() func() {
		type flowResult struct {
			flow line.Flow
			err  error
		}
		flows := make(chan flowResult, 1)
		go func() {
			defer crash.Guard()
			f, err := c.line.Flow(ctx)
			flows <- flowResult{f, err}
		}()
		var err error
		made := session == nil
		if made {
			session, err = newMedia(ctx)
		}
		if err == nil {
			inv.Offer, err = session.Offer(ctx, false)
			c.setup.Mark(setup.Offered)
		}
		got := <-flows
		if err == nil && got.err != nil {
			err = unreachable{got.err}
		}
		var d line.Dialog
		if err == nil {
			d, err = got.flow.Invite(ctx, inv)
			if err != nil {
				err = unreachable{err}
			}
			c.setup.Mark(setup.Invited)
		}
		return func() { c.inviteSent(session, made, d, later, err) }
	})
}

// unreachable is an error that came before the INVITE was sent.
type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }

func (c *Call) inviteSent(session media.Session, made bool, d line.Dialog, later bool, err error) {
	c.inviting = false
	if c.placed != nil {
		if err != nil {
			c.placed <- fault.Wrap(err, fault.NetworkError, "consultation.not-called")
		} else {
			c.placed <- nil
		}
		c.placed = nil
	}
	if made && session != nil {
		c.takeMedia(session)
	}
	if d != nil {
		l := newLeg(d, later)
		c.adopt(l)
		if !c.details.State.Active() || c.details.State == StateEnding {
			// The user was faster. The end has been or will be reported.
			c.sayBye(l)
			return
		}
	}
	if c.details.State == StateEnding || c.details.State == StateEnded {
		c.end()
		return
	}
	if err != nil {
		c.log.Warn("invitation failed", "error", err)
		c.onInviteError(err)
		return
	}
	if c.details.State == StateOutgoingInitiated || c.details.State == StateIncoming {
		c.sound.openPlayout(c)
	}
}

// takeMedia makes session the call's; if the call is over it is closed at once.
func (c *Call) takeMedia(session media.Session) {
	if c.details.State == StateEnded {
		c.task(func() func() { _ = session.Close(); return nil })
		return
	}
	c.media = session
	c.live.Store(&session)
	c.sound.hasMedia()
	follow(c, session.Events(), func(ev media.Event) {
		if c.media == session { // else it was replaced
			c.onMedia(ev)
		}
	})
}

// onInviteError ends an outgoing call that could not be placed. An incoming one
// only ends if it was being answered.
func (c *Call) onInviteError(err error) {
	reason := EndFailure
	if _, ok := err.(unreachable); ok {
		reason = EndUnreachable
	}
	if c.details.Direction == Outgoing || c.details.State == StateAnswering {
		c.endRemotely(reason, 0)
	}
}

// onProvisional is the progress of an outgoing call. RINGING and EARLY come in
// any order; local ringback plays while RINGING came first and nothing is heard
// (reference, section 2.1).
func (c *Call) onProvisional(l *leg, ev sip.Provisional) {
	switch c.details.State {
	case StateOutgoingInitiated, StateRinging, StateEarly:
	default:
		return
	}
	c.timers.clear(timerConnection)
	c.timers.set(timerRing, c.limits.Ring+ringGrace, func() { c.expire(limitRinging) })
	if ev.Body != "" {
		if err := c.media.SetAnswer(ev.Body); err != nil {
			c.log.Warn("early answer not understood", "error", err)
		} else {
			l.described = true
			// Nothing but early media comes before the answer: the platform's
			// gate sees to that.
			c.media.OpenReceive()
		}
	}
	switch {
	case ev.Status == 180:
		c.tellReferral(ev.Status)
		c.setup.Mark(setup.Ringing)
		if c.details.Ringing.IsZero() {
			c.details.Ringing = c.client.clock.Now()
		}
		early := c.details.State == StateEarly
		if c.move(StateRinging) {
			c.client.events.Publish(CallRinging{Call: c.details})
		}
		if !early && !c.supervision.heard {
			c.sound.startRingback(c)
		}
	case ev.Status == 183 && ev.Body != "":
		c.sound.stopRingback(c)
		if c.move(StateEarly) {
			c.changed()
		}
	}
}

// onRedirected is the server sending the call elsewhere.
func (c *Call) onRedirected(ev sip.Redirected) {
	c.log.Info("call redirected", "status", ev.Status)
	if c.details.Direction == Outgoing && c.details.State.Active() && display.Showable(ev.Target, 256) {
		c.details.RedirectedTo = dialplan.Line{SIP: true}.Caller(ev.Target).Shown
		c.changed()
	}
}

// accepted is the far side's answer to an outgoing call.
func (c *Call) accepted(l *leg, body string) {
	c.setup.Mark(setup.Answered)
	c.details.Answered = c.client.clock.Now()
	c.tellReferral(200)
	c.sound.stopRingback(c)
	if body != "" || !l.described {
		// Without any answer nothing was agreed: the call is ended (RFC 3261, 13.2.1).
		if err := c.media.SetAnswer(body); err != nil {
			c.log.Warn("answer not understood", "error", err)
			c.hangUp(EndFailure)
			return
		}
	}
	c.openMedia()
	c.established()
}

// openMedia opens both directions.
func (c *Call) openMedia() {
	if c.supervision.heard {
		c.setup.Mark(setup.FirstSound)
	}
	if c.details.Muted {
		c.media.SetMuted(true)
	}
	c.media.OpenReceive()
	c.media.OpenSend()
	c.sound.openPlayout(c) // it is open, but for a call that was answered at once
	c.sound.openCapture(c)
}

// sendAfterAnswer sends the digits that were dialled for after the answer, such as
// an extension.
func (c *Call) sendAfterAnswer() {
	if c.details.AfterAnswer == "" {
		return
	}
	if err := c.sendDTMF(c.details.AfterAnswer); err != nil {
		c.log.Warn("the digits for after the answer were not sent", "err", err)
	}
}

// established enters or enters again the conversation.
func (c *Call) established() {
	c.timers.clear(timerConnection)
	c.timers.clear(timerRing)
	c.setup.Mark(setup.Established)
	if c.details.Established.IsZero() {
		c.details.Established = c.client.clock.Now()
		c.supervision.begin(c.client.clock.Now())
		c.timers.set(timerQuality, qualityEvery, c.reportQuality)
		c.considerRecording()
		defer c.sendAfterAnswer()
	}
	if c.move(StateEstablished) {
		c.client.events.Publish(CallEstablished{Call: c.details})
	}
	// The user may have turned to another call while this one rang.
	c.standAside()
	c.watchSoon()
}
