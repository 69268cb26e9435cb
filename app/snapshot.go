package app

import (
	"time"

	"offhook/app/agentstate"
	"offhook/app/calllog"
	"offhook/app/directory"
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/internal/known"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/wire"
)

// Snapshot is everything that can be shown of the phone at one moment. It is
// immutable: slices and pointers in it are never written again. Its JSON form
// is what `offhook ctl status --json` prints, a contract with scripts.
type Snapshot struct {
	Version    string      `json:"version"`
	Profile    string      `json:"profile"`
	Ready      bool        `json:"ready"`
	Conditions []Condition `json:"conditions"`
	// Call is the call that has the sound, or the one that a consultation is for;
	// Calls are all of them, in the order in which they began, Call among them.
	Call     *Call      `json:"call"`
	Calls    []*Call    `json:"calls"`
	LastCall *EndedCall `json:"last_call"`

	Account Account `json:"account"`
	// Lines are the SIP accounts.
	Lines        []Line       `json:"lines,omitempty"`
	Availability Availability `json:"availability"`
	// AvailableSince is when the present availability was chosen.
	AvailableSince time.Time `json:"availability_since"`
	// Today is how many seconds each availability lasted today before that; it
	// is shared and must not be written.
	Today map[Availability]int `json:"availability_today,omitempty"`
	// Figures are the day's, with the present availability until this snapshot.
	Figures    agentstate.Figures `json:"today"`
	AgentState AgentState         `json:"agent_state"`
	// WrapUp is the work after the last call, nil without any.
	WrapUp *WrapUp `json:"wrap_up"`
	// Outcomes are those that a call may have, any text if there are none.
	Outcomes       []string `json:"outcomes,omitempty"`
	OnAnotherPhone bool     `json:"on_another_phone"`
	LastDialled    string   `json:"last_dialled"`
	// LastDialledName is the contact's name of LastDialled, or "".
	LastDialledName string `json:"last_dialled_name,omitempty"`
	MissedUnseen    int    `json:"missed_unseen"`
	Audio           Audio  `json:"audio"`
	// FeedbackDue says that the last call can still be rated and was not.
	FeedbackDue bool `json:"feedback_due"`
	// Update is a newer version of the phone, or nil.
	Update *Update `json:"update,omitempty"`
	// Pairing is a web page that asks to work the phone, nil without one.
	Pairing *Pairing `json:"pairing,omitempty"`
	// Playing is the recording that is played, nil without one.
	Playing *Playing `json:"playing,omitempty"`
	// Notice is a passing remark for the user, such as a device that fell back.
	Notice *Notice `json:"notice,omitempty"`

	// Revision counts changes of the three below, which Phone's methods
	// Contacts, Recents and Settings give out in full.
	ContactsRevision int `json:"contacts_revision"`
	RecentsRevision  int `json:"recents_revision"`
	SettingsRevision int `json:"settings_revision"`
	// ColleaguesRevision counts changes of what Directory gives out.
	ColleaguesRevision int `json:"colleagues_revision"`
}

// Condition is one of the things that must hold for the phone to be ready.
type Condition = readiness.Condition

// SignInState says how far the sign-in is.
type SignInState string

// The states of the sign-in. Expired: the phone was signed in and must be
// signed in again by the user.
const (
	SignedOut SignInState = "signed_out"
	SigningIn SignInState = "signing_in"
	SignedIn  SignInState = "signed_in"
	Expired   SignInState = "expired"
)

// Account is who is signed in where. It never holds a secret.
type Account struct {
	State       SignInState `json:"state"`
	UserName    string      `json:"user_name"`
	DisplayName string      `json:"display_name"`
	AccountSID  string      `json:"account_sid"`
	Server      string      `json:"server"`
	// Node is the server that serves now, where several stand for Server; else empty.
	Node     string `json:"node,omitempty"`
	Exophone string `json:"exophone"`
	DeviceID string `json:"device_id"`
	// ValidUntil is the end of the refresh token's life.
	ValidUntil time.Time `json:"valid_until"`
	// KeyringMissing says that secrets live in memory only.
	KeyringMissing bool `json:"keyring_missing"`
	// NotEncrypted says that what goes to the server or the platform can be read on
	// the way: the user has allowed it.
	NotEncrypted bool `json:"not_encrypted"`
	// Err is why the last sign-in failed.
	Err *Problem `json:"error,omitempty"`
}

// Problem is an error as a person and a script see it. Its code is one of
// voice/fault's types.
type Problem struct {
	Code    string    `json:"code"`
	Message lang.Text `json:"message"`
	Next    lang.Text `json:"next,omitzero"`
}

// Availability is what the agent is: the agent's own choice, or AfterCallWork.
type Availability = wire.AgentState

// Available: calls ring. Busy: they ring quietly. Break: they are declined.
// DoNotDisturb: declined without any sound. AfterCallWork: declined until the work
// after a call is done; what was chosen holds again then.
const (
	Available     = wire.AgentAvailable
	Busy          = wire.AgentBusy
	Break         = wire.AgentBreak
	DoNotDisturb  = wire.AgentDoNotDisturb
	AfterCallWork = wire.AgentAfterCallWork
)

// AgentState is how the agent stands.
type AgentState struct {
	State Availability `json:"state"`
	// Reason is that of a break, or "".
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	// Until is when it ends by itself, nil for never.
	Until *time.Time `json:"until"`
	// Next and NextReason are what follows by itself: after the work after a call what
	// was chosen, after a call the work after it; "" if nothing does.
	Next       Availability `json:"next"`
	NextReason string       `json:"next_reason"`
	// LimitS is how long the state should last at most, in seconds; 0 is no limit. It
	// is never ended by force.
	LimitS int `json:"limit_s"`
	// Doing is what follows from calls and connections: ringing, in_call, not_ready,
	// or "".
	Doing wire.AgentDoing `json:"doing"`
	// By is supervisor if somebody else has set the state, else "".
	By string `json:"by"`
	// Reasons are those that a break may have, in order; any text if there are none.
	Reasons []BreakReason `json:"reasons,omitempty"`
	// Shared says that the platform knows the state and shows it to colleagues.
	Shared bool `json:"shared"`
}

// BreakReason is a reason of a break and how long such a break should last at most, in
// seconds; 0 is no limit.
type BreakReason struct {
	Reason string `json:"reason"`
	LimitS int    `json:"limit_s"`
}

// WrapUp is the work after a call: what its agent enters before the next one.
type WrapUp struct {
	// Call is the call that has ended.
	Call EndedCall `json:"call"`
	// Code, Note and CallbackAt are what was entered so far.
	Code       string     `json:"code"`
	Note       string     `json:"note"`
	CallbackAt *time.Time `json:"callback_at"`
	// Codes are the outcomes to choose from; any text if there are none. Required says
	// that one must be chosen.
	Codes    []string `json:"codes"`
	Required bool     `json:"required"`
	// Since is when it began. Ends is when it ends by itself, at the limit for an agent
	// who stays; nil for never.
	Since time.Time  `json:"since"`
	Ends  *time.Time `json:"ends"`
	// Staying says that the agent has asked for more time; Over that the time has
	// passed and the agent's state has changed.
	Staying bool `json:"staying"`
	Over    bool `json:"over"`
	// Next is the state that follows.
	Next Availability `json:"next"`
	// Offline says that what is entered is sent later.
	Offline bool `json:"offline"`
}

// Call is a call in progress.
type Call struct {
	ID string `json:"id"`
	// Role is what it is beside the other calls; HasSound says that the devices serve
	// it, or a conference that it is in.
	Role     Role `json:"role"`
	HasSound bool `json:"has_sound"`
	// Abilities are what can be done with it.
	Abilities []Ability `json:"abilities"`
	// ConsultsFor is the ID of the call that this one is a consultation for.
	ConsultsFor string `json:"consults_for,omitempty"`
	// InConference says that it is one of the calls of a conference that this phone
	// mixes. Parties are the others of the conference that the user is in, also of one
	// that the platform mixes; none without a conference.
	InConference bool    `json:"in_conference"`
	Parties      []Party `json:"parties,omitempty"`
	// Hosting says that this phone may mute and drop parties, and end the conference for
	// all; one of the platform's that another phone began can only be left.
	Hosting bool `json:"hosting,omitempty"`
	// Line is the SIP account that carries the call, "" for the subscriber's line.
	Line       string          `json:"line,omitempty"`
	SessionID  string          `json:"session_id"`
	Direction  voice.Direction `json:"direction"`
	State      voice.State     `json:"state"`
	RemoteID   string          `json:"remote_id"`
	RemoteName string          `json:"remote_name"`
	// AfterAnswer are the digits that are sent once the call is established.
	AfterAnswer string     `json:"after_answer,omitempty"`
	Message     string     `json:"message"`
	Started     time.Time  `json:"started"`
	Established *time.Time `json:"established"`
	// DurationS is whole seconds since Established.
	DurationS int  `json:"duration_s"`
	Muted     bool `json:"muted"`
	Held      bool `json:"held"`
	// HeldSince is when this phone put the far side on hold.
	HeldSince  *time.Time `json:"held_since,omitempty"`
	RemoteHeld bool       `json:"remote_held"`
	// Encrypted and KeyChanges are CallDetails'.
	Encrypted    bool             `json:"encrypted"`
	KeyChanges   int              `json:"key_changes"`
	Route        voice.AudioRoute `json:"route"`
	DTMFSent     string           `json:"dtmf_sent"`
	DTMFReceived string           `json:"dtmf_received"`
	// MOS is 0, null in JSON, until it was measured for 5 s.
	MOS known.Figure `json:"mos"`
	// Quality is good, fair, poor, measuring, no_sound or on_hold.
	Quality string `json:"quality"`
	// Recording is how the call is recorded, nil if nothing is known of that.
	Recording *Recording `json:"recording"`
	// Transferable says that the call can be handed to somebody else.
	Transferable bool `json:"transferable"`
	// Diverted is who diverted the call here, RedirectedTo where the server sent
	// it instead, TransferredBy who asked for it by a transfer.
	Diverted      string `json:"diverted,omitempty"`
	RedirectedTo  string `json:"redirected_to,omitempty"`
	TransferredBy string `json:"transferred_by,omitempty"`
	// Anonymous says that the callee was not to learn who calls.
	Anonymous bool `json:"anonymous,omitempty"`
	// Transfer is how a transfer of this call fares, nil without one.
	Transfer *voice.Transfer `json:"transfer,omitempty"`
	// TransferOffer is the far side's wish to hand this phone to somebody else, nil
	// without one.
	TransferOffer *voice.TransferOffer `json:"transfer_offer,omitempty"`
	// Consultation is the talk with somebody to whom the call may be handed, nil
	// without one.
	Consultation *voice.Consultation `json:"consultation,omitempty"`
	// RingSilenced says that Silence was pressed, Ignored that the call rings on for
	// the caller alone.
	RingSilenced bool `json:"ring_silenced"`
	Ignored      bool `json:"ignored,omitempty"`
	// SilentSince is when media was disrupted, GiveUpAt when MEDIA_TIMEOUT
	// comes.
	SilentSince *time.Time `json:"silent_since,omitempty"`
	GiveUpAt    *time.Time `json:"give_up_at,omitempty"`
}

// EndedCall is the latest call that ended: what the log says of it, and what is known
// until the next one alone.
type EndedCall struct {
	CallRecord
	Ended time.Time `json:"ended"`
	// Status is the SIP status that ended the call, 0 if none did, and Said why the
	// server refused it, in the server's own words, "" if it did not.
	Status int    `json:"status,omitempty"`
	Said   string `json:"said,omitempty"`
	// Answered says that the call was established at some time.
	Answered bool `json:"answered"`
	// Shown is cleared by DismissEnded: the window tells how the call ended while
	// it is true.
	Shown bool `json:"shown"`
}

// Audio is the state of the sound devices.
type Audio struct {
	// Microphone and Speaker are the names of the devices in use or to be used.
	Microphone string `json:"microphone"`
	Speaker    string `json:"speaker"`
	Ring       string `json:"ring"`
	// MicrophoneWorks is false when the last opening failed or was blocked.
	MicrophoneWorks bool `json:"microphone_works"`
	SpeakerWorks    bool `json:"speaker_works"`
	// Routes are the routes that can be chosen now.
	Routes []voice.AudioRoute `json:"routes"`
	// Offer is a device that the call in progress could use instead, nil for none.
	Offer *DeviceOffer `json:"offer,omitempty"`
}

// DeviceOffer is a device that the user may take during a call, by TakeDevice: a
// headset that was plugged in, or another microphone in place of one that brings only
// silence.
type DeviceOffer struct {
	Kind OfferKind `json:"kind"`
	// Device is its name, Silent that of the microphone that brings nothing.
	Device string `json:"device"`
	Silent string `json:"silent,omitempty"`

	route voice.AudioRoute
	spec  audio.Spec
}

// OfferKind says what is offered.
type OfferKind string

// The kinds of DeviceOffer.
const (
	OfferHeadset    OfferKind = "headset"
	OfferMicrophone OfferKind = "microphone"
)

// Notice is a passing remark.
type Notice struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"` // info, warning, error
	Text  lang.Text `json:"text"`
}

// Update is a newer version that the user can get. The phone never installs it.
type Update struct {
	Version string `json:"version"`
	// URL is where it is, for a browser, or "".
	URL   string `json:"url,omitempty"`
	Notes string `json:"notes,omitempty"`
}

// ContactGroup is one group of the directory.
type ContactGroup = directory.Group

// Contact is one person or number of a group.
type Contact = directory.Contact

// CallRecord is one line of the call log.
type CallRecord = calllog.Record
