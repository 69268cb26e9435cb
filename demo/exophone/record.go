package exophone

import (
	"time"

	"offhook/demo/relay"
	"offhook/voice/wire"
)

// Record is what is known of a call, live or ended. Times are zero until they
// happen.
type Record struct {
	SessionID string
	// Caller and Callee are bare ids; Callee is the last one tried, empty until
	// Dial-Whom has answered.
	Caller, Callee string
	// CallerNumber is what the callee is shown.
	CallerNumber string
	// CustomField is the message that came with the dialling.
	CustomField string

	Created, Ringing, Answered, Ended time.Time
	// State is what the long poll would say.
	State wire.CallState
	// EndReason is the value of X-End-Reason, or "hangup" after a plain BYE;
	// empty while the call lives.
	EndReason string
	// EndedBy is "caller", "callee" or "platform".
	EndedBy string
	// Status is the final SIP status to the caller's INVITE, or 0.
	Status int

	// Parties are the names of those who talk now, empty before the answer.
	Parties []string `json:",omitempty"`
	// Joined are those who came into the call as into a conference, each as "who, with
	// whose phone".
	Joined []string `json:",omitempty"`
	// Recording is how the call is recorded, nil if nobody asked for that.
	Recording *Recorded `json:",omitempty"`
	// Into is the session that the far side of this one was joined to.
	Into string `json:",omitempty"`

	// Transfers are the handings-over of the call, each as "who to whom".
	Transfers []string `json:",omitempty"`

	// Codec is the name of the codec once it is agreed.
	Codec string
	// CallerMedia and CalleeMedia are the relay's figures of the two legs.
	CallerMedia, CalleeMedia relay.Stats
}

// Recorder is told of each call when it begins, at each change, and when it
// has ended. Record must not block.
type Recorder interface {
	Record(Record)
}
