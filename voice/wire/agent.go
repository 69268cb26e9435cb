package wire

// The abilities that a profile lists: what the platform offers beyond the
// reference. A platform that lists none is served as the reference is.
const (
	// AbilityAgentState says that the platform keeps agent states: GET and PUT
	// …/subscribers/{name}/agent-state, GET …/agents, frames of type FrameAgents.
	AbilityAgentState = "agent_state"
	// AbilityOutcome says that the platform takes outcomes of calls: POST
	// …/subscribers/{name}/outcome.
	AbilityOutcome = "outcome"
	// AbilityTransfer says that the platform hands calls over: POST
	// /v2/calls/{session_id}/transfer.
	AbilityTransfer = "transfer"
	// AbilityConsult says that a phone may ask somebody before a transfer: INVITE with
	// HeaderConsultsFor, and TransferRequest.With.
	AbilityConsult = "consult"
	// AbilityConference says that the platform mixes: POST, GET and DELETE
	// /v2/accounts/{sid}/calls/{session_id}/conference, PUT and DELETE …/parties/{id},
	// and INFOs of type TypeConference.
	AbilityConference = "conference"
)

// AgentState is what an agent has chosen to be.
type AgentState string

// The states. A call for an agent is brought to the phone while the agent is
// available or busy; in the others the next number is tried.
const (
	AgentAvailable     AgentState = "available"
	AgentBusy          AgentState = "busy"
	AgentBreak         AgentState = "break"
	AgentDoNotDisturb  AgentState = "dnd"
	AgentAfterCallWork AgentState = "after_call_work"
	AgentOffline       AgentState = "offline"
)

// Takes reports whether a call is brought to an agent in the state.
func (s AgentState) Takes() bool { return s == AgentAvailable || s == AgentBusy }

// Known reports whether s is one of the states.
func (s AgentState) Known() bool {
	switch s {
	case AgentAvailable, AgentBusy, AgentBreak, AgentDoNotDisturb, AgentAfterCallWork, AgentOffline:
		return true
	}
	return false
}

// AgentDoing is what follows by itself.
type AgentDoing string

// Not ready: no phone of the agent is connected. Idle is the empty text.
const (
	AgentIdle     AgentDoing = ""
	AgentRinging  AgentDoing = "ringing"
	AgentInCall   AgentDoing = "in_call"
	AgentNotReady AgentDoing = "not_ready"
)

// AgentChoice is the body of PUT …/agent-state.
type AgentChoice struct {
	State AgentState `json:"state"`
	// Reason is one of the profile's break reasons, "" for none.
	Reason string `json:"reason,omitempty"`
	// Seconds is after how long the agent is again what it was before by itself; 0 is
	// never.
	Seconds int `json:"seconds,omitempty"`
	// AgoMS is how long ago the agent chose it, in milliseconds: a phone that was
	// offline tells it later. A choice that is older than a supervisor's counts no
	// more.
	AgoMS int64 `json:"ago_ms,omitempty"`
	// Doing is what the phone does that the platform can't see: in a call over a SIP
	// account, or not ready although it is connected.
	Doing AgentDoing `json:"doing,omitempty"`
}

// BySupervisor is the Agent.By of a state that was set with the account's API key.
const BySupervisor = "supervisor"

// Agent is how an agent stands, for colleagues and supervisors. Times are RFC 3339.
type Agent struct {
	Name   string     `json:"subscriber_name"`
	State  AgentState `json:"state"`
	Reason string     `json:"reason,omitempty"`
	Since  string     `json:"since,omitempty"`
	Until  string     `json:"until,omitempty"`
	Doing  AgentDoing `json:"doing,omitempty"`
	// By is BySupervisor, or "" for the agent's own choice.
	By string `json:"by,omitempty"`
	// Revision rises with each change of State, Reason or Until: of two pictures of an
	// agent the one with the higher revision is the newer.
	Revision int64 `json:"revision,omitempty"`
}

// AgentRules are what agents may choose from and what follows a call.
type AgentRules struct {
	// BreakReasons and Outcomes are what agents may choose from, in this order; any
	// text if there are none.
	BreakReasons []string `json:"break_reasons,omitempty"`
	Outcomes     []string `json:"outcomes,omitempty"`
	// BreakLimits are how long breaks of a reason should be at most, in seconds.
	BreakLimits map[string]int `json:"break_limits,omitempty"`
	// WrapUpSeconds is how long an agent has after each call of the subscriber line, 0
	// for no after-call work. WrapUpLimit bounds it for one who asks for more time; 0
	// is no bound.
	WrapUpSeconds int `json:"wrap_up_seconds,omitempty"`
	WrapUpLimit   int `json:"wrap_up_limit,omitempty"`
	// OutcomeRequired says that an outcome must be chosen after each such call.
	OutcomeRequired bool `json:"outcome_required,omitempty"`
}

// OutcomeNotSet is the code of a call whose agent has let the time pass without
// choosing an outcome. It is always allowed.
const OutcomeNotSet = "not_set"

// AgentFrame tells a phone on its push socket of colleagues who stand otherwise now.
// It is not kept for a phone that is away: that one asks for all at its hello.
type AgentFrame struct {
	Type   string  `json:"type"` // FrameAgents
	Agents []Agent `json:"agents"`
}

// AgentTimes are an agent's figures between two moments.
type AgentTimes struct {
	Name string `json:"subscriber_name"`
	From string `json:"from"`
	To   string `json:"to"`
	// Seconds is how long the agent was in each state.
	Seconds map[AgentState]int `json:"seconds"`
	// Calls is how many calls the agent spoke in, TalkSeconds for how long in all.
	Calls       int `json:"calls"`
	TalkSeconds int `json:"talk_seconds"`
	// HandleSeconds is that and the work after the calls.
	HandleSeconds int `json:"handle_seconds"`
}

// TransferRequest asks for the far side of a conversation to be handed to somebody
// else, by name. The platform answers 202; the phone's own leg then ends with
// ReasonTransferred, and comes back as a call if the target does not answer.
type TransferRequest struct {
	Target string `json:"target,omitempty"`
	// With is the session of another call of this phone's, whose far side is the target:
	// the phone has asked it, or its phone still rings. Both legs of this phone then end
	// with ReasonTransferred.
	With string `json:"with,omitempty"`
}

// Outcome is what became of a call, as its agent says. A second one for the same
// call replaces the first.
type Outcome struct {
	SessionID string `json:"session_id"`
	// Code is one of the profile's outcomes.
	Code string `json:"code"`
	Note string `json:"note,omitempty"`
	// CallbackAt is when the far side wants to be called again, RFC 3339, or "".
	CallbackAt string `json:"callback_at,omitempty"`
}
