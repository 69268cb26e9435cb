package app

import (
	"context"
	"io"

	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/wire"
)

// Engine is *voice.Client, whose methods are described there. It is an interface
// for the tests: calls have sound, and sound does not pass in the fake time in
// which they run.
type Engine interface {
	Initialize(ctx context.Context, account voice.Account) error
	Reset(ctx context.Context) error
	Close(ctx context.Context) error
	AccessToken(ctx context.Context, rejected string) (string, error)

	Dial(ctx context.Context, target, message string, options ...voice.DialOption) (Controls, error)
	// Call is the call of that ID that goes on, was made last or ended last.
	Call(id string) (c Controls, ok bool)
	SetMaxCalls(subscriberLine, sipAccounts int)
	SetRecording(rules voice.RecordingRules)
	PlaysRecordings() bool
	OpenRecording(ctx context.Context, sessionID string) (file io.ReaderAt, size int64, err error)
	Merge(ctx context.Context, callID, withID string) error
	RelaySessionData(ctx context.Context, data map[string]string) (bool, error)
	// Events gives out what happens from now on until ctx ends or the client is
	// closed, in order.
	Events(ctx context.Context) <-chan voice.Event

	AgentRules() (rules wire.AgentRules, states, outcomes bool)
	SetAgentState(ctx context.Context, choice wire.AgentChoice) (wire.Agent, error)
	Agents(ctx context.Context) ([]wire.Agent, error)
	PostOutcome(ctx context.Context, o wire.Outcome) error
	SetOnAnotherPhone(on bool)
	SetDeclining(on bool)
	SetSound(sound voice.Sound) error

	Register(ctx context.Context, account voice.SIPAccount) error
	Unregister(id string) error
	Watch(account string, extensions []string) error
	SendFeatureCode(ctx context.Context, account, code string) error
	Retry()

	ProbeMedia(ctx context.Context) (voice.MediaProbe, error)
	UploadLogFile(ctx context.Context, path, description string, progress func(float64)) (reference string, err error)
}

// Controls is *voice.Call.
type Controls interface {
	Details() voice.CallDetails
	Answer() error
	Hangup() error
	Mute() error
	Unmute() error
	Hold(ctx context.Context) error
	Resume(ctx context.Context) error
	SendDTMF(digits string) error
	SetAudioRoute(route voice.AudioRoute) error
	Transfer(ctx context.Context, target string) error
	Consult(ctx context.Context, target string) error
	Swap(ctx context.Context) error
	CompleteTransfer(ctx context.Context) error
	EndConsultation() error
	DropParty(ctx context.Context, id string) error
	MuteParty(ctx context.Context, id string, on bool) error
	EndConference(ctx context.Context) error
	FarLevel() float64
	PauseRecording(ctx context.Context) error
	ResumeRecording(ctx context.Context) error
	StartRecording(ctx context.Context) error
	StopRecording(ctx context.Context) error
	ConsentToRecording(ctx context.Context) error
	RefuseRecording(ctx context.Context) error
	FollowTransfer() error
	DeclineTransfer() error
	Statistics() (voice.Statistics, error)
	Levels() (mic, far float64)
	PostFeedback(ctx context.Context, rating int, issue voice.Issue, note string) error
}

// NewEngine returns the client as an Engine. The phone owns it.
func NewEngine(c *voice.Client) Engine { return client{c} }

// client gives what the voice client returns the types of Engine.
type client struct{ *voice.Client }

func (c client) Dial(ctx context.Context, target, message string, options ...voice.DialOption) (Controls, error) {
	call, err := c.Client.Dial(ctx, target, message, options...)
	if err != nil {
		return nil, err
	}
	return call, nil
}

func (c client) Call(id string) (Controls, bool) { return c.CallFromID(id) }

func (c client) Events(ctx context.Context) <-chan voice.Event {
	sub := c.Subscribe()
	context.AfterFunc(ctx, sub.Close)
	return sub.Events()
}

// Ringer makes the sounds outside a call, on the ring device or the loudspeaker.
// Its methods return at once; the sounds begin as soon as the device is open.
type Ringer interface {
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
	Play(t audio.Tone, volume int)
	// Close stops and waits for the device.
	Close()
}
