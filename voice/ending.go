package voice

import (
	"context"
	"errors"
	"time"

	"offhook/voice/clock"
	"offhook/voice/display"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/setup"
	"offhook/voice/sip"
)

const (
	// ringGrace is how much later than the platform the phone's own guard of
	// the ring limit ends a call.
	ringGrace = 5 * time.Second
	// closingTime is how long ENDING waits for the far side's last word.
	closingTime = time.Second
	// confirmTime is how long the confirmation of an answer is waited for when
	// the leg has ended.
	confirmTime = 500 * time.Millisecond
	// byeTime is how long a BYE is tried to get through.
	byeTime = 30 * time.Second
)

// expire ends a call that has reached a bound of this phone's.
func (c *Call) expire(l limit) { c.hangUp(limitOutcomes[l]) }

// hangUp ends the call from this side.
func (c *Call) hangUp(reason EndReason) {
	state := c.details.State
	if state == StateEnding || state == StateEnded {
		return
	}
	c.setup.Mark(setup.Hangup)
	c.details.EndReason = reason
	c.endedIn, c.endedBy = state, "local"
	c.stopMedia()
	waiting := c.inviting
	if c.inbound != nil && (state == StateIncoming || state == StateAnswering) {
		waiting = c.inbound.decline(c, reason) || waiting
	}
	if c.leg != nil && !c.leg.ended {
		c.sayBye(c.leg)
		waiting = true
	}
	if !waiting {
		c.end()
		return
	}
	c.move(StateEnding)
	c.changed()
	c.timers.set(timerClosing, closingTime, c.end)
}

// stopMedia stops all sound at once, and everything that the call waits for.
func (c *Call) stopMedia() {
	c.timers.clearAll()
	c.cancel()
	c.sound.stopRingback(c)
	c.endRecording()
	if c.media != nil {
		c.media.SetMuted(true)
	}
	c.negotiation.giveUp(noCall())
	c.leaveConsultation()
	if o := c.takeOffered(); o != nil {
		c.declineReferred(o.ev)
	}
}

// endClosing ends the wait of ENDING, if nobody else has.
func (c *Call) endClosing() {
	if c.details.State == StateEnding {
		c.end()
	}
}

// sayBye hangs a leg up, over another flow if its own is gone.
func (c *Call) sayBye(l *leg) {
	if l.ended || l.handedOver {
		return
	}
	ctx, lost, declined := c.closing, l.flowLost, c.declined
	hangup := l.dialog.Hangup
	if status := l.refusal; l.inbound && status != 0 && !l.up {
		hangup = func(ctx context.Context) error {
			if err := l.dialog.Refuse(status); !errors.Is(err, sip.ErrReplied) {
				return err
			}
			return l.dialog.Hangup(ctx)
		}
	}
	c.task(func() func() {
		ctx, cancel := context.WithTimeout(ctx, byeTime)
		defer cancel()
		if declined != nil { // a BYE before that answer says that the transfer has succeeded
			select {
			case <-declined:
			case <-ctx.Done():
			}
		}
		for {
			var err error
			if lost {
				err = c.rebind(ctx, l)
			}
			if err == nil {
				err = hangup(ctx)
			}
			if err == nil || ctx.Err() != nil {
				return nil
			}
			c.log.Debug("BYE failed", "error", err)
			lost = true
			select {
			case <-l.done:
				return nil
			default:
			}
			if !clock.Sleep(ctx, c.client.clock, 500*time.Millisecond) {
				return nil
			}
		}
	})
}

// rebind moves a leg to the open line.Flow, waiting for one until ctx ends. It may run
// on any goroutine.
func (c *Call) rebind(ctx context.Context, l *leg) error {
	f, err := c.line.Await(ctx)
	if err != nil {
		return err
	}
	return l.dialog.Rebind(f)
}

// onAnswered is the 2xx to an INVITE.
func (c *Call) onAnswered(l *leg, ev sip.Answered) {
	state := c.details.State
	switch {
	case l != c.leg, state == StateEnding, state == StateEnded:
		// The answer crossed the hang-up.
		c.sayBye(l)
	case c.details.Direction == Incoming:
		c.inbound.up(c, l, ev.Body)
	case c.details.Answered.IsZero():
		c.accepted(l, ev.Body)
	}
}

// onFailed is the refusal of an INVITE.
func (c *Call) onFailed(l *leg, ev sip.Failed) {
	c.log.Info("invitation refused", "status", ev.Status, "said", display.Name(ev.Said), "error", ev.Err)
	switch {
	case c.details.State == StateEnding:
		c.end()
	case l != c.leg || c.details.State == StateEnded:
	case (ev.Status == 401 || ev.Status == 403) && !c.reauthenticated:
		c.reauthenticate(l, ev)
	case c.mayGoPlain(ev.Status):
		c.invitePlain()
	default:
		c.legRefused(ev)
	}
}

// mayGoPlain reports whether an offer of SRTP alone was refused, and the account lets
// the call be tried once more without encryption.
func (c *Call) mayGoPlain(status int) bool {
	l, ok := c.line.(*sipaccount.Line)
	if !ok || c.plain || c.details.Direction != Outgoing || !l.Account.RetryPlainRTP || l.Account.OutgoingMedia() != line.MediaSRTP {
		return false
	}
	return status == statusNotAccepted || status == statusNotAcceptable || status == statusUnsupportedMedia
}

// invitePlain sends the INVITE once more, with RTP in clear text.
func (c *Call) invitePlain() {
	c.log.Warn("encryption refused, tried once more without")
	refused := c.media
	c.plain, c.media = true, nil
	c.live.Store(nil)
	c.task(func() func() {
		if refused != nil {
			_ = refused.Close()
		}
		return nil
	})
	c.invite(c.invitation, false)
}

// legRefused ends the call as its leg was refused.
func (c *Call) legRefused(ev sip.Failed) {
	if c.details.Direction == Incoming {
		c.inbound.refused(c, ev)
		return
	}
	c.details.Said, c.details.EndWord = display.Name(ev.Said), endWord(ev.Headers)
	c.endRemotely(refusedCall(ev), ev.Status)
}

// reauthenticate tries once more with other credentials, if there are any by now: the
// SIP password may have changed since the phone signed in.
func (c *Call) reauthenticate(l *leg, ev sip.Failed) {
	c.reauthenticated = true
	ctx := c.ctx
	c.task(func() func() {
		changed := c.line.Reauthenticate(ctx)
		return func() {
			switch {
			case c.details.State == StateEnding:
				c.end()
			case c.details.State == StateEnded, l != c.leg, c.inviting:
			case !changed:
				c.legRefused(ev)
			case c.details.Direction == Outgoing:
				c.invite(c.invitation, false)
			default:
				c.inbound.again(c)
			}
		}
	})
}

// onLegEnded is the end of an answered dialog.
func (c *Call) onLegEnded(l *leg, ev sip.Ended) {
	switch {
	case c.details.State == StateEnding:
		c.end()
	case l != c.leg || c.details.State == StateEnded:
	case c.details.State == StateAnswering && c.confirming:
		c.endedEarly = &ev
		c.timers.set(timerClosing, confirmTime, c.endAfterAnswer)
	case ev.ByRemote && c.referring() && c.asking:
		c.endedAsking = &ev
		c.timers.set(timerClosing, confirmTime, c.endAfterAsking)
	case ev.ByRemote && c.referring():
		// The transferred side hangs up; the word on how it fares may be on its way
		// still, or never come.
		t := &c.details.Transfer
		t.Status, t.Final = 200, true
		c.endRemotely(EndLocalHangup, 0)
	default:
		c.noteHandedOver(ev)
		c.details.EndWord = endWord(ev.Headers)
		c.endRemotely(endedDialog(ev), ev.Status)
	}
}

// endRemotely ends a call that the far side, the platform or the network has
// ended.
func (c *Call) endRemotely(reason EndReason, status int) {
	state := c.details.State
	if state == StateEnding || state == StateEnded {
		return
	}
	c.details.EndReason, c.details.Status = reason, status
	c.endedIn, c.endedBy = state, "remote"
	c.stopMedia()
	if c.leg != nil && !c.leg.ended {
		c.sayBye(c.leg)
	}
	c.end()
}

// end enters ENDED, frees the phone and cleans up. It does nothing the
// second time.
func (c *Call) end() {
	if c.details.State == StateEnded {
		return
	}
	if c.details.State != StateEnding {
		c.stopMedia()
	}
	if c.placed != nil {
		c.placed <- noCall()
		c.placed = nil
	}
	c.setup.Mark(setup.Ended)
	c.details.Ended = c.client.clock.Now()
	c.keepStatistics()

	client := c.client
	client.mu.Lock()
	c.move(StateEnded)
	next := client.remove(c)
	client.events.Publish(CallEnded{Call: c.details})
	client.mu.Unlock()
	close(c.ended)
	c.reportEnd(c.endedIn, c.endedBy)

	c.timers.clearAll()
	c.cancel()
	c.sound.leave(c, next, next == nil, c.destroyMedia)
	if c.details.Answered.IsZero() {
		status := c.details.Status
		if status < 300 {
			status = statusTerminated
		}
		c.tellReferral(status)
	}
}

// destroyMedia closes the session after its devices.
func (c *Call) destroyMedia() {
	session := c.media
	c.task(func() func() {
		if session != nil {
			if err := session.Close(); err != nil {
				c.log.Warn("media not closed cleanly", "error", err)
			}
		}
		return func() {
			c.destroyed = true
			c.client.events.Publish(MediaSessionDestroyed{CallID: c.id})
		}
	})
}
