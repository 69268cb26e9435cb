package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"offhook/app/agentstate"
	"offhook/app/calllog"
	"offhook/app/readiness"
	"offhook/app/signin"
	"offhook/assets/lang"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// wrapUp begins the work after a call that was answered, where it is configured. On
// the loop.
func (p *Phone) wrapUp(c *liveCall) {
	a := &p.m.agent
	now := p.cfg.Now()
	if c.d.Established.IsZero() {
		return
	}
	a.today.Spoke(c.d.Duration(c.d.Ended), now)
	a.today.Beat(a.state, a.reason, a.since, now)
	rules := p.m.agentRules(c.d.Line)
	if rules.WrapUpSeconds <= 0 || len(p.m.calls) > 0 {
		return
	}
	p.closeWrapUp()
	a.wrap = agentstate.WrapUp{CallID: c.d.CallID, Rules: rules, Opened: now}
	a.wrapped = *p.m.last
	a.working, a.workEnds, a.by = true, a.wrap.Ends().UTC(), ""
	p.armWork()
	p.judgeAgent()
}

// drawWrapUp is the wrap-up of the snapshot, nil without one.
func (p *Phone) drawWrapUp() *WrapUp {
	m := &p.m
	w := &m.agent.wrap
	if !w.Open() {
		return nil
	}
	next, _ := m.choice()
	out := &WrapUp{
		Call: m.agent.wrapped, Code: w.Code, Note: w.Note, CallbackAt: moment(w.CallbackAt), Codes: w.Rules.Outcomes,
		Required: w.Rules.OutcomeRequired, Since: w.Opened.UTC(), Ends: moment(w.Ends()), Staying: w.Staying, Over: w.Over,
		Next: next, Offline: m.agent.takes && !m.ready.OK(readiness.Platform),
	}
	if m.last != nil && m.last.ID == w.CallID {
		out.Call = *m.last // with its rating
	}
	return out
}

// inWrapUp runs f on the wrap-up that there is.
func (p *Phone) inWrapUp(f func(w *agentstate.WrapUp) error) error {
	return p.loop.ask(p.ctx, func() error {
		w := &p.m.agent.wrap
		if !w.Open() {
			return fault.New(fault.NoCall, "outcome.no-wrap-up")
		}
		p.touch()
		return f(w)
	})
}

// StayInWrapUp stops the time of the work after a call: it then ends when the agent is
// done, or at the configured limit.
func (p *Phone) StayInWrapUp() error {
	return p.inWrapUp(func(w *agentstate.WrapUp) error { p.stay(w); return nil })
}

func (p *Phone) stay(w *agentstate.WrapUp) {
	a := &p.m.agent
	if w.Staying || w.Over || !a.working {
		return
	}
	w.Staying = true
	a.workEnds = time.Time{}
	if ends := w.Ends(); !ends.IsZero() {
		a.workEnds = ends.UTC()
	}
	p.armWork()
	p.tellAgentState()
}

// SetOutcome enters what became of the call that is wrapped up; "" takes it back. It
// must be one of the configured codes, if there are any.
func (p *Phone) SetOutcome(code string) error {
	return p.inWrapUp(func(w *agentstate.WrapUp) error {
		if err := checkOutcome(w.Rules, Outcome{Code: code}); code != "" && err != nil {
			return err
		}
		w.Code = code
		return nil
	})
}

// SetOutcomeNote enters the note of the call that is wrapped up. Who writes stays.
func (p *Phone) SetOutcomeNote(note string) error {
	return p.inWrapUp(func(w *agentstate.WrapUp) error {
		if len(note) > maxOutcomeNote {
			return fault.New(fault.InvalidParameter, "outcome.long-note")
		}
		if w.Note = note; note != "" {
			p.stay(w)
		}
		return nil
	})
}

// SetCallback enters when the far side of the call that is wrapped up wants to be
// called again; the zero time is not at all.
func (p *Phone) SetCallback(at time.Time) error {
	return p.inWrapUp(func(w *agentstate.WrapUp) error { w.CallbackAt = at; return nil })
}

// FinishWrapUp saves what was entered and ends the work after the call. It is refused
// without an outcome where one is required.
func (p *Phone) FinishWrapUp() error {
	return p.inWrapUp(func(w *agentstate.WrapUp) error {
		if w.Rules.OutcomeRequired && w.Code == "" {
			return fault.New(fault.InvalidParameter, "outcome.required")
		}
		p.endWork()
		return nil
	})
}

// closeWrapUp saves what was entered so far and forgets the call. On the loop.
func (p *Phone) closeWrapUp() {
	a := &p.m.agent
	if a.wrap.Open() {
		p.saveWrapUp()
		a.wrap, a.wrapped = agentstate.WrapUp{}, EndedCall{}
		p.touch()
	}
}

// wrapUpIsOver is the end of the time. Who stays keeps the page. On the loop.
func (p *Phone) wrapUpIsOver() {
	switch w := &p.m.agent.wrap; {
	case !w.Open():
	case w.Staying:
		w.Over = true
		p.saveWrapUp()
	default:
		p.closeWrapUp()
	}
}

// saveWrapUp writes what was entered, if it is not what was written last.
func (p *Phone) saveWrapUp() {
	w := &p.m.agent.wrap
	o := w.Outcome
	if o.Code == "" && (w.Rules.OutcomeRequired || !o.Empty()) {
		o.Code = wire.OutcomeNotSet
	}
	if o.Empty() || o.Equal(w.Saved) {
		return
	}
	w.Saved, w.Draft = o, w.Outcome
	p.keepOutcome(w.CallID, o, nil)
}

// draftWrapUp keeps what is being entered, in case the phone is killed. On the loop.
func (p *Phone) draftWrapUp() {
	w := &p.m.agent.wrap
	if !w.Open() || w.Outcome.Equal(w.Draft) || w.Outcome.Equal(w.Saved) {
		return
	}
	w.Draft = w.Outcome
	o, call := w.Outcome, w.CallID
	if o.Code == "" {
		o.Code = wire.OutcomeNotSet
	}
	due := p.outcomesGoTo()
	p.writer.Add(calllog.Job{Quiet: true, Do: func(l *calllog.Log) error {
		return l.DraftOutcome(call, calllog.Outcome{Code: o.Code, Note: o.Note, CallbackAt: o.CallbackAt}, due)
	}})
}

// outcomesGoTo is whose platform is told of outcomes, "" for nobody's.
func (p *Phone) outcomesGoTo() string {
	if s := p.m.session; s != nil && p.m.agent.takes {
		return signin.Owner(s.account)
	}
	return ""
}

// Outcome is what became of a call, as its agent says.
type Outcome = agentstate.Outcome

// The bounds of an outcome, in bytes.
const (
	maxOutcomeCode = 64
	maxOutcomeNote = 2000
)

func checkOutcome(rules wire.AgentRules, o Outcome) error {
	switch {
	case strings.TrimSpace(o.Code) == "" || len(o.Code) > maxOutcomeCode:
		return fault.New(fault.InvalidParameter, "outcome.no-code")
	case len(rules.Outcomes) > 0 && !slices.Contains(rules.Outcomes, o.Code) && o.Code != wire.OutcomeNotSet:
		return fault.New(fault.InvalidParameter, "outcome.unknown", o.Code)
	case len(o.Note) > maxOutcomeNote:
		return fault.New(fault.InvalidParameter, "outcome.long-note")
	}
	return nil
}

// SaveOutcome says what became of a call, by its id in the log; "" is the call that is
// wrapped up, or the one in progress, or the last one. It is written into the log, and
// told to the platform now or as soon as that can be reached; another one for the same
// call replaces it.
func (p *Phone) SaveOutcome(ctx context.Context, call string, o Outcome) error {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	done := make(chan error, 1)
	if err := p.loop.ask(ctx, func() error {
		m := &p.m
		w := &m.agent.wrap
		line := ""
		switch {
		case call != "":
		case w.Open():
			call, line = w.CallID, m.agent.wrapped.Line
		case m.calls.current() != nil:
			c := m.calls.current()
			call, line = c.d.CallID, c.d.Line
		case m.last != nil:
			call, line = m.last.ID, m.last.Line
		default:
			return fault.New(fault.NoCall, "outcome.no-call")
		}
		if err := checkOutcome(m.agentRules(line), o); err != nil {
			return err
		}
		if w.CallID == call {
			w.Outcome, w.Saved = o, o
		}
		p.keepOutcome(call, o, func(err error) { done <- err })
		p.touch()
		return nil
	}); err != nil {
		return err
	}
	select {
	case err := <-done:
		return logFault(err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// keepOutcome writes an outcome into the log, and has it told. then may be nil. On the
// loop.
func (p *Phone) keepOutcome(call string, o Outcome, then func(error)) {
	s, due := p.m.session, p.outcomesGoTo()
	p.writer.Add(calllog.Job{
		Keep: then == nil,
		Do: func(l *calllog.Log) error {
			return l.SetOutcome(call, calllog.Outcome{Code: o.Code, Note: o.Note, CallbackAt: o.CallbackAt}, due)
		},
		Then: func(err error) {
			if err == nil && due != "" {
				s.outcomeIsDue()
			}
			if then != nil {
				then(err)
			}
		},
	})
}

// outcomeIsDue wakes what tells the platform of outcomes.
func (s *session) outcomeIsDue() {
	select {
	case s.outcomes <- struct{}{}:
	default:
	}
}

// keepOutcomes tells the platform what became of calls until the session ends: also
// what an earlier run of the phone could not tell.
func (s *session) keepOutcomes() {
	p := s.p
	if p.writer.Wait(s.ctx, func(l *calllog.Log) error { return l.FinishDrafts(signin.Owner(s.account)) }) == nil {
		s.outcomeIsDue()
	}
	for {
		due, err := p.calls.OutcomesDue(s.ctx, signin.Owner(s.account))
		if err != nil {
			p.log.Error("outcomes", "err", err)
		}
		for _, d := range due {
			o := wire.Outcome{SessionID: d.SessionID, Code: d.Code, Note: d.Note}
			if !d.CallbackAt.IsZero() {
				o.CallbackAt = d.CallbackAt.UTC().Format(time.RFC3339)
			}
			err := p.keepTrying(s.ctx, func(ctx context.Context) error {
				err := p.engine.PostOutcome(ctx, o)
				if fault.TypeOf(err) == fault.InvalidParameter {
					p.log.Error("the platform does not take an outcome", "call", d.CallID, "code", d.Code, "err", err)
					p.loop.post(func() { p.say("warning", lang.Of("notice.outcome-refused", d.Code)) })
					return nil // nothing would make it better; the log keeps it
				}
				return err
			}, func(err error, _ time.Time) { p.log.Warn("outcome", "err", err) })
			if err != nil {
				return
			}
			p.writer.Add(calllog.Job{Keep: true, Quiet: true, Do: func(l *calllog.Log) error { return l.OutcomeSent(d) }})
		}
		if len(due) > 0 && s.settled() != nil {
			return
		}
		select {
		case <-s.ctx.Done():
			return
		case <-s.outcomes:
		}
	}
}

// settled waits until the log has what was written into it before.
func (s *session) settled() error {
	return s.p.writer.Wait(s.ctx, func(*calllog.Log) error { return nil })
}
