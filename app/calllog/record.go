package calllog

import (
	"time"

	"offhook/internal/known"
	"offhook/voice"
)

// Record is one line of the call log.
type Record struct {
	ID        string `json:"id"`
	SessionID string `json:"session_id"`
	// Line is the SIP account that carried the call, "" for the subscriber's line.
	Line       string          `json:"line,omitempty"`
	Direction  voice.Direction `json:"direction"`
	Missed     bool            `json:"missed"`
	RemoteID   string          `json:"remote_id"`
	RemoteName string          `json:"remote_name"`
	Message    string          `json:"message"`
	Started    time.Time       `json:"started"`
	// RangS is how long it rang, DurationS how long it was talked, in seconds.
	RangS     int             `json:"rang_s"`
	DurationS int             `json:"duration_s"`
	EndReason voice.EndReason `json:"end_reason"`
	// EndWord is the platform's word for the end where it tells more than EndReason.
	EndWord string `json:"end_word,omitempty"`
	// Recorded says that some of the call was recorded.
	Recorded bool `json:"recorded,omitempty"`
	// RecordingFile is the file of the phone's own recording, "" for none.
	RecordingFile string `json:"recording_file,omitempty"`
	// TransferredTo is the party to which the call was handed, "" if it was not.
	TransferredTo string `json:"transferred_to,omitempty"`
	// MissedReason says why a call did not ring; "" for one that did.
	MissedReason voice.MissedReason `json:"missed_reason,omitempty"`
	MOS          known.Figure       `json:"mos"`
	Rating       known.Count        `json:"rating"`
	Issue        string             `json:"issue,omitempty"`
	Note         string             `json:"note,omitempty"`
	// Interrupted marks a call during which the phone itself was killed.
	Interrupted bool `json:"interrupted,omitempty"`
	// Outcome is what became of the call as its agent says, with a note and the time at
	// which the far side wants to be called again.
	Outcome     string     `json:"outcome,omitempty"`
	OutcomeNote string     `json:"outcome_note,omitempty"`
	CallbackAt  *time.Time `json:"callback_at,omitempty"`
	// OutcomeDue says that the platform is still to be told of it.
	OutcomeDue bool `json:"outcome_due,omitempty"`
	// Times is how many calls of one caller this row stands for when it is more
	// than one; the other fields are those of the latest.
	Times int `json:"times,omitempty"`
}

// Query filters the log. The zero value is everything.
type Query struct {
	// Text is part of the party's id or name, of the message, or of the outcome and its
	// note.
	Text string
	// Kind is incoming (answered or not), outgoing, missed, or "" for all.
	Kind string
	// Since leaves out calls that began earlier.
	Since time.Time
	// Until leaves out calls that began then or later.
	Until time.Time
	// Limit bounds the answer; 0 means 1,000.
	Limit int
}
