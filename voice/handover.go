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
	switch {
	case !c.details.State.Answered():
		result <- notEstablished()
	case !l.offers(wire.AbilityTransfer):
		result <- fault.New(fault.ServerError, "transfer.line-cannot")
	case c.details.Transfer.Target != "" && !c.details.Transfer.Final:
		result <- fault.New(fault.SystemBusy, "transfer.under-way")
	case !validName(target):
		result <- fault.New(fault.InvalidDialInfo, "dial.bad-number")
	default:
		session := c.details.SessionID
		c.refer(target, result, func(ctx context.Context) error { return l.session.platform.Transfer(ctx, session, target) })
	}
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
