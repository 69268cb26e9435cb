package app

import (
	"context"
	"slices"
	"time"

	"offhook/app/agentstate"
	"offhook/app/calllog"
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// agent is the part of the model that says how the agent stands.
type agent struct {
	// state and reason hold since; by is who has set them, "" for the agent.
	state  Availability
	reason string
	since  time.Time
	by     string
	// until is when the platform ends a state that was chosen elsewhere, zero for never.
	until time.Time
	doing wire.AgentDoing
	today agentstate.Today
	// working says that the agent works after a call, until workEnds if that is not
	// zero.
	working  bool
	workEnds time.Time
	wrap     agentstate.WrapUp
	// wrapped is the call of wrap.
	wrapped EndedCall
	// rules are those of the platform, shared that it keeps agent states, takes that it
	// takes outcomes.
	rules         wire.AgentRules
	shared, takes bool
	timer         *time.Timer
	beatAt        time.Time
}

// openAgent begins with what was chosen before.
func (p *Phone) openAgent() {
	a := &p.m.agent
	a.since = p.cfg.Now().UTC()
	a.state, a.reason = p.m.choice()
	a.doing = wire.AgentNotReady
	var since time.Time
	a.today, since = agentstate.OpenToday(p.cfg.Dir, p.log, p.cfg.Now(), a.state, a.reason, func(write func()) {
		p.writer.Add(calllog.Job{Quiet: true, Do: func(*calllog.Log) error { write(); return nil }})
	})
	if !since.IsZero() {
		a.since = since.UTC() // the phone was killed and is here again
	}
}

// closeAgent keeps what the day was until the end of the phone. On the loop.
func (p *Phone) closeAgent() {
	a := &p.m.agent
	p.closeWrapUp()
	a.today.End(a.state, a.since, p.cfg.Now())
	if a.timer != nil {
		a.timer.Stop()
	}
}

// agentRules are the rules that hold for calls on a line, "" for the subscriber's: the
// platform's word, and where it has none the administrator's.
func (m *model) agentRules(line string) wire.AgentRules {
	own := m.settings.Agent
	r := wire.AgentRules{BreakReasons: own.BreakReasons, Outcomes: own.Outcomes, BreakLimits: own.BreakLimits,
		WrapUpSeconds: own.WrapUpS, WrapUpLimit: own.WrapUpLimitS, OutcomeRequired: own.OutcomeRequired}
	theirs := m.agent.rules
	if len(theirs.BreakReasons) > 0 {
		r.BreakReasons, r.BreakLimits = theirs.BreakReasons, theirs.BreakLimits
	}
	if line != "" {
		return r
	}
	if len(theirs.Outcomes) > 0 {
		r.Outcomes = theirs.Outcomes
	}
	if theirs.WrapUpSeconds > 0 {
		r.WrapUpSeconds, r.WrapUpLimit, r.OutcomeRequired = theirs.WrapUpSeconds, theirs.WrapUpLimit, theirs.OutcomeRequired
	}
	return r
}

// choice is what the agent has chosen, to which the work after a call returns.
func (m *model) choice() (Availability, string) {
	a := Availability(m.settings.Availability)
	if a != Break {
		return a, ""
	}
	return a, m.settings.BreakReason
}

// judgeAgent finds out how the agent stands now. On the loop.
func (p *Phone) judgeAgent() {
	m := &p.m
	a := &m.agent
	state, reason := m.choice()
	if a.working {
		state, reason = AfterCallWork, ""
	}
	doing := p.agentDoing()
	if state == a.state && reason == a.reason && doing == a.doing {
		return
	}
	now := p.cfg.Now()
	if was := a.state; state != was || reason != a.reason {
		a.today.End(was, a.since, now)
		a.state, a.reason, a.since, a.until = state, reason, now.UTC(), time.Time{}
		a.today.Beat(state, reason, a.since, now) // so that a phone that is killed now knows since when
		p.log.Info("availability", "is", state, "reason", reason)
		p.engine.SetDeclining(declines(state))
		p.tellAllCodes()
		if state != was {
			p.ringOn()
		}
	}
	a.doing = doing
	p.tellAgentState()
	p.touch()
}

// declines reports whether calls are declined before they ring.
func declines(a Availability) bool { return !a.Takes() }

// agentDoing is what follows from calls and readiness.
func (p *Phone) agentDoing() wire.AgentDoing {
	m := &p.m
	switch c := m.calls.current(); {
	case c != nil && c.d.State == voice.StateIncoming:
		return wire.AgentRinging
	case c != nil:
		return wire.AgentInCall
	case !m.isReady():
		return wire.AgentNotReady
	}
	return wire.AgentIdle
}

// isReady reports what Snapshot.Ready says.
func (m *model) isReady() bool {
	if m.sipOnly() {
		return readiness.All(m.ready.ForAccounts())
	}
	return m.ready.Ready() && m.account.State == SignedIn
}

// drawAgent draws how the agent stands.
func (p *Phone) drawAgent(s *Snapshot) {
	m := &p.m
	a := &m.agent
	now := p.cfg.Now()
	rules := m.agentRules("")
	s.Availability, s.AvailableSince, s.Today = a.state, a.since, a.today.Before(now)
	s.Figures = a.today.Figures(a.state, a.since, now)
	s.Outcomes = rules.Outcomes
	st := AgentState{Until: moment(a.until), State: a.state, Reason: a.reason, Since: a.since, Doing: a.doing, By: a.by, Shared: a.shared && m.session != nil}
	for _, r := range rules.BreakReasons {
		st.Reasons = append(st.Reasons, BreakReason{Reason: r, LimitS: max(0, rules.BreakLimits[r])})
	}
	switch {
	case a.working:
		st.Next, st.NextReason = m.choice()
		st.Until = moment(a.workEnds)
	default:
		if c := m.calls.current(); c != nil && !c.d.Established.IsZero() && m.agentRules(c.d.Line).WrapUpSeconds > 0 {
			st.Next = AfterCallWork
		}
	}
	if a.state == Break {
		st.LimitS = max(0, rules.BreakLimits[a.reason])
	}
	s.AgentState = st
	s.WrapUp = p.drawWrapUp()
}

// SetAvailability chooses what happens to calls from now on; it is kept over
// restarts, and the platform is told. AfterCallWork lasts as long as it is configured,
// or until something else is chosen. Available is refused while the phone is not
// Ready, unless the administrator allows it.
func (p *Phone) SetAvailability(a Availability) error { return p.choose(a, "", "") }

// SetBreak is SetAvailability of a break with a reason, which must be one of the
// configured ones if there are any.
func (p *Phone) SetBreak(reason string) error { return p.choose(Break, reason, "") }

// maxBreakReason bounds the reason of a break, in bytes.
const maxBreakReason = 64

// choose takes a choice of the agent, or of somebody else (by).
func (p *Phone) choose(a Availability, reason, by string) error {
	if len(reason) > maxBreakReason || reason != "" && a != Break {
		return fault.New(fault.InvalidParameter, "availability.bad-reason")
	}
	if !a.Known() || a == wire.AgentOffline {
		return fault.New(fault.InvalidParameter, "availability.unknown")
	}
	work := false
	if err := p.loop.ask(p.ctx, func() error {
		m := &p.m
		rules := m.agentRules("")
		present, _ := m.choice()
		switch {
		case by != "":
		case a == Available && !m.isReady() && !m.settings.Agent.AvailableUnready && (present != Available || m.agent.working):
			return fault.New(fault.InvalidParameter, "availability.not-ready")
		case reason != "" && len(rules.BreakReasons) > 0 && !slices.Contains(rules.BreakReasons, reason):
			return fault.New(fault.InvalidParameter, "availability.no-such-reason", reason)
		}
		if a == AfterCallWork {
			if !m.agent.working {
				p.beginWork(rules.WrapUpSeconds)
			}
			m.agent.by, work = by, true
		}
		return nil
	}); err != nil || work {
		return err
	}
	err := p.UpdateSettings(func(s *Settings) { s.Availability, s.BreakReason = string(a), reason })
	p.loop.post(func() {
		p.endWork()
		p.m.agent.by = by
		p.judgeAgent()
		p.touch()
	})
	return err
}

// beginWork begins the work after a call, for so many seconds if that is not 0, unless a
// call still goes on. On the loop.
func (p *Phone) beginWork(seconds int) {
	a := &p.m.agent
	a.working, a.workEnds, a.by = true, time.Time{}, ""
	if n := seconds; n > 0 && p.m.calls.current() == nil {
		a.workEnds = p.cfg.Now().Add(time.Duration(n) * time.Second).UTC()
	}
	p.armWork()
	p.judgeAgent()
}

// armWork has the end of the work looked at when it is due.
func (p *Phone) armWork() {
	a := &p.m.agent
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if !a.workEnds.IsZero() {
		a.timer = time.AfterFunc(max(0, a.workEnds.Sub(p.cfg.Now())), crash.Guarded(func() { p.loop.post(p.workIsDue) }))
	}
}

// workIsDue ends the work after a call whose time has passed. On the loop.
func (p *Phone) workIsDue() {
	a := &p.m.agent
	if !a.working || a.workEnds.IsZero() || p.cfg.Now().Before(a.workEnds) {
		return
	}
	p.wrapUpIsOver()
	p.stopWork()
}

// stopWork lets what was chosen hold again. On the loop.
func (p *Phone) stopWork() {
	a := &p.m.agent
	a.working, a.workEnds, a.by = false, time.Time{}, ""
	p.armWork()
	p.judgeAgent()
	p.touch()
}

// endWork is the end of the work after a call by the agent's choice. On the loop.
func (p *Phone) endWork() {
	if p.m.agent.wrap.Open() {
		p.closeWrapUp()
	}
	if p.m.agent.working {
		p.stopWork()
	}
}

// beatEvery is how often the day's figures are kept while nothing changes.
const beatEvery = time.Minute

// agentTick keeps what depends on time: the computer may have slept. On the loop.
func (p *Phone) agentTick() {
	a := &p.m.agent
	now := p.cfg.Now()
	p.workIsDue()
	p.draftWrapUp()
	if age(now, a.beatAt) >= beatEvery {
		a.beatAt = now
		a.today.Beat(a.state, a.reason, a.since, now)
	}
}

// Refresh brings Snapshot up to this moment, also what changes with time alone.
func (p *Phone) Refresh(ctx context.Context) error {
	return p.loop.ask(ctx, func() error { p.touch(); return nil })
}

// agentRulesChanged takes up what the profile says of agents. On the loop.
func (p *Phone) agentRulesChanged() {
	a := &p.m.agent
	shared := a.shared
	a.rules, a.shared, a.takes = p.engine.AgentRules()
	if a.shared && !shared {
		p.tellAgentState()
	}
}

// forgetAgentRules is the end of a session. On the loop.
func (p *Phone) forgetAgentRules() {
	a := &p.m.agent
	a.rules, a.shared, a.takes = wire.AgentRules{}, false, false
}

// stateWords are the codes of the states' names.
var stateWords = map[Availability]string{
	Available: "availability.is-available", Busy: "availability.is-busy", Break: "availability.is-break",
	DoNotDisturb: "availability.is-dnd", AfterCallWork: "availability.is-after_call_work",
}

// takeOver takes a state that was chosen elsewhere: by a supervisor, on another phone
// of the agent, or by the platform at the end of a time.
func (p *Phone) takeOver(theirs wire.Agent) {
	if err := p.choose(theirs.State, theirs.Reason, or(theirs.By, "other")); err != nil {
		p.log.Warn("the availability that was chosen elsewhere", "state", theirs.State, "err", err)
		return
	}
	until, _ := time.Parse(time.RFC3339Nano, theirs.Until)
	p.loop.post(func() {
		a := &p.m.agent
		switch {
		case a.state != theirs.State: // something else was chosen meanwhile
		case a.working:
			a.workEnds = until.UTC()
			if until.IsZero() {
				a.workEnds = time.Time{}
			}
			p.armWork()
		default:
			a.until = until
		}
		p.touch()
		if theirs.By != wire.BySupervisor {
			a.by = ""
			return
		}
		what := lang.Of(stateWords[theirs.State])
		if theirs.Reason != "" {
			what = lang.Of("availability.is-break-for", theirs.Reason)
		}
		p.say("info", lang.Of("notice.supervisor", what))
	})
}
