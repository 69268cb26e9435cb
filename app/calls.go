package app

import (
	"context"
	"slices"

	"offhook/voice"
	"offhook/voice/fault"
)

// Role says what a call is beside the other calls of its time.
type Role string

// RoleFirst is a call that began without another, RoleSecond one that began beside
// another, and RoleConsultation the talk with somebody to whom another call may be
// handed.
const (
	RoleFirst        Role = "first"
	RoleSecond       Role = "second"
	RoleConsultation Role = "consultation"
)

// Ability is something that can be done with a call. What the platform or the server
// does not offer, and what the settings do not allow, is not among Call.Abilities.
type Ability string

// AbilityTransfer: the call can be handed to somebody else. AbilityConsult: somebody
// can be asked first. AbilityMerge: it can be in a conference. AbilityAddCall: there
// can be another call beside it.
const (
	AbilityTransfer Ability = "transfer"
	AbilityConsult  Ability = "consult"
	AbilityMerge    Ability = "merge"
	AbilityAddCall  Ability = "add_call"
)

// Party is one of the others in a conference.
type Party struct {
	// ID names the party for DropParty and MuteParty. In a conference that this phone
	// mixes it is the ID of the party's call.
	ID         string `json:"id"`
	RemoteID   string `json:"remote_id"`
	RemoteName string `json:"remote_name"`
	// Muted says that the others do not hear the party, Held that it is on hold.
	Muted bool `json:"muted"`
	Held  bool `json:"held"`
	// Level is how loud the party was when the snapshot was drawn, 0 (silence) to 1
	// (full scale); Talking says that it speaks.
	Level   float64 `json:"level"`
	Talking bool    `json:"talking"`
}

// CallWith returns the call of that ID, or nil.
func (s *Snapshot) CallWith(id string) *Call {
	for _, c := range s.Calls {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Ringing returns the incoming call that waits for an answer, or nil: one that is
// not ignored before one that is.
func (s *Snapshot) Ringing() *Call {
	var found *Call
	for _, c := range s.Calls {
		if c.State == voice.StateIncoming && (found == nil || found.Ignored && !c.Ignored) {
			found = c
		}
	}
	return found
}

// Second returns the call beside Snapshot.Call, or nil: the one that rings, else a
// consultation, else the one that waits.
func (s *Snapshot) Second() *Call {
	var found *Call
	for _, c := range s.Calls {
		switch {
		case s.Call != nil && c.ID == s.Call.ID:
		case c.State == voice.StateIncoming && !c.Ignored:
			return c
		case found == nil || c.Role == RoleConsultation:
			found = c
		}
	}
	return found
}

// calls are those that have not ended, and those that have ended and whose log entry
// is not committed yet, in the order in which they began. The methods belong to the
// loop.
type calls []*liveCall

// find returns the call of that ID, or nil.
func (l calls) find(id string) *liveCall {
	for _, c := range l {
		if c.d.CallID == id {
			return c
		}
	}
	return nil
}

// current returns the call that Snapshot.Call shows: the one that has the sound or,
// during a consultation, the one that it is for.
func (l calls) current() *liveCall {
	var best *liveCall
	rank := func(c *liveCall) int {
		switch {
		case c == nil:
			return -1
		case c.d.State == voice.StateEnded:
			return 0
		case c.d.HasSound:
			return 3
		case c.d.State == voice.StateIncoming:
			return 1
		default:
			return 2
		}
	}
	for _, c := range l {
		if rank(c) > rank(best) {
			best = c
		}
	}
	if best == nil {
		return nil
	}
	if f := l.find(best.d.ConsultsFor); f != nil && f.d.State != voice.StateEnded {
		return f
	}
	return best
}

// rings returns a call that rings, or nil.
func (l calls) rings() *liveCall {
	for _, c := range l {
		if c.d.State == voice.StateIncoming {
			return c
		}
	}
	return nil
}

// without returns the other calls that have not ended.
func (l calls) without(c *liveCall) (others calls) {
	for _, o := range l {
		if o != c && o.d.State != voice.StateEnded {
			others = append(others, o)
		}
	}
	return others
}

// add puts a call among them.
func (l *calls) add(c *liveCall) {
	c.role = RoleFirst
	switch {
	case c.d.ConsultsFor != "":
		c.role = RoleConsultation
	case len(l.without(c)) > 0:
		c.role = RoleSecond
	}
	*l = append(*l, c)
}

// drop takes a call away.
func (l *calls) drop(c *liveCall) {
	*l = slices.DeleteFunc(slices.Clone(*l), func(o *liveCall) bool { return o == c })
}

// abilities are what can be done with a call now or later in its course.
func (m *model) abilities(d voice.CallDetails) []Ability {
	list := []Ability{}
	for _, a := range []struct {
		can  bool
		word Ability
	}{
		{d.Transferable, AbilityTransfer}, {d.Consultable, AbilityConsult}, {d.Mergeable, AbilityMerge},
		{m.maxCalls(d.Line) > 1, AbilityAddCall},
	} {
		if a.can {
			list = append(list, a.word)
		}
	}
	return list
}

// maxCalls is how many calls a line takes at once, "" for the subscriber's.
func (m *model) maxCalls(line string) int {
	if m.settings.Calls.Waiting.On(line != "") && Availability(m.settings.Availability) == Available {
		return 2
	}
	return 1
}

// limitCalls tells the engine how many calls there may be.
func (p *Phone) limitCalls(set Settings) {
	m := model{settings: set}
	p.engine.SetMaxCalls(m.maxCalls(""), m.maxCalls("sip"))
}

// control has a call do something: the one of that ID, or Snapshot.Call for "".
func (p *Phone) control(id string, do func(Controls) error) error {
	if id == "" {
		if c := p.Snapshot().Call; c != nil {
			id = c.ID
		}
	}
	c, ok := p.engine.Call(id)
	if !ok || !c.Details().State.Active() {
		return fault.New(fault.NoCall, "call.none")
	}
	return do(c)
}

// during is control for what takes its time, which ends with the phone.
func (p *Phone) during(ctx context.Context, id string, do func(Controls, context.Context) error) error {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	return p.control(id, func(c Controls) error { return do(c, ctx) })
}

// handTo is during for what has a target.
func (p *Phone) handTo(ctx context.Context, id, target string, do func(Controls, context.Context, string) error) error {
	n, err := p.transferTarget(id, target)
	if err != nil {
		return err
	}
	return p.during(ctx, id, func(c Controls, ctx context.Context) error { return do(c, ctx, n.Target) })
}

// Answer accepts an incoming call; "" is the one that rings. A call that was talking
// is put on hold.
func (p *Phone) Answer(_ context.Context, id string) error {
	if id == "" {
		if c := p.Snapshot().Ringing(); c != nil {
			id = c.ID
		}
	}
	p.cfg.Ringer.Stop()
	err := p.control(id, Controls.Answer)
	p.audioFailed(err)
	return err
}

// Hangup declines, cancels or ends a call, as its state asks.
//
// Without an ID a consultation for the call ends, too, and a conference that the phone
// mixes ends for all; with one the other calls go on.
func (p *Phone) Hangup(ctx context.Context, id string) error {
	if s := p.Snapshot(); id == "" && s.Call != nil && s.Call.InConference {
		return p.EndConference(ctx)
	}
	if s := p.Snapshot(); id == "" && s.Call != nil && s.Call.Consultation.Active() {
		_ = p.EndConsultation() // it may have ended by itself
	}
	return p.control(id, func(c Controls) error {
		if others := p.Snapshot().Calls; len(others) < 2 || c.Details().State == voice.StateIncoming {
			p.cfg.Ringer.Stop()
		}
		return c.Hangup()
	})
}

// Silence stops the ringing of an incoming call; the call goes on. "" is the one that
// rings.
func (p *Phone) Silence(id string) { p.ringing(id, func(c *liveCall) { c.silenced = true }) }

// Ignore takes an incoming call out of the way: the caller hears ringing on, and it
// can still be answered. "" is the one that rings.
func (p *Phone) Ignore(id string) error {
	if id == "" && p.Snapshot().Ringing() == nil || id != "" && p.Snapshot().CallWith(id) == nil {
		return fault.New(fault.NoCall, "call.none-to-answer")
	}
	p.ringing(id, func(c *liveCall) { c.silenced, c.ignored = true, true })
	return nil
}

// ringing stops the ringing of a call and notes it.
func (p *Phone) ringing(id string, note func(*liveCall)) {
	p.cfg.Ringer.Stop()
	p.loop.post(func() {
		c := p.m.calls.rings()
		if id != "" {
			c = p.m.calls.find(id)
		}
		if c != nil && c.d.State == voice.StateIncoming {
			note(c)
			p.touch()
		}
	})
}

// Mute stops the microphone of an established call.
func (p *Phone) Mute(id string) error { return p.control(id, Controls.Mute) }

// Unmute opens the microphone again.
func (p *Phone) Unmute(id string) error { return p.control(id, Controls.Unmute) }

// Hold puts the far side of a call on hold. It returns when the far side has agreed.
//
// Without an ID a conference is held as a whole.
func (p *Phone) Hold(ctx context.Context, id string) error {
	if s := p.Snapshot(); id == "" && s.Call != nil && s.Call.InConference {
		for _, party := range s.Call.Parties {
			if err := p.during(ctx, party.ID, Controls.Hold); err != nil {
				return err
			}
		}
		return nil
	}
	return p.during(ctx, id, Controls.Hold)
}

// Resume ends Hold; another call that was talking is put on hold.
func (p *Phone) Resume(ctx context.Context, id string) error {
	return p.during(ctx, id, Controls.Resume)
}

// SendDTMF sends digits: 0-9 * # A-D and ',' for a pause.
func (p *Phone) SendDTMF(id, digits string) error {
	if err := p.control(id, func(c Controls) error { return c.SendDTMF(digits) }); err != nil {
		return err
	}
	p.loop.post(func() {
		c := p.m.calls.current()
		if id != "" {
			c = p.m.calls.find(id)
		}
		if c != nil {
			c.dtmfSent += digits
			p.touch()
		}
	})
	return nil
}

// Swap goes to the other of two calls: between a call's far side and the one that
// Consult has called, or between the call that has the sound and the one on hold.
func (p *Phone) Swap(ctx context.Context) error {
	s := p.Snapshot()
	if s.Call == nil || s.Call.Consultation.Active() {
		return p.during(ctx, "", Controls.Swap)
	}
	for _, c := range s.Calls {
		if c != s.Call && c.Established != nil && c.State.Answered() {
			return p.Resume(ctx, c.ID)
		}
	}
	return p.during(ctx, "", Controls.Swap) // which says that there is nobody
}

// Statistics returns those of a call that goes on or was the last to end; "" is
// Snapshot.Call or, without one, the last call. The second value is false when there
// was none.
func (p *Phone) Statistics(id string) (voice.Statistics, bool) {
	if s := p.Snapshot(); id == "" {
		switch {
		case s.Call != nil:
			id = s.Call.ID
		case s.LastCall != nil:
			id = s.LastCall.ID
		}
	}
	c, ok := p.engine.Call(id)
	if !ok {
		return voice.Statistics{}, false
	}
	st, err := c.Statistics()
	return st, err == nil
}

// eachSecond keeps what calls show of time up to date. On the loop.
func (p *Phone) eachSecond(n int) {
	for _, c := range p.m.calls {
		// A call is shown anew each second, so that those who watch it see time
		// pass, also while it rings.
		p.judgeQuality(c)
		p.touch()
		if n%heartbeat == 0 && c.d.State.Answered() {
			p.logProgress(c, nil)
		}
	}
}

// ringOn rings for a call that still waits for an answer after another has ended.
func (p *Phone) ringOn() {
	c := p.m.calls.rings()
	if c != nil && !c.silenced && len(p.m.calls.without(c)) == 0 {
		p.cfg.Ringer.Ring(p.ringVolume())
	}
}

// inCall reports whether a SIP account carries a call.
func (s *Snapshot) inCall(line string) bool {
	return slices.ContainsFunc(s.Calls, func(c *Call) bool { return c.Line == line })
}
