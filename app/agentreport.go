package app

import (
	"context"
	"sync"
	"time"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

// agentReports are what the platform is to be told of the agent, in order, and what it
// has said itself. Its methods may be called from any goroutine.
type agentReports struct {
	wake chan struct{}

	mu      sync.Mutex
	pending []agentReport
	// telling says that a report is on its way: the platform's word is weighed when it
	// has answered. said is the newest of it that came meanwhile.
	telling bool
	said    *wire.Agent
	// revision is that of the newest picture that was taken up.
	revision int64
}

// agentReport is a state that the agent has stood in since at.
type agentReport struct {
	choice wire.AgentChoice
	at     time.Time
	// ends is when it ends by itself, zero for never.
	ends time.Time
}

// maxReports bounds what is kept for a platform that is away: the oldest go.
const maxReports = 64

// add queues a report. One of the same state takes the place of the one before it.
func (r *agentReports) add(n agentReport) {
	r.mu.Lock()
	if last := len(r.pending) - 1; last >= 0 && r.pending[last].at.Equal(n.at) &&
		r.pending[last].choice.State == n.choice.State && r.pending[last].choice.Reason == n.choice.Reason {
		r.pending = r.pending[:last]
	}
	if r.pending = append(r.pending, n); len(r.pending) > maxReports {
		r.pending = r.pending[1:]
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// next takes the report that is to be told; ok is false without one.
func (r *agentReports) next() (n agentReport, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.telling = len(r.pending) > 0; !r.telling {
		return n, false
	}
	n, r.pending = r.pending[0], r.pending[1:]
	return n, true
}

// told takes the platform's answer to a report. It returns what is to be taken up of
// what the platform said, nil for nothing: only when there is nothing left to tell.
func (r *agentReports) told(n agentReport, answer wire.Agent) *wire.Agent {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.telling = false
	if answer.State != n.choice.State || answer.Reason != n.choice.Reason {
		if answer.Revision > 0 { // a supervisor has set another one since
			r.said = &answer
		}
	} else {
		// The platform may have begun to count anew.
		r.revision = answer.Revision
	}
	return r.takeUp()
}

// hear takes what the platform says of the agent, and returns what is to be taken up.
func (r *agentReports) hear(said wire.Agent) *wire.Agent {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == nil || said.Revision >= r.said.Revision {
		r.said = &said
	}
	return r.takeUp()
}

func (r *agentReports) takeUp() *wire.Agent {
	if r.telling || len(r.pending) > 0 || r.said == nil {
		return nil
	}
	said := r.said
	r.said = nil
	if said.Revision <= r.revision {
		return nil // an older picture, or our own word
	}
	r.revision = said.Revision
	return said
}

// tellAgentState has the platform told how the agent stands, at once, and again after
// a reconnect: it may have lost it. On the loop.
func (p *Phone) tellAgentState() {
	s, a := p.m.session, &p.m.agent
	if s == nil || !a.shared {
		return
	}
	n := agentReport{choice: wire.AgentChoice{State: a.state, Reason: a.reason, Doing: a.doing}, at: a.since}
	if a.working {
		n.ends = a.workEnds
	}
	s.reports.add(n)
}

// keepAgentState tells the platform until the session ends.
func (s *session) keepAgentState() {
	p := s.p
	for {
		n, ok := s.reports.next()
		if !ok {
			select {
			case <-s.ctx.Done():
				return
			case <-s.reports.wake:
			}
			continue
		}
		var answer wire.Agent
		_ = p.keepTrying(s.ctx, func(ctx context.Context) (err error) {
			answer, err = s.tell(ctx, n)
			return err
		}, func(err error, _ time.Time) { p.log.Warn("agent state", "err", err) })
		if s.ctx.Err() != nil {
			return
		}
		s.heard(s.reports.told(n, answer))
	}
}

// tell tells the platform of one state.
func (s *session) tell(ctx context.Context, n agentReport) (wire.Agent, error) {
	p := s.p
	c := n.choice
	now := p.cfg.Now()
	c.AgoMS = max(0, now.Sub(n.at).Milliseconds())
	if !n.ends.IsZero() {
		c.Seconds = max(1, int((n.ends.Sub(now)+time.Second/2)/time.Second))
	}
	answer, err := p.engine.SetAgentState(ctx, c)
	if fault.TypeOf(err) == fault.InvalidParameter && c.Reason != "" {
		// The platform has other reasons than ours: the break counts.
		p.log.Warn("the reason of the break is not taken", "reason", c.Reason)
		c.Reason = ""
		if answer, err = p.engine.SetAgentState(ctx, c); err == nil {
			answer.Reason = n.choice.Reason
		}
	}
	if fault.TypeOf(err) == fault.InvalidParameter {
		p.log.Warn("the platform does not take the state", "state", c.State, "err", err)
		return wire.Agent{State: n.choice.State, Reason: n.choice.Reason}, nil // nothing would make it better
	}
	return answer, err
}

// heard takes up a newer state from elsewhere.
func (s *session) heard(said *wire.Agent) {
	if said == nil {
		return
	}
	if said.State == wire.AgentOffline { // another phone of the agent has gone
		s.p.loop.post(s.p.tellAgentState)
		return
	}
	s.p.takeOver(*said)
}

// offlineTime is how long the platform is given to hear that the agent leaves.
const offlineTime = 300 * time.Millisecond

// goOffline tells colleagues that the agent has signed out or quit.
func (s *session) goOffline(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, offlineTime)
	defer cancel()
	if _, err := s.p.engine.SetAgentState(ctx, wire.AgentChoice{State: wire.AgentOffline}); err != nil {
		s.p.log.Warn("agent state", "err", err)
	}
}

// agentsChanged takes what the platform says of agents.
func (s *session) agentsChanged(list []wire.Agent) {
	for _, a := range list {
		if a.Name == s.account.SubscriberName {
			s.heard(s.reports.hear(a))
		}
	}
	s.p.colleaguesChanged(s, list, false)
}
