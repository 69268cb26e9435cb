package app

import (
	"context"
	"time"

	"offhook/voice"
	"offhook/voice/audio"
)

// Engine is what the phone needs of the call engine; voice.Client is one. Its
// methods may be called from any goroutine and return *fault.Error.
type Engine interface {
	// Initialize brings the engine up with a subscriber's token: it returns
	// when the platform has given the profile, or why not.
	Initialize(ctx context.Context, id Identity) error
	// Stop ends a call and takes the engine down; Initialize may follow.
	Stop(ctx context.Context) error
	// AccessToken returns a token that is valid now. rejected is the one that a
	// server has just refused, or "".
	AccessToken(ctx context.Context, rejected string) (string, error)

	Dial(ctx context.Context, d DialRequest) (voice.CallDetails, error)
	// RelaySessionData hands a pushed call to the engine. false means that
	// there is no call to show; a missed call was then raised as an event.
	RelaySessionData(ctx context.Context, data map[string]string) (bool, error)
	Answer(ctx context.Context) error
	// Hangup declines, cancels or ends.
	Hangup(ctx context.Context) error
	Mute() error
	Unmute() error
	Hold(ctx context.Context) error
	Resume(ctx context.Context) error
	SendDTMF(digits string) error
	SetRoute(route voice.AudioRoute) error
	// SetSystemBusy is the switch of the reference's PSTN rule.
	SetSystemBusy(on bool)
	// SetDeclining makes incoming calls be declined before they ring and
	// reported as missed with the reason "declined".
	SetDeclining(on bool)
	// SetAudio says which devices to use from the next opening on.
	SetAudio(a AudioConfig)

	Statistics() (Stats, bool)
	Levels() (mic, far float64)
	PostFeedback(ctx context.Context, rating int, issue, note string) error
	// UploadLogs sends a zip file to the place that the platform names.
	UploadLogs(ctx context.Context, zip string, description string, progress func(float64)) (reference string, err error)
	// Events gives out what happens from now on until ctx ends, in order: each
	// is a voice.Event or an EngineStatus.
	Events(ctx context.Context) <-chan any
	// Renew tells the engine that the network changed or the machine woke.
	Renew()
	// Close releases everything; files that were recorded are then complete. After
	// ctx it waits for no server.
	Close(ctx context.Context) error
}

// Identity is with what the engine is initialised (reference, section 1.2).
type Identity struct {
	HostName       string
	SubscriberName string
	DisplayName    string
	AccountSID     string
	DeviceID       string
	// Token is the subscriber token as JSON. It is secret.
	Token string
}

// DialRequest is what the engine needs to place a call.
type DialRequest struct {
	// Exophone is called on the wire, RemoteID is whom the user meant.
	Exophone string
	// Line is the SIP account that is called over, "" for the subscriber's line.
	// Exophone then is what is dialled there.
	Line       string
	RemoteID   string
	RemoteName string
	// Message is the call's context as free text. The engine passes it on as
	// CustomField only when its characters allow.
	Message string
}

// EngineStatus is how far the engine can carry a call.
type EngineStatus struct {
	Platform, Profile, Flow, Token EngineHealth
	// TokenValidUntil is the end of the refresh token's life.
	TokenValidUntil time.Time
	// ClockOffset is how far the platform's clock is ahead of the phone's.
	ClockOffset time.Duration
	// Exophone is the one of the profile, or "".
	Exophone string
}

// EngineHealth is one of the things that an EngineStatus tells of. Err is nil
// while all is well, or while nothing is known yet.
type EngineHealth struct {
	OK  bool
	Err error
}

// Bell makes the sounds outside a call, on the ring device or the loudspeaker.
// Its methods return at once; the sounds begin as soon as the device is open.
type Bell interface {
	// SetDevices says where it sounds from now on.
	SetDevices(speaker, ring audio.Spec)
	// SetCountry says whose tones are played, by ISO 3166 code; "" is ITU-T
	// E.180's.
	SetCountry(code string)
	// Ring loops the ringtone; volume is 0 (silent) to 100.
	Ring(volume int)
	// Stop ends what plays.
	Stop()
	// Play plays a tone once.
	Play(t Tone, volume int)
	// Close stops and waits for the device.
	Close()
}

// Tone is a sound that is played once.
type Tone int

// The tones of the end of a call (reference, section 6), of an automatic
// answer, and of a call that was missed during a break.
const (
	ToneBusy Tone = iota
	ToneReorder
	ToneAutoAnswer
	ToneMissed
)

// AudioConfig is which devices the engine uses, and how.
type AudioConfig struct {
	Source, Sink, Ring                                audio.Spec
	RingVolume                                        int
	EchoCancellation, NoiseSuppression, AutomaticGain bool
	// SilenceSuppression sends next to nothing while nobody speaks.
	SilenceSuppression bool
	// Country is the ISO 3166 code whose tones are played, "" for ITU-T E.180's.
	Country string
}

// Inbox is the receiver of pushed calls; push.Receiver is one.
type Inbox interface {
	// Run keeps the inbox connected until ctx ends. It calls deliver for each
	// message once, in order; nil acknowledges the message, an error keeps it
	// for a later attempt. changed is called whenever Status changes.
	Run(ctx context.Context, deliver func(context.Context, InboxMessage) error, changed func(InboxStatus))
	// Status is how it stands now.
	Status() InboxStatus
	// Retry connects at once, also after the inbox went to another phone.
	Retry()
}

// InboxMessage is one pushed call.
type InboxMessage struct {
	ID   int64
	Data map[string]string
}

// InboxStatus is how the inbox is connected.
type InboxStatus struct {
	// Proof is when the server last answered a ping, or said hello.
	Proof     time.Time
	Connected bool
	// RTT is the round trip of the last ping.
	RTT time.Duration
	// Err is why it is not connected, a *fault.Error.
	Err error
	// RetryAt is when it connects again by itself; zero if it does not.
	RetryAt time.Time
	// Replaced: another phone took the inbox. Refused: the token was refused.
	Replaced, Refused bool
	// ClockOffset is the server's clock less this machine's.
	ClockOffset time.Duration
}

// InboxConfig is what an inbox is made of.
type InboxConfig struct {
	// URL is the ws or wss address of the inbox.
	URL string
	// DeviceToken names this device's inbox.
	DeviceToken string
	// Token gives the access token; rejected is the one just refused, or "".
	Token func(ctx context.Context, rejected string) (string, error)
	// Dir is where the last seen message is remembered.
	Dir string
	// AllowClearText lets ws:// reach beyond this machine: the user signed in
	// at an http:// address.
	AllowClearText bool
}
