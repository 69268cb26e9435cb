package agentstate

import (
	"time"

	"offhook/voice/wire"
)

// Outcome is what became of a call, as its agent says.
type Outcome struct {
	// Code is one of the configured outcomes, or "" for none yet.
	Code string
	Note string
	// CallbackAt is when the far side wants to be called again; zero for not at all.
	CallbackAt time.Time
}

// Empty reports whether nothing was entered.
func (o Outcome) Empty() bool { return o.Code == "" && o.Note == "" && o.CallbackAt.IsZero() }

// Equal reports whether o and b say the same.
func (o Outcome) Equal(b Outcome) bool {
	return o.Code == b.Code && o.Note == b.Note && o.CallbackAt.Equal(b.CallbackAt)
}

// WrapUp is the work after one call. The zero value is none.
type WrapUp struct {
	// CallID is the call's id in the log.
	CallID string
	Rules  wire.AgentRules
	Opened time.Time
	// Staying says that the agent has asked for more time.
	Staying bool
	// Over says that the time has passed: the agent's state has changed, and what was
	// entered can still be changed.
	Over bool
	Outcome
	// Saved is what was saved last, Draft what was kept of it in case the phone is
	// killed.
	Saved, Draft Outcome
}

// Open reports whether there is a call to wrap up.
func (w *WrapUp) Open() bool { return w.CallID != "" }

// Ends is when the work ends by itself: after the configured time, or, for an agent
// who stays, at the limit. Zero is never.
func (w *WrapUp) Ends() time.Time {
	n := w.Rules.WrapUpSeconds
	if w.Staying {
		n = w.Rules.WrapUpLimit
	}
	if n <= 0 || w.Opened.IsZero() {
		return time.Time{}
	}
	return w.Opened.Add(time.Duration(n) * time.Second)
}
