// Package setup measures how long the setting-up of a call takes.
package setup

import (
	"sync"
	"time"

	"offhook/voice/clock"
)

// Moment is a point in the setting-up of a call whose time is kept.
type Moment int

// The moments, in the order in which a call may meet them.
const (
	Started  Moment = iota // dial, or the push was relayed
	Offered                // the local offer is ready
	Invited                // the INVITE was sent
	Ringing                // far phone rings, or this one
	LegUp                  // an incoming call's media leg was accepted
	Answered               // the far side, or the user, has answered
	Established
	Connected  // the media path is up
	FirstSound // first sound after the answer
	Hangup     // the user hangs up
	Ended
	moments
)

// Clock remembers the first time of each moment.
type Clock struct {
	clock clock.Clock
	mu    sync.Mutex
	at    [moments]time.Time
}

// Start begins the setting-up at a time, and reads the later moments from a clock.
func (s *Clock) Start(c clock.Clock, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock, s.at[Started] = c, at
}

// Mark notes that a moment is now, unless it was before.
func (s *Clock) Mark(m Moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at[m].IsZero() {
		s.at[m] = s.clock.Now()
	}
}

// Times are the times between moments of a call in milliseconds; one that was
// not reached is left out.
type Times struct {
	// DialToInvite is the time until the INVITE was sent, DialToRinging until
	// the far phone rang, DialToAnswer until it answered: outgoing calls.
	DialToInvite  *float64 `json:"dial_to_invite,omitempty"`
	DialToRinging *float64 `json:"dial_to_ringing,omitempty"`
	DialToAnswer  *float64 `json:"dial_to_answer,omitempty"`
	// PushToIncoming is the time from RelaySessionData to IncomingCall,
	// PushToLegUp until the media leg was warm: incoming calls.
	PushToIncoming *float64 `json:"push_to_incoming,omitempty"`
	PushToLegUp    *float64 `json:"push_to_leg_up,omitempty"`
	// AnswerToEstablished and AnswerToFirstAudio begin with the answer: the
	// user's of an incoming call, the far side's of an outgoing one.
	AnswerToEstablished *float64 `json:"answer_to_established,omitempty"`
	AnswerToFirstAudio  *float64 `json:"answer_to_first_audio,omitempty"`
	// StartToConnected is the time until the media path was up.
	StartToConnected *float64 `json:"start_to_connected,omitempty"`
	// HangupToEnded is the time until the far side confirmed the end.
	HangupToEnded *float64 `json:"hangup_to_ended,omitempty"`
}

// Times are the times so far of an outgoing or an incoming call.
func (s *Clock) Times(outgoing bool) Times {
	s.mu.Lock()
	defer s.mu.Unlock()
	between := func(from, to Moment) *float64 {
		if s.at[from].IsZero() || s.at[to].IsZero() {
			return nil
		}
		ms := float64(s.at[to].Sub(s.at[from]).Microseconds()) / 1000
		return &ms
	}
	t := Times{
		AnswerToEstablished: between(Answered, Established),
		AnswerToFirstAudio:  between(Answered, FirstSound),
		StartToConnected:    between(Started, Connected),
		HangupToEnded:       between(Hangup, Ended),
	}
	if outgoing {
		t.DialToInvite = between(Started, Invited)
		t.DialToRinging = between(Started, Ringing)
		t.DialToAnswer = between(Started, Answered)
	} else {
		t.PushToIncoming = between(Started, Ringing)
		t.PushToLegUp = between(Started, LegUp)
	}
	return t
}
