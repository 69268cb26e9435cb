package voice

import (
	"context"
	"slices"
	"strings"
	"time"

	"offhook/internal/crash"
	"offhook/voice/fault"
	"offhook/voice/line/subscriber"
	"offhook/voice/platform"
	"offhook/voice/wire"
)

// RelaySessionData takes what a push said of a call: the keys payload,
// payloadVersion and, if it is there, subscriberName. It validates them, asks
// the platform whether the call is still alive, and publishes IncomingCall or
// MissedCall. It reports whether there is a call to show.
//
// A call that is missed because the phone is busy, or because it is over, is no
// error. The errors are SDK_UNINITIALIZED and PAYLOAD_ERROR, with which nothing
// is published. A payload that was relayed before publishes nothing again. It blocks
// for the platform's answer, and for up to three seconds where a call is just ending.
func (c *Client) RelaySessionData(ctx context.Context, data map[string]string) (bool, error) {
	started := c.clock.Now()
	c.mu.Lock()
	if c.occupied((*subscriber.Session)(nil)) {
		c.mu.Unlock()
		c.awaitEnding(ctx)
		c.mu.Lock()
	}
	s := c.session
	if s == nil {
		c.mu.Unlock()
		return false, uninitialized()
	}
	p, err := s.ParsePush(data)
	if err != nil {
		c.mu.Unlock()
		c.log.Warn("payload refused", "error", err)
		return false, err
	}
	if c.seen.Has(p.SessionID) {
		alive := slices.ContainsFunc(c.calls, func(call *Call) bool { return call.announcedBy(p) })
		c.mu.Unlock()
		return alive, nil
	}
	c.seen.Add(p.SessionID)
	var refusal MissedReason
	// A call that is over by now is not declined, and nobody waits: an inbox tells of
	// it all the same, after a holiday.
	over := !c.clock.Now().Add(s.Platform.ServerOffset()).Before(p.Expires)
	switch occupied := c.occupied((*subscriber.Session)(nil)); {
	case over && (c.onAnotherPhone || c.declining || occupied):
		refusal = MissedExpired
	case c.onAnotherPhone:
		refusal = MissedOnAnotherPhone
	case occupied:
		refusal = MissedBusy
	case c.declining:
		refusal = MissedDeclined
	default:
		c.claims++
	}
	shared := c.shared
	c.mu.Unlock()

	if refusal != "" {
		switch refusal {
		case MissedExpired:
		case MissedDeclined:
			c.refuse(s, p, "declined")
		default:
			c.refuse(s, p, "busy")
		}
		if shared != nil && refusal == MissedBusy {
			shared.callWaiting()
		}
		c.missed(p, refusal)
		return false, nil
	}
	return c.offer(ctx, s, p, started)
}

// awaitEnding waits for the calls that end now, or that are being handed to somebody
// else, for at most endingTime each: a call that comes right behind the end of another
// is not refused because of it. The mutex is not held.
func (c *Client) awaitEnding(ctx context.Context) {
	for _, call := range c.Calls() {
		asked := make(chan bool, 1)
		if !call.queue.Post(func() {
			t := call.details.Transfer
			asked <- call.isEnding() || t.Target != "" && !t.Final
		}) {
			continue
		}
		if !<-asked {
			continue
		}
		late := make(chan struct{})
		stop := c.clock.AfterFunc(endingTime, crash.Guarded(func() { close(late) }))
		select {
		case <-call.ended:
		case <-late:
		case <-ctx.Done():
		}
		stop()
	}
}

// offer asks whether the claimed call is alive and shows it if so.
func (c *Client) offer(ctx context.Context, s *subscriber.Session, p *subscriber.Push, started time.Time) (bool, error) {
	c.mu.Lock()
	closing := c.closing
	c.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(closing, cancel)()
	polled, err := s.FirstPoll(ctx, p)
	now := polled.ServerTime
	if now.IsZero() {
		now = c.clock.Now().Add(s.Platform.ServerOffset())
	}
	var why MissedReason
	switch status := platform.StatusOf(err); {
	case err == nil && polled.State == wire.CallRinging && now.Before(p.Expires):
	case err == nil && polled.State == wire.CallRinging:
		why = MissedExpired
	case err == nil, status == 404, status == 410:
		why = MissedOver
	case status == 401 && !now.Before(p.Expires):
		why = MissedExpired
	case status == 401, status == 403:
		c.release()
		return false, subscriber.PayloadFault("refused by the platform")
	case ctx.Err() != nil:
		c.release()
		c.forgetSession(p)
		return false, fault.Wrap(err, fault.NetworkError, "platform.no-answer-in-time")
	default:
		why = MissedUnreachable
	}
	if why != "" {
		c.release()
		c.log.Info("call missed", "why", why, "error", err)
		c.missed(p, why)
		return false, nil
	}

	c.mu.Lock()
	c.claims--
	if c.session == nil || c.closed {
		c.seen.Remove(p.SessionID) // it may come again
		c.mu.Unlock()
		return false, uninitialized()
	}
	call := c.newCall(c.session, CallDetails{
		Direction: Incoming, SessionID: p.SessionID,
		RemoteID: strings.TrimPrefix(p.CallerID, "sip:"), RemoteDisplayName: p.CallerName,
	})
	call.setup.Start(c.clock, started)
	call.inbound = inboundPush{c.session, p}
	call.queue.Post(call.ring)
	c.mu.Unlock()
	return true, nil
}

// release gives up the claim that RelaySessionData has on the phone.
func (c *Client) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.claims--
}

func (c *Client) forgetSession(p *subscriber.Push) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen.Remove(p.SessionID)
}

// missed publishes MissedCall.
func (c *Client) missed(p *subscriber.Push, why MissedReason) {
	at := p.Notified
	if at.IsZero() {
		at = c.clock.Now()
	}
	c.events.Publish(MissedCall{
		RemoteID: strings.TrimPrefix(p.CallerID, "sip:"), RemoteDisplayName: p.CallerName,
		SessionID: p.SessionID, Time: at, Reason: why,
	})
}

// refuse declines a call that was never shown, in the background.
func (c *Client) refuse(s *subscriber.Session, p *subscriber.Push, word string) {
	c.mu.Lock()
	if c.session != s {
		c.mu.Unlock()
		return
	}
	closing := c.closing
	c.running.Add(1)
	c.mu.Unlock()
	go func() {
		defer crash.Guard()
		defer c.running.Done()
		ctx, cancel := context.WithTimeout(closing, byeTime)
		defer cancel()
		if err := s.Reject(ctx, p, word); err != nil {
			c.log.Warn("call not declined", "error", err)
		}
	}()
}
