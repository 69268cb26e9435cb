package voice

import (
	"context"
	"net/netip"

	"offhook/voice/audio"
	"offhook/voice/media"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// credentials are what a flow needs to know of the subscriber.
type credentials struct {
	profile  wire.Profile
	user     string
	display  string
	deviceID string
	// clearText allows an unencrypted connection.
	clearText bool
	// token is the access token that opens the connection: the platform closes one
	// that does not say whose it is.
	token func(ctx context.Context) (string, error)
}

// flow is one connection to the exophone, kept alive by its owner.
type flow interface {
	// Invite sends an INVITE and does not wait for its answers.
	Invite(ctx context.Context, inv sip.Invitation) (dialog, error)
	// Prove fails if the far end gives no sign of life before ctx ends.
	Prove(ctx context.Context) error
	// Done is closed when the connection is gone.
	Done() <-chan struct{}
	Err() error
	Close() error
}

// dialog is one leg's signalling.
type dialog interface {
	Events() <-chan sip.DialogEvent
	// Done is closed when the dialog is over, before its last event is read.
	Done() <-chan struct{}
	// Hangup sends CANCEL or BYE, as the state asks. Over a flow that is lost
	// it waits for Rebind.
	Hangup(ctx context.Context) error
	// Reinvite returns the SDP answer to offer.
	Reinvite(ctx context.Context, offer string) (answer string, err error)
	Info(ctx context.Context, contentType, body string) error
	// Refresh shows the far side which flow the dialog uses now.
	Refresh(ctx context.Context) error
	// Rebind moves the dialog to another flow.
	Rebind(f flow) error
	// Refer asks the far side to call target (RFC 3515); ReferTo to take the place
	// of this phone in another dialog (RFC 3891).
	Refer(ctx context.Context, target string) error
	ReferTo(ctx context.Context, target string, other dialog) error
	// Ring, Accept and Refuse answer the INVITE of a dialog that the far side began.
	Ring(status int, body string, headers ...sip.Header) error
	Accept(body string, headers ...sip.Header) error
	Refuse(status int, headers ...sip.Header) error
}

// mediaSpec is what a line asks of the media of one leg.
type mediaSpec struct {
	kind MediaKind
	// codecs are those to offer in order of preference; all if there are none.
	codecs []string
	ice    []media.ICEServer
	// relayed keeps every address to itself but those at a TURN server.
	relayed bool
	// offerICE offers ICE with plain RTP.
	offerICE bool
	// loopback allows this machine's own addresses.
	loopback bool
	// dtx sends next to nothing in pauses.
	dtx bool
	// local is the address from which the server is reached, for plain RTP.
	local netip.Addr
}

// soundPath is the sound of one call: its devices, its tones, its meters. Its
// methods may block for as long as a device does and are called from one
// goroutine, but for Levels.
type soundPath interface {
	OpenPlayout(far audio.Far) error
	OpenCapture(far audio.Far) error
	PlayTone(t tone)
	StopTone()
	// SetRoute moves the sound; it changes nothing and fails if there is no
	// device for the route.
	SetRoute(r AudioRoute) error
	// Route is where the sound goes now.
	Route() AudioRoute
	// SetDevices changes over to other devices.
	SetDevices(s Sound) error
	// Levels are 0 (silence) to 1 (full scale).
	Levels() (mic, far float64)
	Close() error
}

// tone is a sound that the engine itself makes in a call.
type tone int

const (
	toneRingback tone = iota
	toneCallWaiting
)
