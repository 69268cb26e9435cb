package exophone

import (
	"context"
	"errors"
	"net/url"
	"offhook/voice/wire"
	"time"
)

// Errors that the other rooms of the platform tell the exchange with, wrapped
// or bare.
var (
	// ErrUnknownSubscriber says that a name is no subscriber's: the caller
	// gets 404.
	ErrUnknownSubscriber = errors.New("unknown subscriber")
	// ErrUnknownDestination says that Dial-Whom knows nobody for this call, or
	// named nobody: the caller gets 404.
	ErrUnknownDestination = errors.New("unknown destination")
	// ErrUnavailable says that Dial-Whom or the push endpoint could not be
	// reached or was not answered in time: the caller gets 503. Any other error
	// of theirs is a 500.
	ErrUnavailable = errors.New("application backend unavailable")
	// ErrPayloadExpired says that a payload's signature is right and its time
	// is over.
	ErrPayloadExpired = errors.New("payload expired")
)

// Subscriber is what the exophone must know of a subscriber.
type Subscriber struct {
	Name        string
	DisplayName string
	Active      bool
	SIPPassword string
}

// Directory finds subscribers. It returns ErrUnknownSubscriber for a name that
// is none.
type Directory interface {
	Subscriber(ctx context.Context, name string) (Subscriber, error)
}

// DialWhom asks the application backend whom a call is for, over HTTP
// (reference, section 5).
type DialWhom interface {
	Ask(ctx context.Context, query url.Values) (Destination, error)
}

// Destination is the answer of Dial-Whom. Zero durations mean the defaults of
// 30 s and 3600 s.
type Destination struct {
	// Numbers are bare ids in the order in which to try them.
	Numbers                 []string
	OutgoingPhoneNumber     string
	MaxRingingDuration      time.Duration
	MaxConversationDuration time.Duration
	FetchAfterAttempt       bool
	// Record asks for the call to be recorded, RecordingChannels how: "dual", "single",
	// or "" for what the operator has said.
	Record            bool
	RecordingChannels string
}

// Pusher posts {subscriberName, payload, payloadVersion} to the push endpoint.
type Pusher interface {
	Push(ctx context.Context, subscriberName, payload, payloadVersion string) error
}

// Payloads signs and verifies payloads.
type Payloads interface {
	Sign(wire.PayloadClaims) (string, error)
	Verify(token string) (wire.PayloadClaims, error)
}

// Calls is what the HTTP side sees of the calls in progress; *Exchange
// implements it.
type Calls interface {
	// State returns the state of a session. ok is false if there is no such
	// session for this subscriber; a session is remembered for a while after
	// its end.
	State(sessionID, subscriber string) (state wire.CallState, ok bool)
	// Wait returns when the state differs from after or ctx ends.
	Wait(ctx context.Context, sessionID, subscriber string, after wire.CallState) (state wire.CallState, ok bool)
	// Transfer hands the far side of a subscriber's conversation to target. It
	// returns ErrNoCall or ErrTransfer if that can't be.
	Transfer(sessionID, subscriber, target string) error
	// Confer joins the far sides of another conversation of the subscriber's to this
	// one, which is a conference from then on; Conference tells who is in it, and
	// MuteParty, DropParty and EndConference change it. Their errors are ErrNoCall,
	// ErrConference, ErrNotHost and ErrNoParty.
	Confer(sessionID, subscriber, with string) (wire.Conference, error)
	Conference(sessionID, subscriber string) (wire.Conference, error)
	MuteParty(sessionID, subscriber, id string, muted bool) (wire.Conference, error)
	DropParty(sessionID, subscriber, id string) error
	EndConference(sessionID, subscriber string) error
	// Join hands it to the far side of another call of the subscriber's.
	Join(sessionID, subscriber, with string) error
	// Record begins, ends, pauses or resumes a recording, for a subscriber or, with "",
	// for the account. Its errors are ErrNoCall, ErrRecording and ErrNotByHand.
	Record(sessionID, subscriber, action string) (wire.Recording, error)
	// Reject declines the callee's side. Rejecting twice is no error.
	Reject(sessionID, subscriber, reason string) (ok bool)
}
