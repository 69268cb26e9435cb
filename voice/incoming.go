package voice

import (
	"time"

	"offhook/voice/fault"
	"offhook/voice/platform"
	"offhook/voice/sip"
)

// ring shows an incoming call and warms its leg while the user decides.
func (c *Call) ring() {
	c.details.Ringing = c.client.clock.Now()
	c.setup.mark(stageRinging)
	c.move(StateIncoming)
	c.client.bus.publish(IncomingCall{Call: c.details})
	c.timers.set(timerRing, c.limits.ring+ringGrace, func() { c.leave(EndTimeout) })
	c.poll()
	c.inviteLeg(true)
}

// inviteLeg sends the INVITE of the callee's leg. With later the platform
// accepts it with its gate shut, and only that tells the caller that a phone
// rings; without, the INVITE is the answer.
func (c *Call) inviteLeg(later bool) {
	headers := []sip.Header{
		{Name: headerSessionToken, Value: c.payload.token},
		{Name: headerDeviceID, Value: c.client.settings.deviceID},
	}
	if later {
		headers = append(headers, sip.Header{Name: headerAnswer, Value: "later"})
	}
	c.invite(sip.Invitation{Target: c.payload.sessionID, Headers: headers}, later)
}

// poll follows the long poll until it has something to say or the call is
// established or over.
func (c *Call) poll() {
	ctx, s, p := c.ctx, c.session, c.payload
	c.task(func() func() {
		pause := 250 * time.Millisecond
		for ctx.Err() == nil {
			polled, err := s.platform.PollState(ctx, p.pollURL, p.token, platform.CallRinging, p.pollHold)
			switch status := platform.StatusOf(err); {
			case err == nil && polled.State != platform.CallRinging:
				return func() { c.onPolled(polled.State) }
			case err == nil:
				pause = 250 * time.Millisecond
				continue
			case status == 404, status == 410:
				return func() { c.onPolled(platform.CallCancelled) }
			case status == 401, status == 403:
				return nil // The signalling and the guard will tell the end.
			}
			if !c.client.pause(ctx, max(pause, platform.RetryAfter(err))) {
				return nil
			}
			pause = min(2*pause, 4*time.Second)
		}
		return nil
	})
}

// onPolled is what the long poll says of a call that this phone has not
// answered yet (reference, section 10.15).
func (c *Call) onPolled(state platform.CallState) {
	switch c.details.State {
	case StateIncoming:
	case StateAnswering:
		if state == platform.CallAnswered {
			return // by us
		}
	default:
		return
	}
	switch state {
	case platform.CallTimeout:
		c.conclude(EndTimeout, 0)
	default:
		c.conclude(EndRemoteHangup, 0)
	}
}

// answer accepts the call.
func (c *Call) answer() error {
	switch c.details.State {
	case StateIncoming:
	case StateAnswering:
		return nil
	default:
		return fault.New(fault.NoCall, "There is no call to answer.", "")
	}
	c.setup.mark(stageAnswered)
	c.details.Answered = c.client.clock.Now()
	c.timers.clear(timerRing)
	c.timers.set(timerConnection, c.limits.connection, func() { c.leave(EndFailure) })
	c.move(StateAnswering)
	c.changed()
	switch {
	case c.inviting:
		// legUp or the refusal goes on.
	case c.leg == nil || c.leg.over:
		c.inviteLeg(false)
	case c.leg.up:
		c.answerLeg(c.leg)
	}
	return nil
}

// legUp is the 2xx to the INVITE of the callee's leg.
func (c *Call) legUp(l *leg, body string) {
	c.setup.mark(stageLegUp)
	if body != "" {
		if err := c.media.SetAnswer(body); err != nil {
			c.log.Warn("answer not understood", "error", err)
			if c.details.State == StateAnswering {
				c.leave(EndFailure)
			}
			return
		}
	}
	if c.details.State != StateAnswering {
		return
	}
	if l.later {
		c.answerLeg(l)
		return
	}
	c.talkOn()
	c.established()
}

// answerLeg tells the platform that the user has accepted: it opens its gate.
// The phone opens its own at once; what it sends until then stops at that gate.
func (c *Call) answerLeg(l *leg) {
	c.talkOn()
	ctx, lost := c.ctx, l.flowLost
	c.confirming = true
	c.task(func() func() {
		for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
			var err error
			if lost {
				err = c.rebind(ctx, l)
			}
			if err == nil {
				err = l.dialog.Info(ctx, answerType, answerBody)
			}
			if err == nil {
				return func() { c.legAnswered(l, lost) }
			}
			status := sipStatus(err)
			c.log.Warn("answer not delivered", "error", err, "status", status)
			if status != 0 && status != 408 && status < 500 || ctx.Err() != nil {
				return func() { c.answerFailed(l, status) }
			}
			lost = true
			select {
			case <-l.done:
				return func() { c.answerFailed(l, 0) }
			default:
			}
			if !c.client.pause(ctx, pause) {
				return func() { c.answerFailed(l, 0) }
			}
		}
	})
}

func (c *Call) legAnswered(l *leg, rebound bool) {
	if rebound {
		l.flowLost = false
	}
	c.confirming = false
	if c.details.State == StateAnswering {
		c.established()
	}
	c.part()
}

// part ends the call as its leg did while the answer was under way: a BYE may
// overtake the answer's confirmation, and the call was a conversation all the
// same.
func (c *Call) part() {
	if ev := c.parting; ev != nil {
		c.parting = nil
		c.conclude(farewellReason(*ev), ev.Status)
	}
}

func (c *Call) answerFailed(l *leg, status int) {
	c.confirming = false
	c.part()
	if c.details.State == StateAnswering && c.leg == l {
		c.conclude(answerRefusal(sip.Failed{Status: status}), status)
	}
}

// legRefused is the refusal of the callee's leg. While the phone rings it means
// nothing yet: the long poll knows what has become of the call.
func (c *Call) legRefused(ev sip.Failed) {
	if c.details.State != StateAnswering {
		return
	}
	if c.leg.later && (ev.Status == 0 || ev.Status >= 500 || ev.Status == 408) {
		// The answer needs no warm leg.
		c.inviteLeg(false)
		return
	}
	c.conclude(answerRefusal(ev), ev.Status)
}
