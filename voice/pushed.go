package voice

import (
	"context"
	"time"

	"offhook/voice/clock"
	"offhook/voice/line/subscriber"
	"offhook/voice/platform"
	"offhook/voice/setup"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// inboundPush is the inbound side of a call on the subscriber line: a push announced it,
// the platform's HTTP interfaces tell what becomes of it, and the phone answers
// by an INVITE of its own.
type inboundPush struct {
	session *subscriber.Session
	*subscriber.Push
}

// ring warms the call's leg while the user decides.
func (a inboundPush) ring(c *Call) {
	a.poll(c)
	a.inviteLeg(c, true)
}

// inviteLeg sends the INVITE of the callee's leg. With later the platform
// accepts it with its gate shut, and only that tells the caller that a phone
// rings; without, the INVITE is the answer.
func (a inboundPush) inviteLeg(c *Call, later bool) {
	headers := []sip.Header{
		{Name: wire.HeaderSessionToken, Value: a.Token},
		{Name: wire.HeaderDeviceID, Value: c.client.settings.deviceID},
	}
	if later {
		headers = append(headers, sip.Header{Name: wire.HeaderAnswer, Value: wire.AnswerLater})
	}
	c.invite(sip.Invitation{Target: a.SessionID, Headers: headers}, later)
}

// poll follows the long poll until it has something to say or the call is
// established or over.
func (a inboundPush) poll(c *Call) {
	ctx, s, p := c.ctx, a.session, a.Push
	c.task(func() func() {
		pause := 250 * time.Millisecond
		for ctx.Err() == nil {
			polled, err := s.Poll(ctx, p)
			switch status := platform.StatusOf(err); {
			case err == nil && polled.State != wire.CallRinging:
				return func() { a.onPolled(c, polled.State) }
			case err == nil:
				pause = 250 * time.Millisecond
				continue
			case status == 404:
				return func() { a.lost(c) }
			case status == 410:
				return func() { a.onPolled(c, wire.CallCancelled) }
			case status == 401, status == 403:
				return nil // The signalling and the guard will tell the end.
			}
			if !clock.Sleep(ctx, c.client.clock, max(pause, platform.RetryAfter(err))) {
				return nil
			}
			pause = min(2*pause, 4*time.Second)
		}
		return nil
	})
}

// lost is the end of a call that rings here and of which the platform knows nothing: it
// remembers those that have ended for a while.
func (a inboundPush) lost(c *Call) {
	if s := c.details.State; s == StateIncoming || s == StateAnswering {
		c.details.EndWord = wire.ReasonPlatformLost
		c.endRemotely(EndFailure, 404)
	}
}

// onPolled is what the long poll says of a call that this phone has not
// answered yet (reference, section 10.15).
func (a inboundPush) onPolled(c *Call, state wire.CallState) {
	switch c.details.State {
	case StateIncoming:
	case StateAnswering:
		if state == wire.CallAnswered {
			return // by us
		}
	default:
		return
	}
	if state == wire.CallTimeout {
		c.endRemotely(limitOutcomes[limitRinging], 0)
		return
	}
	c.details.Elsewhere = state == wire.CallAnswered
	c.endRemotely(EndRemoteHangup, 0)
}

// answer goes on with the leg that rings, or with a new one.
func (a inboundPush) answer(c *Call) {
	switch {
	case c.inviting:
		// up or the refusal goes on.
	case c.leg == nil || c.leg.ended:
		a.inviteLeg(c, false)
	case c.leg.up:
		a.answerLeg(c, c.leg)
	}
}

// again makes another leg, which is the answer if the user has accepted.
func (a inboundPush) again(c *Call) { a.inviteLeg(c, c.details.State == StateIncoming) }

// up is the 2xx to the INVITE of the callee's leg.
func (a inboundPush) up(c *Call, l *leg, body string) {
	c.setup.Mark(setup.LegUp)
	if body != "" {
		if err := c.media.SetAnswer(body); err != nil {
			c.log.Warn("answer not understood", "error", err)
			if c.details.State == StateAnswering {
				c.hangUp(EndFailure)
			}
			return
		}
	}
	if c.details.State != StateAnswering {
		return
	}
	if l.later {
		a.answerLeg(c, l)
		return
	}
	c.openMedia()
	c.established()
}

// answerLeg tells the platform that the user has accepted: it opens its gate.
// The phone opens its own at once; what it sends until then stops at that gate.
func (a inboundPush) answerLeg(c *Call, l *leg) {
	c.openMedia()
	ctx, lost := c.ctx, l.flowLost
	c.confirming = true
	c.task(func() func() {
		for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
			var err error
			if lost {
				err = c.rebind(ctx, l)
			}
			if err == nil {
				err = l.dialog.Info(ctx, wire.TypeAnswer, wire.AnswerBody)
			}
			if err == nil {
				return func() { a.legAnswered(c, l, lost) }
			}
			status := sipStatus(err)
			c.log.Warn("answer not delivered", "error", err, "status", status)
			if status != 0 && status != 408 && status < 500 || ctx.Err() != nil {
				return func() { a.answerFailed(c, l, status) }
			}
			lost = true
			select {
			case <-l.done:
				return func() { a.answerFailed(c, l, 0) }
			default:
			}
			if !clock.Sleep(ctx, c.client.clock, pause) {
				return func() { a.answerFailed(c, l, 0) }
			}
		}
	})
}

func (a inboundPush) legAnswered(c *Call, l *leg, rebound bool) {
	if rebound {
		l.flowLost = false
	}
	c.confirming = false
	if c.details.State == StateAnswering {
		c.established()
	}
	c.endAfterAnswer()
}

func (a inboundPush) answerFailed(c *Call, l *leg, status int) {
	c.confirming = false
	c.endAfterAnswer()
	if c.details.State == StateAnswering && c.leg == l {
		c.endRemotely(refusedAnswer(sip.Failed{Status: status}), status)
	}
}

// refused is the refusal of the callee's leg. While the phone rings it means
// nothing yet: the long poll knows what has become of the call.
func (a inboundPush) refused(c *Call, ev sip.Failed) {
	if c.details.State != StateAnswering {
		return
	}
	if c.leg.later && (ev.Status == 0 || ev.Status >= 500 || ev.Status == 408) {
		// The answer needs no warm leg.
		a.inviteLeg(c, false)
		return
	}
	c.details.EndWord = endWord(ev.Headers)
	c.endRemotely(refusedAnswer(ev), ev.Status)
}

// decline tells the platform that the user does not take the call. It reports
// whether there is something to wait for.
func (a inboundPush) decline(c *Call, reason EndReason) bool {
	word := ""
	switch reason {
	case EndLocalHangup:
		word = "declined"
	case EndPSTNHangup:
		word = "busy"
	default:
		return false
	}
	ctx := c.closing
	c.task(func() func() {
		ctx, cancel := context.WithTimeout(ctx, byeTime)
		defer cancel()
		if err := a.session.Reject(ctx, a.Push, word); err != nil {
			c.log.Warn("call not declined", "error", err)
		}
		return c.endClosing
	})
	return true
}

// announcedBy reports whether the call came by p.
func (c *Call) announcedBy(p *subscriber.Push) bool {
	a, ok := c.inbound.(inboundPush)
	return ok && a.SessionID == p.SessionID
}
