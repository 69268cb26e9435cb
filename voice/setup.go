package voice

import (
	"sync"
	"time"

	"offhook/voice/clock"
)

// moment is a point in the setting-up of a call whose time is kept.
type moment int

const (
	momentStarted  moment = iota // dial, or the push was relayed
	momentOffered                // the local offer is ready
	momentInvited                // the INVITE was sent
	momentRinging                // far phone rings, or this one
	momentLegUp                  // an incoming call's media leg was accepted
	momentAnswered               // the far side, or the user, has answered
	momentEstablished
	momentConnected  // the media path is up
	momentFirstSound // first sound after the answer
	momentHangup     // the user hangs up
	momentEnded
	moments
)

// setupClock remembers the first time of each moment.
type setupClock struct {
	clock clock.Clock
	mu    sync.Mutex
	at    [moments]time.Time
}

func (s *setupClock) mark(m moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at[m].IsZero() {
		s.at[m] = s.clock.Now()
	}
}

// SetupTimes are the times between moments of a call in milliseconds; one that was
// not reached is left out.
type SetupTimes struct {
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

func (s *setupClock) times(d Direction) SetupTimes {
	s.mu.Lock()
	defer s.mu.Unlock()
	between := func(from, to moment) *float64 {
		if s.at[from].IsZero() || s.at[to].IsZero() {
			return nil
		}
		ms := float64(s.at[to].Sub(s.at[from]).Microseconds()) / 1000
		return &ms
	}
	t := SetupTimes{
		AnswerToEstablished: between(momentAnswered, momentEstablished),
		AnswerToFirstAudio:  between(momentAnswered, momentFirstSound),
		StartToConnected:    between(momentStarted, momentConnected),
		HangupToEnded:       between(momentHangup, momentEnded),
	}
	if d == Outgoing {
		t.DialToInvite = between(momentStarted, momentInvited)
		t.DialToRinging = between(momentStarted, momentRinging)
		t.DialToAnswer = between(momentStarted, momentAnswered)
	} else {
		t.PushToIncoming = between(momentStarted, momentRinging)
		t.PushToLegUp = between(momentStarted, momentLegUp)
	}
	return t
}
