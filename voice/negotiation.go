package voice

import (
	"context"
	"errors"
	"time"

	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// negotiation is what both sides negotiate during a conversation: hold and a new media
// path. One re-INVITE is under way at a time; what is wanted meanwhile goes
// into the next.
type negotiation struct {
	// offering says that a re-INVITE is under way.
	offering bool
	// hold is what the user wants, agreed what the far side was last told.
	hold, agreed bool
	// restart asks for new ICE credentials, rebind only for another flow.
	restart, rebind bool
	// awaiting says that the answer to an offer of ours is to come in an ACK.
	awaiting bool
	// withdraw takes back the re-INVITE that is under way, nil while none is, and
	// theirs answers the far side's, which waits for that.
	withdraw context.CancelCauseFunc
	theirs   func()
	// waiters are the Hold and Resume calls that wait for the far side.
	waiters []chan<- error
}

// offerTimeout bounds one re-INVITE; after that the flow counts as lost.
const offerTimeout = 8 * time.Second

// errNoAnswer says that the far side took an offer and described nothing: the media
// stay as they are.
var errNoAnswer = errors.New("voice: the answer describes nothing")

// errYielded ends a re-INVITE of ours because the far side's goes first.
var errYielded = errors.New("voice: the far side offers first")

func (t *negotiation) giveUp(err error) {
	for _, w := range t.waiters {
		w <- err
	}
	t.waiters = nil
}

// setHold wants hold or its end; result gets one error, or nil, when the far
// side has agreed.
func (c *Call) setHold(on bool, result chan<- error) {
	if !c.details.State.Answered() {
		result <- notEstablished()
		return
	}
	if !on && c.consultationBusy() {
		result <- fault.New(fault.SystemBusy, "consultation.busy")
		return
	}
	if !on && c.following != nil {
		result <- fault.New(fault.SystemBusy, "transfer.under-way")
		return
	}
	if !on && c.consulting == nil && c.details.Consultation.Target != "" {
		c.details.Consultation = Consultation{} // one that came to nothing: the talk goes on
		c.changed()
	}
	if !on {
		c.resumeConference()
	}
	if !on && !c.details.HasSound {
		c.takeSound()
		c.changed()
	}
	if c.negotiation.hold == on && c.negotiation.agreed == on && !c.negotiation.offering {
		result <- nil
		return
	}
	c.negotiation.hold = on
	c.negotiation.waiters = append(c.negotiation.waiters, result)
	// What the user hears and sends stops now, not when the far side agrees.
	c.media.Hold(on)
	c.noteHold(on)
	c.changed()
	c.negotiate()
}

// noteHold notes that the far side is on hold, and since when.
func (c *Call) noteHold(on bool) {
	d := &c.details
	switch {
	case !on:
		d.HeldSince = time.Time{}
	case !d.Held:
		d.HeldSince = c.client.clock.Now()
	}
	d.Held = on
}

// negotiate sends a re-INVITE if there is something to agree on.
func (c *Call) negotiate() {
	t := &c.negotiation
	if t.offering || !c.details.State.Answered() || c.leg == nil || c.leg.ended {
		return
	}
	if t.hold == t.agreed && !t.restart && !t.rebind {
		t.giveUp(nil)
		return
	}
	t.offering = true
	c.timers.clear(timerOffer)
	round := offerRound{leg: c.leg, hold: t.hold, same: t.hold == t.agreed, restart: t.restart, lost: c.leg.flowLost}
	t.restart, t.rebind = false, false
	if round.restart && c.move(StateRenewingMedia) {
		c.client.events.Publish(RenewingMedia{Call: c.details})
	}
	turn, session := c.ctx, c.media
	turn, t.withdraw = context.WithCancelCause(turn)
	withdraw := t.withdraw
	c.task(func() func() {
		round.err = func() error {
			if round.lost {
				if err := c.rebind(turn, round.leg); err != nil {
					return err
				}
			}
			ctx, cancel := context.WithTimeout(turn, offerTimeout)
			defer cancel()
			if !round.restart && round.same {
				// Only the way has changed, not the media.
				return round.leg.dialog.Refresh(ctx)
			}
			if round.restart {
				c.queue.Post(func() { c.supervision.left = c.client.clock.Now() })
			}
			var err error
			round.answered, err = reoffer(ctx, session, round.leg, round.restart)
			return err
		}()
		withdraw(nil)
		return func() { c.negotiated(round) }
	})
}

// reoffer offers what a session is now in a re-INVITE, and takes the answer in.
// answered says that there was one, whatever came of it.
func reoffer(ctx context.Context, session media.Session, to *leg, restart bool) (answered bool, err error) {
	offer, err := session.Offer(ctx, restart)
	if err != nil {
		return false, err
	}
	answer, err := to.dialog.Reinvite(ctx, offer)
	if err != nil {
		return false, err
	}
	if answer == "" {
		return true, errNoAnswer
	}
	return true, session.SetAnswer(answer)
}

// offerRound is one re-INVITE.
type offerRound struct {
	leg                 *leg
	hold, restart, lost bool
	// same says that hold is what was agreed already.
	same bool
	// answered says that the far side took the offer, whatever came of it.
	answered bool
	err      error
}

func (c *Call) negotiated(r offerRound) {
	t := &c.negotiation
	theirs, then := t.theirs, c.negotiate
	if theirs != nil {
		then = theirs
	}
	t.offering, t.withdraw, t.theirs = false, nil, nil
	if !c.details.State.Answered() || r.leg != c.leg || r.leg.ended {
		t.giveUp(noCall())
		then()
		return
	}
	if errors.Is(r.err, errNoAnswer) && !r.restart {
		c.log.Warn("offer taken without an answer")
		r.err = nil
	}
	if r.err == nil {
		if r.lost {
			r.leg.flowLost = false
		}
		t.agreed = r.hold
		if r.restart {
			c.renewed()
		}
		c.watchSoon()
		then()
		return
	}
	if theirs != nil && !r.answered {
		// Ours made way, and follows.
		t.restart, t.rebind = t.restart || r.restart, t.rebind || r.lost
		then()
		return
	}
	status := sipStatus(r.err)
	c.log.Warn("offer failed", "error", r.err, "status", status, "restart", r.restart)
	t.restart = t.restart || r.restart
	switch {
	case status == 481, status == 408, errors.Is(r.err, sip.ErrDialogEnded):
		// The far side has forgotten the call: Ended is on its way.
	case status >= 400 && status < 500 && status != statusPending && r.hold && !t.agreed && !r.restart && !c.sound.serves(c):
		// The user talks to somebody else: the far side waits without having agreed, and
		// no voice goes on air unasked when the other call ends.
		t.agreed = true
		t.giveUp(nil)
	case status >= 400 && status < 500 && status != statusPending && r.hold != t.agreed && !r.restart:
		// The far side does not want to be held.
		t.hold = t.agreed
		c.media.Hold(t.hold)
		c.noteHold(t.hold)
		c.changed()
		t.giveUp(fault.Wrap(r.err, fault.ServerError, "call.not-agreed"))
	default:
		if status == 0 && !r.answered {
			r.leg.flowLost = true
		}
		c.renewalFailed(r)
	}
	if theirs != nil {
		theirs()
	}
}

// onReoffered answers the far side's re-INVITE.
func (c *Call) onReoffered(l *leg, ev sip.Reoffered) {
	if c.details.State == StateEnding || c.details.State == StateEnded || l != c.leg || c.media == nil {
		c.task(func() func() { _ = ev.Reply(481, ""); return nil })
		return
	}
	if t := &c.negotiation; t.offering {
		// It has not met ours on the wire, or the dialog had refused it: ours is not
		// sent yet, waits to be sent again, or was just answered. Two
		// sides that both wait and both refuse would never agree.
		if t.withdraw == nil || t.theirs != nil {
			c.task(func() func() { _ = ev.Reply(statusPending, ""); return nil })
			return
		}
		t.theirs = func() { c.onReoffered(l, ev) }
		t.withdraw(errYielded)
		return
	}
	session, ctx := c.media, c.ctx
	// Nothing is offered until this is answered.
	c.negotiation.offering = true
	c.task(func() func() {
		err := func() error {
			if ev.Offer == "" {
				offer, err := session.Offer(ctx, false)
				if err != nil {
					return errors.Join(err, ev.Reply(500, ""))
				}
				return ev.Reply(200, offer)
			}
			answer, err := session.Answer(ctx, ev.Offer)
			if err != nil {
				return errors.Join(err, ev.Reply(488, ""))
			}
			return ev.Reply(200, answer)
		}()
		return func() { c.reoffered(ev, err) }
	})
}

func (c *Call) reoffered(ev sip.Reoffered, err error) {
	if err == nil && ev.Offer == "" && c.details.State.Active() && c.details.State != StateEnding {
		// The answer comes in the ACK; until then nothing else is offered.
		c.negotiation.awaiting = true
		c.timers.set(timerOffer, offerTimeout, func() {
			c.log.Warn("no answer to the offer that was asked for")
			c.reanswered()
		})
		return
	}
	c.negotiation.offering = false
	if err != nil {
		c.log.Warn("offer not answered", "error", err)
	} else if ev.Offer != "" {
		c.farSideHolds(media.Holds(ev.Offer))
	}
	c.negotiate()
}

// onReanswered takes the answer to the offer that the far side asked for by a
// re-INVITE without SDP (RFC 3261, section 14.2).
func (c *Call) onReanswered(l *leg, ev sip.Reanswered) {
	if l != c.leg || !c.negotiation.awaiting || c.media == nil {
		return
	}
	if err := c.media.SetAnswer(ev.Answer); err != nil {
		c.log.Warn("answer not understood", "error", err)
	} else {
		c.farSideHolds(media.Holds(ev.Answer))
	}
	c.timers.clear(timerOffer)
	c.reanswered()
}

// reanswered ends the wait for that answer.
func (c *Call) reanswered() {
	c.negotiation.awaiting, c.negotiation.offering = false, false
	c.negotiate()
}

// farSideHolds notes whether the far side holds this one.
func (c *Call) farSideHolds(held bool) {
	if held == c.details.RemoteHeld || !c.details.State.Active() {
		return
	}
	c.details.RemoteHeld = held
	c.supervision.resumed(c.client.clock.Now())
	c.changed()
}

// onInformed is an INFO: a digit, from a far side that has no RFC 4733.
func (c *Call) onInformed(ev sip.Informed) {
	if ev.ContentType == wire.TypeRecording {
		c.onRecording(ev)
		return
	}
	if ev.ContentType == wire.TypeConference {
		c.onConference(ev)
		return
	}
	if digit, ok := ev.Digit(); ok {
		c.gotDigit(digit)
	}
}

func (c *Call) gotDigit(digit rune) {
	if !c.details.State.Answered() {
		return
	}
	if len(c.details.DTMFReceived) < maxDigits {
		c.details.DTMFReceived += string(digit)
	}
	c.show()
	c.client.events.Publish(DTMFReceived{Call: c.details, Digit: digit})
}
