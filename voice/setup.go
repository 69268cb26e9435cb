package voice

import (
	"sync"
	"time"

	"offhook/voice/clock"
)

// stage is a moment in the setting-up of a call.
type stage int

const (
	stageStarted  stage = iota // dial, or the push was relayed
	stageOffered               // the local offer is ready
	stageInvited               // the INVITE was sent
	stageRinging               // far phone rings, or this one
	stageLegUp                 // an incoming call's media leg was accepted
	stageAnswered              // the far side, or the user, has answered
	stageEstablished
	stageConnected  // the media path is up
	stageFirstSound // first sound after the answer
	stageHangup     // the user hangs up
	stageEnded
	stages
)

// setupClock remembers the first time of each stage.
type setupClock struct {
	clock clock.Clock
	mu    sync.Mutex
	at    [stages]time.Time
}

func (s *setupClock) mark(st stage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at[st].IsZero() {
		s.at[st] = s.clock.Now()
	}
}

// SetupTimes are the stages of a call's life in milliseconds; a stage that was
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
	between := func(from, to stage) *float64 {
		if s.at[from].IsZero() || s.at[to].IsZero() {
			return nil
		}
		ms := float64(s.at[to].Sub(s.at[from]).Microseconds()) / 1000
		return &ms
	}
	t := SetupTimes{
		AnswerToEstablished: between(stageAnswered, stageEstablished),
		AnswerToFirstAudio:  between(stageAnswered, stageFirstSound),
		StartToConnected:    between(stageStarted, stageConnected),
		HangupToEnded:       between(stageHangup, stageEnded),
	}
	if d == Outgoing {
		t.DialToInvite = between(stageStarted, stageInvited)
		t.DialToRinging = between(stageStarted, stageRinging)
		t.DialToAnswer = between(stageStarted, stageAnswered)
	} else {
		t.PushToIncoming = between(stageStarted, stageRinging)
		t.PushToLegUp = between(stageStarted, stageLegUp)
	}
	return t
}
