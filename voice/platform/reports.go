package platform

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"offhook/voice/wire"
)

// PostFeedback sends feedback; a second one for the same session replaces the
// first.
func (c *Client) PostFeedback(ctx context.Context, f wire.Feedback) error {
	return c.call(ctx, http.MethodPost, c.path("feedback"), f, nil)
}

// PostEvents sends a batch of client events.
func (c *Client) PostEvents(ctx context.Context, events []json.RawMessage) error {
	return c.call(ctx, http.MethodPost, c.path("events"), wire.Events{Events: events}, nil)
}

// LogDestination asks where to put a log archive of size bytes.
func (c *Client) LogDestination(ctx context.Context, size int64, description string) (wire.LogDestination, error) {
	in := wire.LogRequest{Size: size, Description: description}
	var out wire.LogDestination
	if err := c.call(ctx, http.MethodPost, c.path("logdestination"), in, &out); err != nil {
		return wire.LogDestination{}, err
	}
	if out.URL == "" {
		return wire.LogDestination{}, formFault(c.cfg.Base.Host, nil)
	}
	return out, nil
}

// Transfer asks the platform to hand the far side of a conversation to target. The
// platform must have the ability transfer.
func (c *Client) Transfer(ctx context.Context, session string, to wire.TransferRequest) error {
	return c.call(ctx, http.MethodPost, c.cfg.Base.JoinPath("calls", session, "transfer"), to, nil)
}

// Record does an action on the recording of a conversation: "start", "stop", "pause" or
// "resume". The platform must have the ability recording.
func (c *Client) Record(ctx context.Context, session, action string) (r wire.Recording, err error) {
	u := c.cfg.Base.JoinPath("accounts", c.cfg.AccountSID, "calls", session, "recording")
	return r, c.call(ctx, http.MethodPost, u, wire.RecordingRequest{Action: action}, &r)
}

// Confer asks the platform to take the far side of another conversation of this phone's
// into a conversation, which is a conference then, and returns who is there. The
// platform must have the ability conference, as for those that follow.
func (c *Client) Confer(ctx context.Context, session, with string) (now wire.Conference, err error) {
	return now, c.call(ctx, http.MethodPost, c.conference(session), wire.ConferenceRequest{With: with}, &now)
}

// EndConference ends a conference for all.
func (c *Client) EndConference(ctx context.Context, session string) error {
	return c.call(ctx, http.MethodDelete, c.conference(session), nil, nil)
}

// DropParty takes a party out of a conference.
func (c *Client) DropParty(ctx context.Context, session, id string) error {
	return c.call(ctx, http.MethodDelete, c.conference(session).JoinPath("parties", id), nil, nil)
}

// MuteParty keeps a party of a conference from being heard, or ends that.
func (c *Client) MuteParty(ctx context.Context, session, id string, on bool) error {
	return c.call(ctx, http.MethodPut, c.conference(session).JoinPath("parties", id), wire.PartyChange{Muted: on}, nil)
}

func (c *Client) conference(session string) *url.URL {
	return c.cfg.Base.JoinPath("accounts", c.cfg.AccountSID, "calls", session, "conference")
}

// PutAgentState tells what the agent has chosen, and returns how the agent stands
// then. The platform must have the ability agent_state.
func (c *Client) PutAgentState(ctx context.Context, choice wire.AgentChoice) (agent wire.Agent, err error) {
	return agent, c.call(ctx, http.MethodPut, c.path("agent-state"), choice, &agent)
}

// Agents returns how everybody of the account stands. The platform must have the
// ability agent_state.
func (c *Client) Agents(ctx context.Context) ([]wire.Agent, error) {
	var out struct {
		Agents []wire.Agent `json:"agents"`
	}
	err := c.call(ctx, http.MethodGet, c.cfg.Base.JoinPath("accounts", c.cfg.AccountSID, "agents"), nil, &out)
	return out.Agents, err
}

// PostOutcome tells what became of a call; a second one for the same call replaces
// the first. The platform must have the ability outcome.
func (c *Client) PostOutcome(ctx context.Context, o wire.Outcome) error {
	return c.call(ctx, http.MethodPost, c.path("outcome"), o, nil)
}
