package exophone

import (
	"slices"
	"time"

	"offhook/demo/relay"
	"offhook/voice/wire"
)

// Record is what is known of a call, live or ended. Times are zero until they
// happen.
type Record struct {
	SessionID string
	// Node is the node of a cluster that has the call, "" for a platform alone.
	Node string `json:",omitempty"`
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

	// ConsultsFor is the session about which this one was to ask somebody, "" for any
	// other call.
	ConsultsFor string `json:",omitempty"`
	// Spoke is who has talked in the call, and when.
	Spoke []Spoke `json:",omitempty"`

	// Codec is the name of the codec once it is agreed.
	Codec string
	// CallerMedia and CalleeMedia are the relay's figures of the two legs.
	CallerMedia, CalleeMedia relay.Stats
}

// Spoke is a time in which somebody talked in a call; To is zero while it lasts.
type Spoke struct {
	Name string
	From time.Time
	To   time.Time `json:",omitzero"`
}

// noteSpeakers keeps who talks from when until when, by who is there now.
func (r *Record) noteSpeakers(now time.Time) {
	spoke := slices.Clone(r.Spoke) // readers have the one before
	for i := range spoke {
		if spoke[i].To.IsZero() && !slices.Contains(r.Parties, spoke[i].Name) {
			spoke[i].To = now
		}
	}
	for _, name := range r.Parties {
		if !slices.ContainsFunc(spoke, func(s Spoke) bool { return s.Name == name && s.To.IsZero() }) {
			spoke = append(spoke, Spoke{Name: name, From: now})
		}
	}
	r.Spoke = spoke
}

// Recorder is told of each call when it begins, at each change, and when it
// has ended. Record must not block.
type Recorder interface {
	Record(Record)
}
