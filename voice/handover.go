package voice

import (
	"context"
	"slices"
	"strings"

	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// A conversation on the subscriber line is handed over by the platform: this phone
// asks it by HTTP, and its own leg ends with the word transferred.

// offers reports whether the platform lists an ability.
func (t subscriberLine) offers(ability string) bool {
	return t.session != nil && slices.Contains(t.session.profile.Load().Abilities, ability)
}

// lineAbilities reports whether calls on a line can be handed to somebody else, with
// and without asking first, and be in a conference.
func lineAbilities(l line.Line) (transfer, consult, merge bool) {
	if l, ok := l.(subscriberLine); ok {
		return l.offers(wire.AbilityTransfer), l.offers(wire.AbilityConsult), l.offers(wire.AbilityConference)
	}
	return true, true, true
}

// handOver asks the platform to hand the call's far side to target.
func (c *Call) handOver(l subscriberLine, target string, result chan<- error) {
	err := c.mayTransfer(l.offers(wire.AbilityTransfer))
	if err == nil && !validName(target) {
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
func (c *Call) handToConsulted(l subscriberLine, k *Call, result chan<- error) {
	d := k.Details()
	if d.SessionID == "" {
		result <- fault.New(fault.NoCall, "consultation.unanswered")
		return
	}
	c.askPlatform(l, d.RemoteID, wire.TransferRequest{With: d.SessionID}, result)
}

func (c *Call) askPlatform(l subscriberLine, target string, what wire.TransferRequest, result chan<- error) {
	session := c.details.SessionID
	c.refer(target, result, func(ctx context.Context) error { return l.session.platform.Transfer(ctx, session, what) })
}

// consultation is the INVITE to somebody who may get the call of a session.
func (t subscriberLine) consultation(target, session string) (sip.Invitation, string, error) {
	if !validName(target) {
		return sip.Invitation{}, "", fault.New(fault.InvalidDialInfo, "dial.bad-number")
	}
	return sip.Invitation{Target: target, Headers: []sip.Header{
		{Name: wire.HeaderDeviceID, Value: t.client.settings.deviceID},
		{Name: wire.HeaderConsultsFor, Value: session},
	}}, target, nil
}

// noteHandedOver takes the end of a leg whose far side the platform has handed over,
// as this phone has asked for.
func (c *Call) noteHandedOver(ev sip.Ended) {
	if t := &c.details.Transfer; t.Target != "" && !t.Final && header(ev.Headers, wire.HeaderEndReason) == wire.ReasonTransferred {
		t.Status, t.Final = 202, true
	}
}

// identified is who is there now, as the platform says.
func (t subscriberLine) identified(ev sip.Identified) (id, name string) {
	id = strings.TrimPrefix(ev.URI, "sip:")
	id, _, _ = strings.Cut(id, "@")
	return display.Name(id), display.Name(strings.Trim(ev.Name, `" `))
}
