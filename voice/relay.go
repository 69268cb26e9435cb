package voice

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"offhook/internal/crash"
	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/platform"
	"offhook/voice/wire"
)

// relayTries is how often the state of a pushed call is asked for when the
// network fails.
const relayTries = 3

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
	if c.occupied(subscriberLine{}) {
		c.mu.Unlock()
		c.awaitEnding(ctx)
		c.mu.Lock()
	}
	s := c.session
	if s == nil {
		c.mu.Unlock()
		return false, uninitialized()
	}
	p, err := parsePayload(data, s.account.SubscriberName, s.account.base)
	if err != nil {
		c.mu.Unlock()
		c.log.Warn("payload refused", "error", err)
		return false, err
	}
	if c.seen.has(p.sessionID) {
		alive := slices.ContainsFunc(c.calls, func(call *Call) bool { return call.announcedBy(p) })
		c.mu.Unlock()
		return alive, nil
	}
	c.seen.add(p.sessionID)
	var refusal MissedReason
	// A call that is over by now is not declined, and nobody waits: an inbox tells of
	// it all the same, after a holiday.
	over := !c.clock.Now().Add(s.platform.ServerOffset()).Before(p.expires)
	switch occupied := c.occupied(subscriberLine{}); {
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
func (c *Client) offer(ctx context.Context, s *session, p *payload, started time.Time) (bool, error) {
	c.mu.Lock()
	closing := c.closing
	c.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(closing, cancel)()
	polled, err := c.firstPoll(ctx, s, p)
	now := polled.ServerTime
	if now.IsZero() {
		now = c.clock.Now().Add(s.platform.ServerOffset())
	}
	var why MissedReason
	switch status := platform.StatusOf(err); {
	case err == nil && polled.State == wire.CallRinging && now.Before(p.expires):
	case err == nil && polled.State == wire.CallRinging:
		why = MissedExpired
	case err == nil, status == 404, status == 410:
		why = MissedOver
	case status == 401 && !now.Before(p.expires):
		why = MissedExpired
	case status == 401, status == 403:
		c.release()
		return false, payloadFault("refused by the platform")
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
		c.seen.remove(p.sessionID) // it may come again
		c.mu.Unlock()
		return false, uninitialized()
	}
	call := c.newCall(subscriberLine{c, c.session}, CallDetails{
		Direction: Incoming, SessionID: p.sessionID,
		RemoteID: strings.TrimPrefix(p.callerID, "sip:"), RemoteDisplayName: p.callerName,
	})
	call.setup.at[stageStarted] = started
	call.inbound = inboundPush{c.session, p}
	call.queue.Post(call.ring)
	c.mu.Unlock()
	return true, nil
}

// firstPoll asks for the call's state, again where that can help.
func (c *Client) firstPoll(ctx context.Context, s *session, p *payload) (polled platform.Polled, err error) {
	for try := range relayTries {
		polled, err = s.platform.PollState(ctx, p.pollURL, p.token, "", 0)
		if err == nil || !platform.Passing(err) || ctx.Err() != nil || try == relayTries-1 {
			break
		}
		if !clock.Sleep(ctx, c.clock, 200*time.Millisecond<<try) {
			return polled, errors.Join(err, ctx.Err())
		}
	}
	return polled, err
}

// release gives up the claim that RelaySessionData has on the phone.
func (c *Client) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.claims--
}

func (c *Client) forgetSession(p *payload) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen.remove(p.sessionID)
}

// missed publishes MissedCall.
func (c *Client) missed(p *payload, why MissedReason) {
	at := p.notified
	if at.IsZero() {
		at = c.clock.Now()
	}
	c.events.Publish(MissedCall{
		RemoteID: strings.TrimPrefix(p.callerID, "sip:"), RemoteDisplayName: p.callerName,
		SessionID: p.sessionID, Time: at, Reason: why,
	})
}

// refuse declines a call that was never shown, in the background.
func (c *Client) refuse(s *session, p *payload, word string) {
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
		if err := c.rejectCall(ctx, s, p, word); err != nil {
			c.log.Warn("call not declined", "error", err)
		}
	}()
}

// rejectCall posts a rejection, again where that can help until ctx ends.
func (c *Client) rejectCall(ctx context.Context, s *session, p *payload, word string) error {
	for pause := 250 * time.Millisecond; ; pause *= 2 {
		err := s.platform.Reject(ctx, p.rejectURL, p.token, word)
		if err == nil || !platform.Passing(err) {
			return err
		}
		if !clock.Sleep(ctx, c.clock, max(pause, platform.RetryAfter(err))) {
			return err
		}
	}
}

// seenSessions remembers the last sessions that were relayed.
type seenSessions struct {
	ids  [64]string
	next int
}

func (s *seenSessions) has(id string) bool {
	for _, known := range s.ids {
		if known == id {
			return true
		}
	}
	return false
}

func (s *seenSessions) add(id string) {
	s.ids[s.next] = id
	s.next = (s.next + 1) % len(s.ids)
}

func (s *seenSessions) remove(id string) {
	for i, known := range s.ids {
		if known == id {
			s.ids[i] = ""
		}
	}
}
