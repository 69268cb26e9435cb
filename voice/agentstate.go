package voice

import (
	"context"
	"slices"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

// SetAgentState tells the platform what the agent has chosen to be, with the reason
// of a break, which may be empty. Calls are then brought to the phone only in the
// states that take them. It waits for the platform, and does nothing where the
// platform keeps no agent states. The errors are SDK_UNINITIALIZED and those of the
// platform.
func (c *Client) SetAgentState(ctx context.Context, state wire.AgentState, reason string) error {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return fault.New(fault.Uninitialized, "sign-in.first")
	}
	if !slices.Contains(s.profile.Load().Abilities, wire.AbilityAgentState) {
		return nil
	}
	return s.platform.PutAgentState(ctx, wire.AgentChoice{State: state, Reason: reason})
}
