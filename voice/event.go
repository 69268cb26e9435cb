package voice

import (
	"log/slog"
	"time"

	"offhook/voice/audio"
	"offhook/voice/fault"
)

// Event is something that happened in the engine (reference, section 1.9). The
// concrete types of this file are all there are. Each event of a call carries
// the call's details as they were at that moment.
type Event interface{ event() }

// InitializationSucceeded reports that the client can dial and be called.
type InitializationSucceeded struct{}

// InitializationFailed reports that Initialize ended without success.
type InitializationFailed struct{ Err *fault.Error }

// InitializationDelayed reports that Initialize has taken five seconds and goes on.
type InitializationDelayed struct{}

// Deinitialized reports that Stop or Reset is done.
type Deinitialized struct{}

// AuthenticationFailed reports that the token is invalid or can no longer be
// renewed: fetch a new subscriber token and call Initialize again.
type AuthenticationFailed struct{ Err *fault.Error }

// IncomingCall reports a validated call that waits for Answer or Hangup.
type IncomingCall struct{ Call CallDetails }

// CallInitiated reports that an outgoing call was accepted by Dial.
type CallInitiated struct{ Call CallDetails }

// CallRinging reports that the far phone rings.
type CallRinging struct{ Call CallDetails }

// CallEstablished reports that both sides accepted, and again after media has
// recovered.
type CallEstablished struct{ Call CallDetails }

// CallEnded reports the end of a call, exactly once for each call.
type CallEnded struct{ Call CallDetails }

// CallChanged reports anything about a call that has no event of its own:
// EARLY, CONNECTING, ANSWERING, ENDING, mute, hold, route, a message.
type CallChanged struct{ Call CallDetails }

// MissedCall reports a call that could not be offered to the user.
type MissedCall struct {
	// Line is the SIP account that was called; empty for the subscriber line.
	Line              string
	RemoteID          string
	RemoteDisplayName string
	SessionID         string
	Time              time.Time
	Reason            MissedReason
}

// MediaDisrupted reports that no media has arrived for a while.
type MediaDisrupted struct{ Call CallDetails }

// RenewingMedia reports that the media path is being renewed.
type RenewingMedia struct{ Call CallDetails }

// MediaSessionDestroyed reports that the media of an ended call is cleaned up
// and its devices are closed. It follows CallEnded.
type MediaSessionDestroyed struct{ CallID string }

// DTMFReceived reports one digit from the far side.
type DTMFReceived struct {
	Call  CallDetails
	Digit rune
}

// UploadLogSucceeded reports that UploadLogs is done.
type UploadLogSucceeded struct{ Reference string }

// UploadLogFailed reports that UploadLogs gave up.
type UploadLogFailed struct{ Err *fault.Error }

// Log is a line of the engine's log (the reference's onLog), for those who asked
// for them by WithLogEvents. Tag is the id of the call that it is about, or "".
type Log struct {
	Time    time.Time
	Level   slog.Level
	Tag     string
	Message string
}

// StatusChanged reports that Client.Status gives another picture than before.
type StatusChanged struct{ Status Status }

// LineChanged reports how a SIP account stands, from its adding on.
type LineChanged struct{ Line LineStatus }

// LineRemoved reports that a SIP account is no longer there.
type LineRemoved struct{ ID string }

// SoundFailed reports that a sound device of a call could not be opened; the
// call goes on without it.
type SoundFailed struct {
	Call CallDetails
	// Capture says that it was the microphone.
	Capture bool
	Err     *fault.Error
}

// SoundNotice reports something about the sound of a call that a person should
// know: a device that fell back, a microphone that is silent.
type SoundNotice struct {
	CallID string
	Notice audio.Notice
}

func (LineChanged) event()             {}
func (LineRemoved) event()             {}
func (SoundNotice) event()             {}
func (SoundFailed) event()             {}
func (StatusChanged) event()           {}
func (InitializationSucceeded) event() {}
func (InitializationFailed) event()    {}
func (InitializationDelayed) event()   {}
func (Deinitialized) event()           {}
func (Log) event()                     {}
func (AuthenticationFailed) event()    {}
func (IncomingCall) event()            {}
func (CallInitiated) event()           {}
func (CallRinging) event()             {}
func (CallEstablished) event()         {}
func (CallEnded) event()               {}
func (CallChanged) event()             {}
func (MissedCall) event()              {}
func (MediaDisrupted) event()          {}
func (RenewingMedia) event()           {}
func (MediaSessionDestroyed) event()   {}
func (DTMFReceived) event()            {}
func (UploadLogSucceeded) event()      {}
func (UploadLogFailed) event()         {}
