package voice

import (
	"time"

	"offhook/voice/audio"
)

// Direction says which side placed a call, by the name that the reference's
// CallDetails give it.
type Direction string

// The two directions.
const (
	Outgoing Direction = "OUTGOING"
	Incoming Direction = "INCOMING"
)

// AudioRoute is where the sound of a call goes, by the name that the reference gives
// the route (sections 1.4 and 10.20).
type AudioRoute = audio.Route

// The routes of the reference. RouteEarpiece is what the settings chose, or else
// the system's default device.
const (
	RouteEarpiece   = audio.RouteEarpiece
	RouteSpeaker    = audio.RouteSpeaker
	RouteBluetooth  = audio.RouteBluetooth
	RouteHeadphones = audio.RouteHeadphones
)

// CallDetails is an immutable picture of a call (reference, section 1.7). The
// times are zero until they happen.
type CallDetails struct {
	// CallID names the call within this phone.
	CallID string
	// Line names the SIP account that carries the call; it is empty for the
	// subscriber line.
	Line string
	// SessionID is unique for each call leg over the whole platform: the value
	// that support asks for. It is empty until the platform has answered.
	SessionID string
	// RemoteID is the number or address that the user dialled, or the caller's; never
	// the exophone.
	RemoteID string
	// RemoteDisplayName is the caller's name; empty for outgoing calls.
	RemoteDisplayName string
	// AfterAnswer are the digits that are sent once the call is established, "" for
	// none.
	AfterAnswer string
	// ContextMessage is the free text that came with the call.
	ContextMessage string

	Direction Direction
	State     State
	EndReason EndReason
	// EndWord is the platform's word for the end, such as wire.ReasonPlatformLost, where
	// it tells more than EndReason; else it is empty.
	EndWord string
	// Status is the SIP status that ended the call, or 0, and Said why the server
	// refused it, in the server's own words; "" if it did not.
	Status int
	Said   string

	Started     time.Time
	Ringing     time.Time
	Answered    time.Time
	Established time.Time
	Ended       time.Time

	// Emergency says that the call is placed whatever else goes on.
	Emergency bool
	// Anonymous asks the server of a SIP account to keep the caller's name and
	// number from the callee.
	Anonymous bool
	// Replaces names the call that this one takes from a phone that rings.
	Replaces string
	// Elsewhere says that an incoming call was answered by another phone that rang
	// at the same time: it was not missed.
	Elsewhere bool
	// Transferable says that the call's line can hand it to somebody else, Consultable
	// that somebody can be asked first, and Mergeable that the call can be in a
	// conference.
	Transferable, Consultable, Mergeable bool
	// HasSound says that the devices serve this call: one of those that there are, or
	// each that is in a conference of this phone's.
	HasSound bool
	// InConference says that this phone mixes the call with others, PartyMuted that its
	// far side is kept from being heard there.
	InConference, PartyMuted bool
	// Parties are the others of a conference that the platform mixes, nil without one;
	// Hosting says that this phone may mute and drop them.
	Parties []Party
	Hosting bool
	// Merged says that the far side went into the conference of another call.
	Merged bool
	// Diverted names the party from which an incoming call was diverted here, the
	// last of them; empty for a call like any other.
	Diverted string
	// RedirectedTo is where the server sent an outgoing call instead.
	RedirectedTo string
	// TransferredBy is who asked for this call by a transfer.
	TransferredBy string
	// Transfer is how a transfer of this call fares.
	Transfer Transfer
	// TransferOffer is the far side's wish to hand this phone to somebody else,
	// which waits for the user's word.
	TransferOffer TransferOffer
	// Consultation sums up the call that asks somebody whether to take this one.
	Consultation Consultation
	// ConsultsFor is the ID of the call that this one is a consultation for; "" for
	// any other call.
	ConsultsFor string
	// AutoAnswer says that the caller asks for an answer by itself, which the SIP
	// account allows, AnswerAfter when.
	AutoAnswer  bool
	AnswerAfter time.Duration

	// SilentSince is since when nothing has come of a call in disruption, GiveUpAt
	// when it ends by the line's media timeout; zero otherwise.
	SilentSince, GiveUpAt time.Time

	Muted bool
	// Held says that the user put the far side on hold, HeldSince when.
	Held       bool
	HeldSince  time.Time
	RemoteHeld bool
	// Encrypted says that nobody between the two ends of the media can listen. Keys
	// that went through signalling in clear text (RFC 4568) don't count.
	Encrypted bool
	// Recording is how the platform records the call.
	Recording Recording
	// KeyChanges counts how often the far side came with another certificate during
	// the call: it may be another phone since, such as after a transfer.
	KeyChanges int
	Route      AudioRoute
	// DTMFReceived is every RFC 4733 digit the far side has sent so far.
	DTMFReceived string
}

// Duration is the time since the call was established, as of now, or its whole
// length once it has ended; 0 for a call that was never established.
func (d CallDetails) Duration(now time.Time) time.Duration {
	switch {
	case d.Established.IsZero():
		return 0
	case !d.Ended.IsZero():
		return d.Ended.Sub(d.Established)
	default:
		return now.Sub(d.Established)
	}
}
