package voice

import (
	"context"

	"offhook/voice/fault"
	"offhook/voice/line/subscriber"
	"offhook/voice/wire"
)

// AgentRules returns what the subscriber's profile says of agents, and whether the
// platform keeps agent states and takes outcomes of calls. All of it is empty while
// there is no profile.
func (c *Client) AgentRules() (rules wire.AgentRules, states, outcomes bool) {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return rules, false, false
	}
	p := s.Profile()
	return p.AgentRules, s.Offers(wire.AbilityAgentState), s.Offers(wire.AbilityOutcome)
}

// SetAgentState tells the platform what the agent has chosen to be. Calls are then
// brought to the phone only in the states that take them. It waits for the platform
// and returns how the agent stands then, which is another state than the chosen one
// where a supervisor has set one since; nothing is done where the platform keeps no
// agent states. The errors are SDK_UNINITIALIZED and those of the platform.
func (c *Client) SetAgentState(ctx context.Context, choice wire.AgentChoice) (wire.Agent, error) {
	s, err := c.ableTo(wire.AbilityAgentState)
	if s == nil {
		return wire.Agent{}, err
	}
	return s.Platform.PutAgentState(ctx, choice)
}

// Agents returns how the colleagues of the account stand, none where the platform
// keeps no agent states. It waits for the platform. The errors are SDK_UNINITIALIZED
// and those of the platform.
func (c *Client) Agents(ctx context.Context) ([]wire.Agent, error) {
	s, err := c.ableTo(wire.AbilityAgentState)
	if s == nil {
		return nil, err
	}
	return s.Platform.Agents(ctx)
}

// PostOutcome tells the platform what became of a call; a second one for the same
// call replaces the first. It waits for the platform, and does nothing where the
// platform takes no outcomes. The errors are SDK_UNINITIALIZED and those of the
// platform.
func (c *Client) PostOutcome(ctx context.Context, o wire.Outcome) error {
	s, err := c.ableTo(wire.AbilityOutcome)
	if s == nil {
		return err
	}
	return s.Platform.PostOutcome(ctx, o)
}

// ableTo returns the session if its platform has an ability, else nil.
func (c *Client) ableTo(ability string) (*subscriber.Session, error) {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return nil, fault.New(fault.Uninitialized, "sign-in.first")
	}
	if !s.Offers(ability) {
		return nil, nil
	}
	return s, nil
}
