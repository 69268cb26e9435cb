package voice

import (
	"offhook/voice/fault"
	"offhook/voice/setup"
)

// ring shows an incoming call and tells the caller while the user decides.
func (c *Call) ring() {
	c.details.Ringing = c.client.clock.Now()
	c.setup.Mark(setup.Ringing)
	c.move(StateIncoming)
	if c.sound.who() == nil {
		c.sound.serve(c)
		c.details.HasSound = true
		c.show()
	} else {
		c.sound.callWaiting()
	}
	c.client.events.Publish(IncomingCall{Call: c.details})
	c.timers.set(timerRing, c.limits.Ring+ringGrace, func() { c.expire(limitRinging) })
	c.inbound.ring(c)
}

// answer accepts the call.
func (c *Call) answer() error {
	switch c.details.State {
	case StateIncoming:
	case StateAnswering:
		return nil
	default:
		return fault.New(fault.NoCall, "call.none-to-answer")
	}
	c.setup.Mark(setup.Answered)
	c.details.Answered = c.client.clock.Now()
	c.timers.clear(timerRing)
	c.timers.set(timerConnection, c.limits.Connection, func() { c.expire(limitAnswering) })
	c.move(StateAnswering)
	c.takeSound()
	c.changed()
	c.inbound.answer(c)
	return nil
}

// endAfterAnswer ends the call as its leg did while the answer was under way: a BYE may
// overtake the answer's confirmation, and the call was a conversation all the
// same.
func (c *Call) endAfterAnswer() {
	if ev := c.endedEarly; ev != nil {
		c.endedEarly = nil
		c.details.EndWord = endWord(ev.Headers)
		c.endRemotely(endedDialog(*ev), ev.Status)
	}
}
