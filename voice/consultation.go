package voice

import (
	"context"
	"sync/atomic"
	"time"

	"offhook/voice/audio"
	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/sip"
)

// Attended transfer (RFC 5589, section 7): while the far side is held, the user
// asks somebody else, the third party, whether to take the call, and then joins the
// two. The consultation is part of the call that it is for, with a leg and a
// media session of its own: the phone has one call as ever, and its devices serve
// whichever side the user talks to. The user may go to and fro between the two.

// Consultation is the talk with a third party. It is a copy.
type Consultation struct {
	// Target is who is asked; "" if nobody is.
	Target string
	// Status is the SIP status of that talk so far: 0 before anything is known,
	// 200 once it was answered, and from 300 on the refusal that ended it.
	Status int
	// Since is when it was answered.
	Since time.Time
	// HeldSince is when the user went back to the far side and left the third party
	// on hold; zero while the user talks with it.
	HeldSince time.Time
}

// Active says that a third party is being asked.
func (c Consultation) Active() bool { return c.Target != "" && c.Status < 300 }

// Answered says that the third party is there: the user talks with it, or has put
// it on hold.
func (c Consultation) Answered() bool { return c.Active() && c.Status >= 200 }

// consultation is what the call knows of it.
type consultation struct {
	session media.Session
	leg     *leg
	// target is what was dialled; settled that the answer's description is in
	// force.
	target  string
	settled bool
	// held is what the user wants, agreed what the third party was last told;
	// offering says that an exchange of descriptions is under way.
	held, agreed, offering bool
}

// Consult holds the far side of an established call over a SIP account and calls
// target, of the form that Dial takes. It returns when that call is on its way;
// CallChanged then tells in CallDetails.Consultation how it fares. The user
// hears and speaks to the third party; Swap goes to and fro, CompleteTransfer
// joins the two, and EndConsultation goes back.
//
// The errors are NO_CALL, INVALID_DIAL_INFO, SYSTEM_BUSY while a transfer or
// a consultation is under way, and SERVER_ERROR for a call of the subscriber
// line.
func (c *Call) Consult(ctx context.Context, target string) error {
	return c.ask(ctx, func(result chan<- error) { c.consult(target, result) }, func(err error) error {
		return fault.Wrap(err, fault.NetworkError, "consultation.not-called-yet")
	})
}

func (c *Call) consult(target string, result chan<- error) {
	l, err := c.handable()
	if err != nil {
		result <- err
		return
	}
	inv, shown, err := l.invitation(target, "")
	switch {
	case err != nil:
		result <- err
		return
	case c.consulting != nil:
		result <- fault.New(fault.SystemBusy, "consultation.busy")
		return
	}
	inv.Anonymous = l.account.Anonymous
	k := &consultation{target: inv.Target}
	c.consulting = k
	c.details.Consultation = Consultation{Target: shown}
	// Whether the far side agrees to it or not: it hears nothing of this.
	c.setHold(true, make(chan error, 1))
	ctx := c.ctx
	c.task(func() func() {
		session, err := l.newMedia(ctx, "")
		var d dialog
		if err == nil {
			if inv.Offer, err = session.Offer(ctx, false); err == nil {
				var f flow
				if f, err = l.flow(ctx); err == nil {
					d, err = f.Invite(ctx, inv)
				}
			}
		}
		return func() {
			c.consultInvited(k, session, d, err)
			if err != nil {
				err = fault.Wrap(err, fault.NetworkError, "consultation.not-called")
			}
			result <- err
		}
	})
}

// handable is the line of a call that can be handed on now.
func (c *Call) handable() (*sipLine, error) {
	l, onSIP := c.trunk.(*sipLine)
	if !c.details.State.Answered() {
		return nil, notEstablished()
	}
	if _, able := c.leg.dialog.(referrer); !onSIP || !able {
		return nil, fault.New(fault.ServerError, "transfer.line-cannot")
	}
	if c.details.Transfer.Target != "" && !c.details.Transfer.Final {
		return nil, fault.New(fault.SystemBusy, "transfer.under-way")
	}
	return l, nil
}

// consultInvited takes up what was made for a consultation.
func (c *Call) consultInvited(k *consultation, session media.Session, d dialog, err error) {
	k.session = session
	if d != nil {
		k.leg = newLeg(d, false)
		follow(c, d.Events(), func(ev sip.DialogEvent) { c.onConsultation(k, ev) })
	}
	if session != nil {
		follow(c, session.Events(), func(ev media.Event) { c.onConsultationMedia(k, ev) })
	}
	switch {
	case c.consulting != k:
		c.dismiss(k) // the user, or the far side, was faster
	case err != nil:
		c.log.Warn("consultation failed", "error", err)
		c.endConsultation(k, statusTerminated)
	default:
		c.sound.turnTo(session)
		c.changed()
	}
}

// onConsultation is what the third party says by SIP.
func (c *Call) onConsultation(k *consultation, ev sip.DialogEvent) {
	switch ev := ev.(type) {
	case sip.Provisional:
		if c.consulting == k && !k.leg.up {
			c.consultProgress(k, ev)
		}
	case sip.Answered:
		k.leg.up = true
		if c.consulting != k {
			c.farewellTo(k.leg) // the answer crossed the end
			return
		}
		c.consultAnswered(k, ev.Body)
	case sip.Failed:
		k.leg.end()
		c.endConsultation(k, max(ev.Status, 300))
	case sip.Ended:
		k.leg.end()
		c.endConsultation(k, statusGone)
	case sip.Reoffered:
		c.answerConsultation(k, ev)
	case sip.Referred:
		c.task(func() func() { _ = ev.Reply(false); return nil })
	case sip.FlowLost:
		k.leg.flowLost = true
		c.endConsultation(k, statusTerminated)
	}
}

func (c *Call) consultProgress(k *consultation, ev sip.Provisional) {
	c.details.Consultation.Status = ev.Status
	switch {
	case ev.Body == "":
		if ev.Status == 180 && !k.settled {
			c.sound.startRingback()
		}
	case k.session.SetAnswer(ev.Body) == nil:
		k.settled = true
		c.sound.stopRingback()
		k.session.OpenReceive()
	}
	c.changed()
}

func (c *Call) consultAnswered(k *consultation, body string) {
	c.sound.stopRingback()
	if body != "" {
		if err := k.session.SetAnswer(body); err != nil {
			c.log.Warn("the third party's answer is not understood", "error", err)
			c.endConsultation(k, statusNotAccepted)
			return
		}
		k.settled = true
	}
	k.session.SetMuted(c.details.Muted)
	k.session.OpenReceive()
	k.session.OpenSend()
	c.details.Consultation.Status, c.details.Consultation.Since = 200, c.client.clock.Now()
	c.changed()
}

// answerConsultation answers an offer of the third party.
func (c *Call) answerConsultation(k *consultation, ev sip.Reoffered) {
	status := 0
	switch {
	case c.consulting != k:
		status = 481 // it crossed the end
	case k.offering:
		status = 491
	}
	if status != 0 {
		c.task(func() func() { _ = ev.Reply(status, ""); return nil })
		return
	}
	k.offering = true
	session, ctx := k.session, c.ctx
	c.task(func() func() {
		// Without an offer to answer there is nothing that this short talk needs.
		answer, status := "", 488
		if ev.Offer != "" {
			var err error
			if answer, err = session.Answer(ctx, ev.Offer); err == nil {
				status = 200
			}
		}
		_ = ev.Reply(status, answer)
		return func() {
			k.offering = false
			c.holdConsultation(k)
		}
	})
}

// Swap goes to the other of the two parties of a consultation that was answered:
// back to the far side while the third party waits on hold, and there again. Sound
// changes over at once; Swap returns when the far side has agreed to its hold or
// its end, or with the reason why not, or with ctx. CallDetails.Held is the far
// side's, Consultation.HeldSince the third party's.
//
// The errors are NO_CALL, also if nobody has answered the consultation, and
// SERVER_ERROR if the far side does not agree.
func (c *Call) Swap(ctx context.Context) error {
	return c.ask(ctx, c.swap, func(err error) error {
		return fault.Wrap(err, fault.NetworkError, "consultation.not-answered")
	})
}

func (c *Call) swap(result chan<- error) {
	k := c.consulting
	switch {
	case !c.details.State.Answered():
		result <- notEstablished()
		return
	case k == nil || !c.details.Consultation.Answered():
		result <- fault.New(fault.NoCall, "consultation.nobody")
		return
	}
	k.held = !k.held
	k.session.Hold(k.held)
	if k.held {
		c.details.Consultation.HeldSince = c.client.clock.Now()
		c.sound.turnTo(c.media)
		c.setHold(false, result)
	} else {
		c.details.Consultation.HeldSince = time.Time{}
		c.sound.turnTo(k.session)
		// As when the consultation began: held or not, it hears nothing of this.
		c.setHold(true, make(chan error, 1))
		result <- nil
	}
	c.holdConsultation(k)
	c.changed()
}

// holdConsultation tells the third party whether it is on hold, if it has not been
// told.
func (c *Call) holdConsultation(k *consultation) {
	if c.consulting != k || k.offering || k.held == k.agreed {
		return
	}
	k.offering = true
	held, session, ctx := k.held, k.session, c.ctx
	c.task(func() func() {
		ctx, cancel := context.WithTimeout(ctx, offerTimeout)
		defer cancel()
		_, err := reoffer(ctx, session, k.leg, false)
		return func() { c.consultationHeld(k, held, err) }
	})
}

func (c *Call) consultationHeld(k *consultation, held bool, err error) {
	k.offering = false
	if c.consulting != k {
		return
	}
	status := sipStatus(err)
	switch {
	case err == nil:
	case status == 491:
		c.timers.set(timerConsultation, glarePause(), func() { c.holdConsultation(k) })
		return
	case held && status >= 400 && status < 500 && status != 408 && status != 481:
		c.log.Info("the third party does not agree to be held", "status", status)
	default:
		c.log.Warn("the third party is lost", "error", err)
		c.endConsultation(k, statusTerminated)
		return
	}
	k.agreed = held
	c.holdConsultation(k)
}

// onConsultationMedia ends a consultation whose path is lost: it is called again
// in less time than it takes to mend it.
func (c *Call) onConsultationMedia(k *consultation, ev media.Event) {
	if ev.Kind == media.Failed && c.consulting == k {
		c.log.Warn("the consultation's media failed", "error", ev.Err)
		c.endConsultation(k, statusTerminated)
	}
}

// EndConsultation hangs up on the third party. The far side of the call stays on
// hold, if it is, until Resume, which ends CallDetails.Consultation too. It is no
// error if nobody is being asked.
func (c *Call) EndConsultation() error {
	return c.do(func() error {
		if k := c.consulting; k != nil {
			c.endConsultation(k, statusTerminated)
		}
		return nil
	})
}

// endConsultation goes back to the far side; status is why.
func (c *Call) endConsultation(k *consultation, status int) {
	if c.consulting != k {
		return
	}
	c.consulting = nil
	c.timers.clear(timerConsultation)
	c.details.Consultation.Status, c.details.Consultation.HeldSince = status, time.Time{}
	c.sound.stopRingback()
	if c.media != nil {
		c.sound.turnTo(c.media)
	}
	c.dismiss(k)
	if c.details.State.Active() {
		c.changed()
	}
}

// dismiss hangs up on the third party and closes its session.
func (c *Call) dismiss(k *consultation) {
	if k.leg != nil && !k.leg.over {
		c.farewellTo(k.leg)
	}
	if session := k.session; session != nil {
		k.session = nil
		session.SetMuted(true)
		c.task(func() func() {
			if err := session.Close(); err != nil {
				c.log.Warn("consultation's media not closed cleanly", "error", err)
			}
			return nil
		})
	}
}

// consulter is a dialog that can be asked to refer its far side to that of
// another.
type consulter interface {
	ReferTo(ctx context.Context, target string, other dialog) error
}

// CompleteTransfer asks the far side to call the third party in the place of this
// phone (RFC 3891). It returns when the far side has taken that on;
// CallChanged then tells in CallDetails.Transfer how it fares. Once the two talk,
// the call ends as LOCAL_HANGUP; if they do not, it goes on as it was.
//
// The errors are NO_CALL, also if nobody has answered the consultation,
// SYSTEM_BUSY while a transfer is under way, and SERVER_ERROR if the far side
// refuses.
func (c *Call) CompleteTransfer(ctx context.Context) error {
	return c.ask(ctx, func(result chan<- error) {
		_, err := c.handable()
		k := c.consulting
		if err == nil && (k == nil || !c.details.Consultation.Answered()) {
			err = fault.New(fault.NoCall, "consultation.unanswered")
		}
		if err != nil {
			result <- err
			return
		}
		c.refer(c.details.Consultation.Target, result, func(ctx context.Context) error {
			asked, able := c.leg.dialog.(consulter)
			if !able {
				return fault.New(fault.ServerError, "transfer.not-joinable")
			}
			return asked.ReferTo(ctx, k.target, k.leg.dialog)
		})
	}, func(err error) error {
		return fault.Wrap(err, fault.NetworkError, "transfer.unanswered")
	})
}

// farSwitch is whom the call's devices serve: the far side, or the third party of
// a consultation.
type farSwitch struct{ to atomic.Pointer[audio.Far] }

func (f *farSwitch) turn(to audio.Far) { f.to.Store(&to) }

// Push implements audio.Far.
func (f *farSwitch) Push(frame []int16) {
	if to := f.to.Load(); to != nil {
		(*to).Push(frame)
	}
}

// Pull implements audio.Far.
func (f *farSwitch) Pull(frame []int16) {
	if to := f.to.Load(); to != nil {
		(*to).Pull(frame)
		return
	}
	clear(frame)
}
