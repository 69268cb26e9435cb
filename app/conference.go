package app

import (
	"context"

	"offhook/voice/fault"
)

// talks is the level from which somebody speaks.
const talks = 0.3

// parties are the others in the conference of a call; hosting says that this phone may
// mute and drop them. On the loop.
func (p *Phone) parties(c *liveCall) (list []Party, hosting bool) {
	if !c.d.InConference {
		for _, v := range c.d.Parties {
			level := 0.0
			if v.Talking {
				level = 1
			}
			list = append(list, Party{
				ID: v.ID, RemoteID: v.RemoteID, RemoteName: p.whoIs(v.RemoteID, v.RemoteDisplayName), Muted: v.Muted, Level: level, Talking: v.Talking,
			})
		}
		return list, c.d.Hosting
	}
	for _, m := range p.m.calls {
		if !m.d.InConference {
			continue
		}
		party := Party{ID: m.d.CallID, RemoteID: m.d.RemoteID, RemoteName: m.name, Muted: m.d.PartyMuted, Held: m.d.Held}
		if controls, ok := p.engine.Call(m.d.CallID); ok {
			party.Level = controls.FarLevel()
			party.Talking = party.Level > talks
		}
		list = append(list, party)
	}
	return list, true
}

// Merge makes a conference of two calls, or adds the second to the one of the first.
// Without IDs they are Snapshot.Call and the other one.
func (p *Phone) Merge(ctx context.Context, id, with string) error {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	s := p.Snapshot()
	if id == "" && s.Call != nil {
		id = s.Call.ID
	}
	for _, c := range s.Calls {
		if with == "" && c.ID != id && c.State.Answered() && !(c.InConference && s.CallWith(id) != nil && s.CallWith(id).InConference) {
			with = c.ID
		}
	}
	if id == "" || with == "" {
		return fault.New(fault.NoCall, "consultation.nobody")
	}
	return p.engine.Merge(ctx, id, with)
}

// DropParty takes a party out of the conference that the user is in; the others talk
// on.
func (p *Phone) DropParty(ctx context.Context, party string) error {
	return p.during(ctx, "", func(c Controls, ctx context.Context) error { return c.DropParty(ctx, party) })
}

// MuteParty keeps the sound of a party from everybody, or lets it be heard again.
func (p *Phone) MuteParty(ctx context.Context, party string, on bool) error {
	return p.during(ctx, "", func(c Controls, ctx context.Context) error { return c.MuteParty(ctx, party, on) })
}

// EndConference ends the conference for all.
func (p *Phone) EndConference(ctx context.Context) error {
	return p.during(ctx, "", Controls.EndConference)
}
