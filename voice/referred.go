package voice

import (
	"time"

	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/sip"
)

// TransferRule says what becomes of a far side's wish to hand this phone to
// somebody else (a REFER).
type TransferRule string

// The rules. TransfersAsk waits for the user's word: CallDetails.TransferOffer
// tells of the wish, FollowTransfer and DeclineTransfer decide.
const (
	TransfersFollow TransferRule = "follow"
	TransfersAsk    TransferRule = "ask"
	TransfersRefuse TransferRule = "refuse"
)

// offerTime is how long the user has to decide: the far side's request must be
// answered within 32 s (RFC 3261, section 17.1.2.2).
const offerTime = 20 * time.Second

// TransferOffer is the far side's wish to hand this phone to somebody else. It is a
// copy.
type TransferOffer struct {
	// Target is the new party; "" if there is no such wish.
	Target string
	// Until is when it is declined by itself.
	Until time.Time
}

// offeredTransfer is what the call knows of it.
type offeredTransfer struct {
	line  *sipLine
	leg   *leg
	ev    sip.Referred
	inv   sip.Invitation
	shown string
}

// onReferred is the far side handing this phone to somebody else. By the rule of
// the account that is done at once, declined, or the user is asked.
func (c *Call) onReferred(l *leg, ev sip.Referred) {
	line, onSIP := c.line.(*sipLine)
	if l != c.leg || !onSIP || !c.details.State.Answered() || line.account.Transfers == TransfersRefuse {
		c.declineReferred(ev)
		return
	}
	inv, shown, err := line.invitation(ev.Target, "")
	if err != nil {
		c.declineReferred(ev)
		return
	}
	o := &offeredTransfer{line: line, leg: l, ev: ev, inv: inv, shown: shown}
	if line.account.Transfers != TransfersAsk {
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
	c.task(func() func() { _ = ev.Reply(false); return nil })
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
// CallDetails.TransferOffer tells: the call ends as REMOTE_HANGUP, and another
// one begins. It fails with NO_CALL if there is no such wish any more.
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

// followReferred does what the far side asks for. The call ends for the user as if
// the far side had hung up, and another one begins; the far side is told on the
// old dialog how that fares.
func (c *Call) followReferred(o *offeredTransfer) {
	ev, inv := o.ev, o.inv
	if ev.Replacing != "" {
		inv.Headers = append(inv.Headers, sip.Header{Name: "Replaces", Value: ev.Replacing})
	}
	if ev.By != "" {
		inv.Headers = append(inv.Headers, sip.Header{Name: "Referred-By", Value: ev.By})
	}
	c.log.Info("transferred by the far side")
	r := &referral{client: c.client, dialog: o.leg.dialog, ev: ev, news: make(chan int, 16)}
	c.client.running.Add(1)
	go r.run(c.client.closingContext())
	o.leg.handedOver = true
	by := c.details.RemoteID
	c.endRemotely(EndRemoteHangup, 0)
	if err := c.client.follow(o.line, inv, o.shown, by, r); err != nil {
		c.log.Warn("transfer not followed", "error", err)
		r.tell(statusBusy)
	}
}
