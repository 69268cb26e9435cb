package voice

import (
	"context"
	"encoding/json"

	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/line/subscriber"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// Conferences. Two calls of the subscriber line are joined by the platform, which mixes
// them; this phone has one call with several parties then. Any other two calls are
// mixed here: each stays a call with a far side of its own.

// maxMixed bounds a conference that this phone mixes.
const maxMixed = 8

// Party is one of the others in a conference that the platform mixes.
type Party struct {
	// ID names the party for DropParty and MuteParty.
	ID string
	// RemoteID is the party's name as it would be dialled, RemoteDisplayName as a person
	// reads it, "" if it has none.
	RemoteID, RemoteDisplayName string
	// Muted says that the others do not hear the party, Talking that it speaks.
	Muted, Talking bool
}

// Merge makes one conference of two answered calls, or adds the second to the
// conference of the first. Each hears the other and the user; holds end. It returns
// when the far sides have agreed.
//
// On the subscriber line the platform joins the two: the second call ends with
// CallDetails.Merged set, and CallDetails.Parties of the first lists the others. Any
// other calls are mixed by this phone: both go on with CallDetails.InConference set.
//
// The errors are NO_CALL, INVALID_PARAMETER for a call and itself, SYSTEM_BUSY for too
// many or while the user asks somebody else about one of them, and SERVER_ERROR if the
// platform has no conferences or refuses.
func (c *Client) Merge(ctx context.Context, callID, withID string) error {
	first, ok := c.CallFromID(callID)
	second, found := c.CallFromID(withID)
	if !ok || !found {
		return noCall()
	}
	a, b := first.Details(), second.Details()
	switch {
	case first == second:
		return fault.New(fault.InvalidParameter, "conference.itself")
	case !a.State.Answered() || !b.State.Answered():
		return notEstablished()
	case a.Line == "" && b.Line == "" && !(a.Mergeable && b.Mergeable):
		return fault.New(fault.ServerError, "conference.line-cannot")
	}
	l, onPlatform := first.line.(*subscriber.Session)
	if onPlatform && b.Line == "" {
		return first.mergeOnPlatform(ctx, l, second)
	}
	if a.ConsultsFor == b.CallID {
		first, second = second, first // the call outlives its consultation
	}
	agreed := make(chan error, 2)
	if err := first.ask(ctx, func(result chan<- error) { first.mix(second, result, agreed) }, notAgreedYet); err != nil {
		return err
	}
	for range 2 {
		select {
		case err := <-agreed:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return notAgreedYet(ctx.Err())
		}
	}
	return nil
}

func notAgreedYet(err error) error {
	return fault.Wrap(err, fault.NetworkError, "call.not-agreed-yet")
}

// mix puts this call and another into the conference of this phone.
func (c *Call) mix(other *Call, result, agreed chan<- error) {
	if !other.queue.Post(func() {
		if err := other.mayBeMixed(c); err != nil {
			result <- err
			return
		}
		c.queue.Post(func() {
			err := c.mayBeMixed(other)
			if err == nil {
				err = c.sound.join(c, other)
			}
			if err != nil {
				result <- err
				return
			}
			c.consultationMerged(other)
			c.noteSound()
			c.setHold(false, agreed)
			if !other.queue.Post(func() {
				if other.consultsFor == c {
					other.setConsultsFor(nil)
				}
				other.noteSound()
				other.setHold(false, agreed)
			}) {
				agreed <- noCall()
			}
			result <- nil
		})
	}) {
		result <- noCall()
	}
}

// mayBeMixed says why the call can't be mixed with another now.
func (c *Call) mayBeMixed(other *Call) error {
	switch {
	case !c.details.State.Answered():
		return notEstablished()
	case c.consultationBusy() && c.consulting != other:
		return fault.New(fault.SystemBusy, "consultation.busy")
	}
	return nil
}

// consultationMerged ends a consultation whose party is in the conference now.
func (c *Call) consultationMerged(other *Call) {
	if c.consulting == other || c.consulting == nil {
		c.consulting, c.details.Consultation = nil, Consultation{}
	}
}

// mergeOnPlatform has the platform take the far side of another call into this one.
func (c *Call) mergeOnPlatform(ctx context.Context, l *subscriber.Session, other *Call) error {
	conference, err := l.Platform.Confer(ctx, c.Details().SessionID, other.Details().SessionID)
	if err != nil {
		return fault.Wrap(err, fault.ServerError, "conference.refused")
	}
	return c.ask(ctx, func(result chan<- error) {
		c.consultationMerged(other)
		c.takeParties(conference)
		c.setHold(false, result)
	}, notAgreedYet)
}

// takeParties notes who is in the conference. With one other party it is a call like
// any other, with that one.
func (c *Call) takeParties(now wire.Conference) {
	var parties []Party
	you := ""
	for _, p := range now.Parties[:min(len(now.Parties), maxParties)] {
		if p.You {
			you = p.ID
			continue
		}
		parties = append(parties, Party{
			ID: p.ID, RemoteID: display.Name(p.Name), RemoteDisplayName: display.Name(p.DisplayName), Muted: p.Muted, Talking: p.Talking,
		})
	}
	d := &c.details
	if len(parties) == 1 {
		d.RemoteID, d.RemoteDisplayName = parties[0].RemoteID, parties[0].RemoteDisplayName
		parties = nil
	}
	d.Parties, d.Hosting = parties, parties != nil && you != "" && now.Host == you
	if d.State.Active() {
		c.changed()
	}
}

// maxParties bounds what the platform may say.
const maxParties = 64

// onConference is the platform's word on who is in the conference.
func (c *Call) onConference(ev sip.Informed) {
	var now wire.Conference
	if _, ok := c.line.(*subscriber.Session); !ok || !c.details.State.Answered() {
		return
	}
	if err := json.Unmarshal([]byte(ev.Body), &now); err != nil || len(now.Parties) < 2 {
		c.log.Warn("conference not understood", "error", err)
		return
	}
	c.takeParties(now)
}

// DropParty takes a party out of the conference of this call; the others talk on. In a
// conference that this phone mixes the party's ID is that of its call. The errors are
// NO_CALL without such a party, and those of the platform.
func (c *Call) DropParty(ctx context.Context, id string) error {
	if member := c.sound.member(c, id); member != nil {
		return member.Hangup()
	}
	l, err := c.conferenceLine(id)
	if err != nil {
		return err
	}
	return refusedByPlatform(l.Platform.DropParty(ctx, c.Details().SessionID, id))
}

// MuteParty keeps the sound of a party from everybody, or lets it be heard again. The
// errors are those of DropParty.
func (c *Call) MuteParty(ctx context.Context, id string, on bool) error {
	if member := c.sound.member(c, id); member != nil {
		return member.do(func() error {
			if !member.details.State.Active() {
				return noCall()
			}
			member.details.PartyMuted = on
			member.sound.muteParty(member, on)
			member.changed()
			return nil
		})
	}
	l, err := c.conferenceLine(id)
	if err != nil {
		return err
	}
	return refusedByPlatform(l.Platform.MuteParty(ctx, c.Details().SessionID, id, on))
}

// EndConference ends the conference of this call for all; Hangup leaves one that the
// platform mixes. The errors are NO_CALL without a conference, and those of the
// platform.
func (c *Call) EndConference(ctx context.Context) error {
	if members := c.sound.membersWith(c); members != nil {
		for _, member := range members {
			_ = member.Hangup() // it may have ended by itself
		}
		return nil
	}
	l, err := c.conferenceLine("")
	if err != nil {
		return err
	}
	return refusedByPlatform(l.Platform.EndConference(ctx, c.Details().SessionID))
}

// conferenceLine is the line whose platform mixes the conference of this call, in which
// a party is, "" for any.
func (c *Call) conferenceLine(id string) (*subscriber.Session, error) {
	l, ok := c.line.(*subscriber.Session)
	if ok {
		for _, p := range c.Details().Parties {
			if id == "" || p.ID == id {
				return l, nil
			}
		}
	}
	return l, fault.New(fault.NoCall, "conference.nobody")
}

func refusedByPlatform(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(err, fault.ServerError, "conference.refused")
}

// FarLevel is how loud the far side of a call is that is in a conference of this
// phone's, 0 (silence) to 1 (full scale); 0 for any other call.
func (c *Call) FarLevel() float64 { return c.sound.level(c) }
