package voice

// State is the state of a call (reference, section 2.1).
type State int

// The states of a call in the order in which a call can meet them.
const (
	StateNone State = iota
	StateOutgoingInitiated
	StateEarly
	StateRinging
	StateConnecting
	StateIncoming
	StateAnswering
	StateEstablished
	StateMediaDisrupted
	StateRenewingMedia
	StateEnding
	StateEnded
)

var stateNames = [...]string{
	StateNone:              "NONE",
	StateOutgoingInitiated: "OUTGOING_INITIATED",
	StateEarly:             "EARLY",
	StateRinging:           "RINGING",
	StateConnecting:        "CONNECTING",
	StateIncoming:          "INCOMING",
	StateAnswering:         "ANSWERING",
	StateEstablished:       "ESTABLISHED",
	StateMediaDisrupted:    "MEDIA_DISRUPTED",
	StateRenewingMedia:     "RENEWING_MEDIA",
	StateEnding:            "ENDING",
	StateEnded:             "ENDED",
}

// String returns the name that the reference gives the state.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return "UNKNOWN"
	}
	return stateNames[s]
}

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

// CanMove reports whether the state machine lets a call go from s to next.
func (s State) CanMove(next State) bool {
	for _, m := range moves[s] {
		if m == next {
			return true
		}
	}
	return false
}

// Active reports whether a call in this state occupies the phone.
func (s State) Active() bool { return s != StateNone && s != StateEnded }

// Answered reports whether both sides have accepted the call and it has not
// begun to end.
func (s State) Answered() bool {
	return s == StateEstablished || s == StateMediaDisrupted || s == StateRenewingMedia
}
