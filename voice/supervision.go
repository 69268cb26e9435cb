package voice

import (
	"errors"
	"math/rand/v2"
	"time"

	"offhook/voice/line/sipaccount"
	"offhook/voice/media"
	"offhook/voice/setup"
	"offhook/voice/sip"
)

const (
	// watchCalm and watchAlert are how often the media is looked at while all is
	// well, and while it is being renewed.
	watchCalm  = 500 * time.Millisecond
	watchAlert = 50 * time.Millisecond
	// latePackets is how long packets of a path that was left may still come out.
	latePackets = 200 * time.Millisecond
	// sleepGap is how much later than it was due a look at the media must come
	// to mean that the machine has slept.
	sleepGap = 5 * time.Second
	// doubtTime is how long nothing may be heard after a hint that the network has
	// changed. The far side sends something every 20 ms, or 400 ms in a pause.
	doubtTime = 600 * time.Millisecond
	// renewPause is the first pause between two attempts to renew the media; it
	// doubles up to renewPauseMax. A restart that was offered has left the old
	// path, whatever the far side says to it: until one is agreed, nothing is
	// heard, so that there are some ten attempts before the media timeout.
	renewPause    = 500 * time.Millisecond
	renewPauseMax = 4 * time.Second
)

// supervision looks after the media of a conversation: silence of the network is a
// disruption, renewed by an ICE restart until media comes or the media timeout
// has passed (reference, section 10.13). Silence of the speaker is none: the
// far side sends something all the same.
type supervision struct {
	// base is when media was last due to begin: the answer, or the end of a
	// hold. Silence before it does not count.
	base time.Time
	// answered is the time of the first answer.
	answered time.Time
	// heard says that sound has arrived since the answer, or before it as early
	// media.
	heard bool
	// disruptedAt is when the present disruption or renewal began; media that
	// arrives later ends it.
	disruptedAt time.Time
	// renewedAt is when the last ICE restart was agreed, zero while none is.
	renewedAt time.Time
	// left is when the old path was left for an ICE restart, zero before: what comes
	// by it after is no sign of life.
	left time.Time
	// renewals counts the ICE restarts that the far side agreed to.
	renewals int
	// due is when the next look at the media is due, zero before the first. It is
	// a time of the wall clock alone: the monotonic one of Linux and macOS stands
	// still while the machine sleeps.
	due time.Time
	// attempts counts the failed renewals of this disruption.
	attempts int
	// refused says that the far side did not agree to the latest of them.
	refused bool
}

func (s *supervision) begin(now time.Time) {
	s.base, s.answered = now, now
}

// resumed says that a hold began or ended.
func (s *supervision) resumed(now time.Time) { s.base = now }

// held reports whether no sound is due.
func (c *Call) held() bool { return c.negotiation.hold || c.details.RemoteHeld }

// watchSoon looks after the media now and from now on.
func (c *Call) watchSoon() {
	c.timers.set(timerWatch, 0, c.watch)
}

// watch is one look at the media.
func (c *Call) watch() {
	state := c.details.State
	if !state.Answered() {
		return
	}
	now := c.client.clock.Now()
	s := &c.supervision
	if c.held() {
		s.base = now
	}
	if asleep := now.Sub(s.due); !s.due.IsZero() && asleep > sleepGap {
		c.awoken(asleep)
		return
	}
	since := c.media.SinceReceived()
	silent := min(since, now.Sub(s.base))
	switch {
	case silent >= c.limits.Media,
		c.limits.MustSound && !s.heard && !c.held() && now.Sub(s.base) >= c.limits.Connection:
		c.log.Warn("no media", "silent", silent, "renewal refused", s.refused)
		if s.refused {
			c.expire(limitRenewal)
		} else {
			c.expire(limitMedia)
		}
		return
	case state == StateEstablished && silent >= c.limits.Disrupted:
		c.disrupted("silence")
	case state != StateEstablished:
		c.seekRecovery(now, since)
	}
	pause := watchCalm
	if c.details.State != StateEstablished {
		pause = watchAlert
	}
	s.due = now.Add(pause).Round(0)
	c.timers.set(timerWatch, pause, c.watch)
}

// awoken goes on after the machine has slept: addresses and connections are as
// good as gone.
func (c *Call) awoken(asleep time.Duration) {
	c.log.Warn("the machine has slept", "time", asleep)
	c.renewNow()
	c.task(func() func() {
		c.client.Retry()
		return nil
	})
}

// seekRecovery ends a disruption once media has arrived after it began, and a
// renewal once media has come by the new path.
func (c *Call) seekRecovery(now time.Time, since time.Duration) {
	s := &c.supervision
	if (c.negotiation.offering || c.negotiation.restart) && !c.leg.flowLost {
		return
	}
	from := s.disruptedAt
	switch {
	case !s.renewedAt.IsZero():
		from = s.renewedAt
	case !s.left.IsZero():
		from = s.left.Add(latePackets)
	}
	if c.held() || now.Add(-since).After(from) {
		c.recovered()
	}
}

func (c *Call) recovered() {
	c.log.Info("media is back", "after", c.client.clock.Now().Sub(c.supervision.disruptedAt))
	s := &c.supervision
	s.disruptedAt, s.renewedAt, s.left, s.attempts, s.refused = time.Time{}, time.Time{}, time.Time{}, 0, false
	c.details.SilentSince, c.details.GiveUpAt = time.Time{}, time.Time{}
	// An offer that was lost is made all the same: what is heard may have waited in
	// the socket while the machine slept, and the far side may have no way here.
	if !c.negotiation.restart && !c.negotiation.rebind {
		c.timers.clear(timerRenew)
	}
	c.established()
}

// disrupted begins a disruption and its cure.
func (c *Call) disrupted(why string) {
	c.log.Warn("media disrupted", "why", why)
	now := c.client.clock.Now()
	c.supervision.disruptedAt = now
	c.supervision.renewedAt = time.Time{}
	c.details.SilentSince = now
	if c.media != nil {
		c.details.SilentSince = now.Add(-max(0, min(c.media.SinceReceived(), now.Sub(c.supervision.base))))
	}
	c.details.GiveUpAt = c.details.SilentSince.Add(c.limits.Media)
	if c.move(StateMediaDisrupted) {
		c.client.events.Publish(MediaDisrupted{Call: c.details})
	}
	c.renew()
}

// renew asks for a new media path.
func (c *Call) renew() {
	if !c.details.State.Answered() {
		return
	}
	if c.supervision.disruptedAt.IsZero() {
		c.supervision.disruptedAt = c.client.clock.Now()
	}
	c.negotiation.restart = true
	c.negotiate()
	c.watchSoon()
}

// renewed says that the far side has agreed to a new path. If nothing comes by
// it, another one is tried.
func (c *Call) renewed() {
	c.supervision.renewals++
	c.supervision.refused = false
	c.supervision.renewedAt = c.client.clock.Now()
	c.timers.set(timerRenew, c.renewalPause()+c.limits.Disrupted, func() {
		if c.details.State == StateRenewingMedia || c.details.State == StateMediaDisrupted {
			c.supervision.attempts++
			c.renew()
		}
	})
}

// renewalFailed tries again later, over another flow if this one is gone.
func (c *Call) renewalFailed(r offerRound) {
	if r.restart && c.move(StateMediaDisrupted) {
		c.client.events.Publish(MediaDisrupted{Call: c.details})
	}
	pause := c.renewalPause()
	var refused *sip.StatusError
	c.supervision.refused = r.restart && errors.As(r.err, &refused)
	switch {
	case errors.Is(r.err, sip.ErrFlowLost) && !r.lost:
		pause = 0 // The next attempt waits for another flow.
	case refused != nil:
		// A far side that asks for more time than there is gets one more offer.
		pause = max(pause, min(refused.RetryAfter, c.limits.Media/2))
	}
	c.timers.set(timerRenew, pause, func() {
		c.negotiation.rebind = c.negotiation.rebind || c.leg.flowLost
		c.negotiate()
	})
	c.supervision.attempts++
	c.watchSoon()
}

// renewalPause is up to half as long again as its place in the series: two phones
// that lost each other at the same moment must not offer at the same moment.
func (c *Call) renewalPause() time.Duration {
	pause := min(renewPause<<min(c.supervision.attempts, 10), renewPauseMax)
	return pause + rand.N(pause/2)
}

// onMedia is what happens in the media session.
func (c *Call) onMedia(ev media.Event) {
	switch ev.Kind {
	case media.Connected:
		c.setup.Mark(setup.Connected)
	case media.FirstSound:
		c.supervision.heard = true
		if c.details.State.Answered() || c.details.State == StateAnswering {
			c.setup.Mark(setup.FirstSound)
		} else {
			c.sound.stopRingback(c)
		}
	case media.DTMF:
		c.gotDigit(ev.Digit)
	case media.Disconnected:
		// The silence will show whether it lasts.
		c.log.Info("media path hears nothing")
	case media.Failed:
		c.onPathFailed(ev)
	case media.Secured:
		c.secured(ev.Security)
	}
}

// secured shows what protects the sound.
func (c *Call) secured(now media.Security) {
	c.details.Encrypted = now.Encrypted()
	if l, ok := c.line.(*sipaccount.Line); ok && now.Keys == media.KeysSDES {
		c.details.Encrypted = l.Account.KeepsSecrets()
	}
	c.details.KeyChanges = now.Renewals
	c.log.Info("media security", "encrypted", c.details.Encrypted, "keys", string(now.Keys), "changes", now.Renewals)
	c.changed()
}

func (c *Call) onPathFailed(ev media.Event) {
	c.log.Warn("media path failed", "error", ev.Err)
	switch c.details.State {
	case StateEstablished:
		c.disrupted("path failed")
	case StateMediaDisrupted, StateRenewingMedia:
		// What failed may be the path of an offer that came to nothing: the next one
		// is due already.
		if !c.negotiation.offering && !c.timers.pending(timerRenew) {
			c.renew()
		}
	}
}

// onFlowLost moves the dialog to another flow. The media may well go on; if it
// does not, its path is renewed in the same breath.
func (c *Call) onFlowLost(l *leg, ev sip.FlowLost) {
	c.log.Warn("signalling lost under the call", "error", ev.Err)
	switch state := c.details.State; {
	case state == StateEnding || state == StateEnded:
		// A BYE may be waiting for another way.
		ctx := c.closing
		c.task(func() func() {
			if err := c.rebind(ctx, l); err != nil {
				c.log.Debug("no way for the BYE", "error", err)
			}
			return nil
		})
	case l != c.leg:
	case state.Answered():
		c.negotiation.rebind = true
		if !c.held() && c.media.SinceReceived() > time.Second {
			c.negotiation.restart = true
			if c.supervision.disruptedAt.IsZero() {
				c.supervision.disruptedAt = c.client.clock.Now()
			}
		}
		c.negotiate()
	}
}

// renewNow renews the media at once: the addresses that it used may be gone.
func (c *Call) renewNow() {
	if c.details.State.Answered() {
		// Silence until now was perhaps the machine's own, asleep, and does not
		// count.
		c.supervision.base, c.supervision.due = c.client.clock.Now(), time.Time{}
		c.supervision.renewedAt = time.Time{}
		c.renew()
	}
}

// doubtMedia renews the media if nothing is heard for a moment, or nothing can be,
// since one side holds the other.
func (c *Call) doubtMedia() {
	if !c.details.State.Answered() {
		return
	}
	if c.held() {
		c.renewNow()
		return
	}
	c.timers.set(timerDoubt, doubtTime, func() {
		if c.details.State == StateEstablished && c.media.SinceReceived() >= doubtTime {
			c.renewNow()
		}
	})
}
