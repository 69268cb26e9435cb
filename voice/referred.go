package voice

import (
	"time"

	"offhook/internal/crash"
	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/sip"
)

// offerTime is how long the user has to decide: the far side's request must be
// answered within 32 s (RFC 3261, section 17.1.2.2).
const offerTime = 20 * time.Second

// TransferOffer is the far side's wish to hand this phone to somebody else. It is a
// copy.
type TransferOffer struct {
	// Target is the new party; "" if there is no such wish.
	Target string `json:"target"`
	// Until is when it is declined by itself.
	Until time.Time `json:"until"`
}

// offeredTransfer is what the call knows of it.
type offeredTransfer struct {
	on    *sipaccount.Line
	leg   *leg
	ev    sip.Referred
	inv   sip.Invitation
	shown string
}

// onReferred is the far side handing this phone to somebody else. By the rule of
// the account that is done at once, declined, or the user is asked.
func (c *Call) onReferred(l *leg, ev sip.Referred) {
	on, onSIP := c.line.(*sipaccount.Line)
	if l != c.leg || !onSIP || !c.details.State.Answered() || on.Account.Transfers == sipaccount.TransfersRefuse {
		c.declineReferred(ev)
		return
	}
	inv, shown, err := on.Invitation(ev.Target, "")
	if err != nil {
		c.declineReferred(ev)
		return
	}
	o := &offeredTransfer{on: on, leg: l, ev: ev, inv: inv, shown: shown}
	if on.Account.Transfers != sipaccount.TransfersAsk {
		c.followReferred(o)
		return
	}
	if t := c.details.Transfer; c.offered != nil || c.consulting != nil || t.Target != "" && !t.Final {
		c.declineReferred(ev) // the user is at another one
		return
	}
	c.log.Info("the far side wants to transfer")
	c.offered = o
	c.details.TransferOffer = TransferOffer{Target: display.Name(shown), Until: c.client.clock.Now().Add(offerTime)}
	c.timers.set(timerTransfer, offerTime, func() { c.declineOffered() })
	c.changed()
}

// takeOffered ends the wait for the user's word; nil if there is none.
func (c *Call) takeOffered() *offeredTransfer {
	o := c.offered
	c.offered, c.details.TransferOffer = nil, TransferOffer{}
	c.timers.clear(timerTransfer)
	return o
}

func (c *Call) declineReferred(ev sip.Referred) {
	said := make(chan struct{})
	c.declined = said
	c.task(func() func() {
		defer close(said)
		_ = ev.Reply(false)
		return nil
	})
}

func (c *Call) declineOffered() bool {
	o := c.takeOffered()
	if o == nil {
		return false
	}
	c.log.Info("transfer declined")
	c.declineReferred(o.ev)
	c.changed()
	return true
}

// FollowTransfer lets the far side hand this phone to somebody else, as
// CallDetails.TransferOffer tells: another call begins, and this one ends as
// REMOTE_HANGUP once that is answered, or goes on if it is not, as
// CallDetails.Transfer tells. It fails with NO_CALL if there is no such wish any more.
func (c *Call) FollowTransfer() error {
	return c.do(func() error {
		o := c.takeOffered()
		if o == nil {
			return nothingOffered()
		}
		c.followReferred(o)
		return nil
	})
}

// DeclineTransfer declines what CallDetails.TransferOffer tells of; the call goes
// on. It fails with NO_CALL if there is no such wish any more.
func (c *Call) DeclineTransfer() error {
	return c.do(func() error {
		if !c.declineOffered() {
			return nothingOffered()
		}
		return nil
	})
}

func nothingOffered() error {
	return fault.New(fault.NoCall, "transfer.withdrawn")
}

// followReferred does what the far side asks for: another call begins, and the far
// side is told on the old dialog how that fares. Once it is answered the old call
// ends for the user as if the far side had hung up. If it comes to nothing the user
// is with the far side again.
func (c *Call) followReferred(o *offeredTransfer) {
	if t := c.details.Transfer; c.following != nil || c.consulting != nil || t.Target != "" && !t.Final {
		c.declineReferred(o.ev) // the user is at another one
		return
	}
	ev, inv := o.ev, o.inv
	if ev.Replacing != "" {
		inv.Headers = append(inv.Headers, sip.Header{Name: "Replaces", Value: ev.Replacing})
	}
	if ev.By != "" {
		inv.Headers = append(inv.Headers, sip.Header{Name: "Referred-By", Value: ev.By})
	}
	c.log.Info("transferred by the far side")
	r := line.NewReferral(o.leg.dialog, ev)
	c.client.running.Add(1)
	closing := c.client.closingContext()
	crash.Go(func() {
		defer c.client.running.Done()
		r.Run(closing, c.client.clock, c.client.log)
	})
	c.details.Transfer = Transfer{Target: display.Name(o.shown), ByRemote: true}
	next, err := c.client.follow(o.on, inv, c, r)
	if err != nil {
		c.log.Warn("transfer not followed", "error", err)
		r.Tell(statusBusy)
		c.transferFailed(statusBusy)
		return
	}
	c.following = next
	c.media.Hold(true) // it has no sound meanwhile; the far side need not know
	c.changed()
}

// follow places the call that the far side of another one asks for by a transfer.
func (c *Client) follow(l *sipaccount.Line, inv sip.Invitation, from *Call, r *line.Referral) (*Call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.lineOf(l.Account.ID) != l {
		return nil, uninitialized()
	}
	call := c.newCall(l, CallDetails{Direction: Outgoing, RemoteID: from.details.Transfer.Target, TransferredBy: display.Name(from.details.RemoteID)})
	call.invitation, call.referral, call.follows = inv, r, from
	call.queue.Post(call.begin)
	return call, nil
}

// tellReferral tells how a call fares that a transfer asked for: the far side of
// the call that was transferred, and that call.
func (c *Call) tellReferral(status int) {
	if c.referral == nil {
		return
	}
	r, from := c.referral, c.follows
	// The user is with the far side again before that is told why.
	if !from.queue.Post(func() {
		from.followed(c, status)
		r.Tell(status)
	}) {
		r.Tell(status)
	}
}

// followed learns how the call fares that this one was transferred to.
func (c *Call) followed(next *Call, status int) {
	if c.following != next || c.details.State == StateEnding || c.details.State == StateEnded {
		return
	}
	switch {
	case status < 200:
		c.details.Transfer.Status = status
		c.changed()
	case status < 300:
		c.details.Transfer.Status, c.details.Transfer.Final = status, true
		c.leg.handedOver = true // the far side is left a moment to hang up by itself
		c.endRemotely(EndRemoteHangup, 0)
	default:
		c.following = nil
		c.media.Hold(c.negotiation.hold)
		c.transferFailed(status)
		c.standAside() // the user may have turned to another call meanwhile
	}
}
