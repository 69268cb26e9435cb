package app

import (
	"context"
	"time"

	"offhook/app/settings"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// agentStateOf is the availability as the platform calls it.
func agentStateOf(a Availability) wire.AgentState {
	switch a {
	case Busy:
		return wire.AgentBusy
	case Break:
		return wire.AgentBreak
	case DoNotDisturb:
		return wire.AgentDoNotDisturb
	}
	return wire.AgentAvailable
}

// availabilityOf is what a supervisor has chosen for the agent, as far as the phone
// has a name for it.
func availabilityOf(s wire.AgentState) (a Availability, ok bool) {
	switch s {
	case wire.AgentAvailable:
		return Available, true
	case wire.AgentBusy:
		return Busy, true
	case wire.AgentBreak:
		return Break, true
	case wire.AgentDoNotDisturb:
		return DoNotDisturb, true
	}
	return "", false
}

// chosen is what the agent has chosen.
func chosen(s settings.Settings) wire.AgentChoice {
	c := wire.AgentChoice{State: agentStateOf(Availability(s.Availability))}
	if c.State == wire.AgentBreak {
		c.Reason = s.BreakReason
	}
	return c
}

// tellAgentState has the platform told what the agent has chosen, again after a
// reconnect: it may have lost it.
func (s *session) tellAgentState() {
	select {
	case s.agentState <- struct{}{}:
	default:
	}
}

// keepAgentState tells the platform until the session ends.
func (s *session) keepAgentState() {
	p := s.p
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.agentState:
		}
		_ = p.keepTrying(s.ctx, func(ctx context.Context) error {
			c := chosen(p.store.Get())
			err := p.engine.SetAgentState(ctx, c.State, c.Reason)
			if fault.TypeOf(err) == fault.InvalidParameter && c.Reason != "" {
				// The platform has other reasons than ours: the break counts.
				p.log.Warn("the reason of the break is not taken", "reason", c.Reason)
				err = p.engine.SetAgentState(ctx, c.State, "")
			}
			return err
		}, func(err error, _ time.Time) { p.log.Warn("agent state", "err", err) })
	}
}

// settleTime is how long after the user's own choice the platform's word on it is
// taken for the echo of an older one.
const settleTime = 3 * time.Second

// agentsChanged takes what the platform says of agents: of this one it is a
// supervisor's word, or the echo of our own.
func (s *session) agentsChanged(list []wire.Agent) {
	for _, a := range list {
		if a.Name != s.account.SubscriberName {
			continue
		}
		now := chosen(s.p.store.Get())
		to, ok := availabilityOf(a.State)
		if !ok || a.State == now.State && a.Reason == now.Reason {
			continue
		}
		if s.p.cfg.Now().Sub(time.UnixMilli(s.p.chosenAt.Load())) < settleTime {
			s.tellAgentState() // the user's word holds
			continue
		}
		if err := s.p.setAvailability(to, a.Reason); err != nil {
			s.p.log.Warn("the availability that was chosen elsewhere", "err", err)
		}
	}
}
