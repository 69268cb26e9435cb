package voice

import "slices"

// State is the state of a call, by the name that the reference gives it (section
// 2.1).
type State string

// The states of a call in the order in which a call can meet them.
const (
	StateNone              State = "NONE"
	StateOutgoingInitiated State = "OUTGOING_INITIATED"
	StateEarly             State = "EARLY"
	StateRinging           State = "RINGING"
	StateConnecting        State = "CONNECTING"
	StateIncoming          State = "INCOMING"
	StateAnswering         State = "ANSWERING"
	StateEstablished       State = "ESTABLISHED"
	StateMediaDisrupted    State = "MEDIA_DISRUPTED"
	StateRenewingMedia     State = "RENEWING_MEDIA"
	StateEnding            State = "ENDING"
	StateEnded             State = "ENDED"
)

// moves is the state machine: the states that may follow each state. EARLY and
// RINGING have no fixed order. Every state before ENDING may end, and ENDED is
// final.
var moves = map[State][]State{
	StateNone:              {StateOutgoingInitiated, StateIncoming, StateEnding, StateEnded},
	StateOutgoingInitiated: {StateEarly, StateRinging, StateConnecting, StateEstablished, StateEnding, StateEnded},
	StateEarly:             {StateRinging, StateConnecting, StateEstablished, StateEnding, StateEnded},
	StateRinging:           {StateEarly, StateConnecting, StateEstablished, StateEnding, StateEnded},
	StateConnecting:        {StateEstablished, StateEnding, StateEnded},
	StateIncoming:          {StateAnswering, StateEnding, StateEnded},
	StateAnswering:         {StateEstablished, StateEnding, StateEnded},
	StateEstablished:       {StateMediaDisrupted, StateRenewingMedia, StateEnding, StateEnded},
	StateMediaDisrupted:    {StateRenewingMedia, StateEstablished, StateEnding, StateEnded},
	StateRenewingMedia:     {StateMediaDisrupted, StateEstablished, StateEnding, StateEnded},
	StateEnding:            {StateEnded},
	StateEnded:             {},
}

// Known reports whether s is one of the states.
func (s State) Known() bool {
	_, ok := moves[s]
	return ok
}

// CanMove reports whether the state machine lets a call go from s to next.
func (s State) CanMove(next State) bool {
	return slices.Contains(moves[s], next)
}

// Active reports whether a call in this state occupies the phone.
func (s State) Active() bool { return s != "" && s != StateNone && s != StateEnded }

// Answered reports whether both sides have accepted the call and it has not
// begun to end.
func (s State) Answered() bool {
	return s == StateEstablished || s == StateMediaDisrupted || s == StateRenewingMedia
}
