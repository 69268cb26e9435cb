package voice

import (
	"context"

	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/subscriber"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// A conversation on the subscriber line is handed over by the platform: this phone
// asks it by HTTP, and its own leg ends with the word transferred.

// lineAbilities reports whether calls on a line can be handed to somebody else, with
// and without asking first, and be in a conference.
func lineAbilities(l line.Line) (transfer, consult, merge bool) {
	if l, ok := l.(*subscriber.Session); ok {
		return l.Offers(wire.AbilityTransfer), l.Offers(wire.AbilityConsult), l.Offers(wire.AbilityConference)
	}
	return true, true, true
}

// handOver asks the platform to hand the call's far side to target.
func (c *Call) handOver(l *subscriber.Session, target string, result chan<- error) {
	err := c.mayTransfer(l.Offers(wire.AbilityTransfer))
	if err == nil && !subscriber.ValidName(target) {
		err = fault.New(fault.InvalidDialInfo, "dial.bad-number")
	}
	if err != nil {
		result <- err
		return
	}
	c.askPlatform(l, target, wire.TransferRequest{Target: target}, result)
}

// handToConsulted asks the platform to hand the call's far side to the third party of
// another call, whose phone may still ring.
func (c *Call) handToConsulted(l *subscriber.Session, k *Call, result chan<- error) {
	d := k.Details()
	if d.SessionID == "" {
		result <- fault.New(fault.NoCall, "consultation.unanswered")
		return
	}
	c.askPlatform(l, d.RemoteID, wire.TransferRequest{With: d.SessionID}, result)
}

func (c *Call) askPlatform(l *subscriber.Session, target string, what wire.TransferRequest, result chan<- error) {
	session := c.details.SessionID
	c.refer(target, result, func(ctx context.Context) error { return l.Platform.Transfer(ctx, session, what) })
}

// noteHandedOver takes the end of a leg whose far side the platform has handed over,
// as this phone has asked for.
func (c *Call) noteHandedOver(ev sip.Ended) {
	c.details.Merged = sip.HeaderOf(ev.Headers, wire.HeaderEndReason) == wire.ReasonMerged
	if t := &c.details.Transfer; t.Target != "" && !t.Final && sip.HeaderOf(ev.Headers, wire.HeaderEndReason) == wire.ReasonTransferred {
		t.Status, t.Final = 202, true
	}
}
