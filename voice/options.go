package voice

import (
	"log/slog"
	"net/http"

	"offhook/voice/audio"
	"offhook/voice/auth"
	"offhook/voice/fault"
)

// Option changes one thing of a Client from its default.
type Option func(*settings)

// settings are a Client's injected parts.
type settings struct {
	http  *http.Client
	clock Clock
	log   *slog.Logger
	// logEvents is the least level of Log events, nil for none.
	logEvents *slog.Level
	deviceID  string
	// renewed is told of each new subscriber token; nil for nobody.
	renewed func(subscriberToken string)

	system audio.System
	device Sound

	sip      signalling
	registry registry
	media    mediaRoom
	sound    soundRoom
}

// WithHTTPClient sets the transport of the platform's interfaces, with its
// proxy and certificates; the default is http.DefaultClient's.
func WithHTTPClient(c *http.Client) Option { return func(s *settings) { s.http = c } }

// WithClock sets the clock; the default is the machine's.
func WithClock(c Clock) Option { return func(s *settings) { s.clock = c } }

// WithLogger sets where the engine logs; the default is nowhere. No secret is
// ever logged.
func WithLogger(l *slog.Logger) Option { return func(s *settings) { s.log = l } }

// WithLogEvents publishes each line of the engine's log from the level least on as
// a Log event too; the default is none. It is beside WithLogger, not instead.
func WithLogEvents(least slog.Level) Option { return func(s *settings) { s.logEvents = &least } }

// WithDeviceID sets the id of this installation, to which tokens are bound; the
// default is a random UUID, kept in the user's config folder.
func WithDeviceID(id string) Option { return func(s *settings) { s.deviceID = id } }

// WithRenewedToken has f keep each renewed subscriber token, JSON text as in
// Account.SubscriberToken, where the one before was kept. f is called before the
// new token is used and may block for as long as keeping takes: the platform takes
// the old one no more once it has seen the new one.
func WithRenewedToken(f func(subscriberToken string)) Option {
	return func(s *settings) { s.renewed = f }
}

// WithAudio sets the sound system; the default is the machine's. The Client
// does not close a system that it was given.
func WithAudio(system audio.System) Option { return func(s *settings) { s.system = system } }

// WithSound sets the devices of the first calls; Client.SetSound changes them
// later. The default is the system's.
func WithSound(sound Sound) Option { return func(s *settings) { s.device = sound } }

// complete fills in the defaults.
func (s *settings) complete() error {
	if s.clock == nil {
		s.clock = auth.SystemClock{}
	}
	if s.deviceID == "" {
		id, err := ownDeviceID()
		if err != nil {
			s.log.Warn("device id is not kept", "error", err)
		}
		s.deviceID = id
	}
	if s.sip == nil {
		s.sip = sipRoom{http: s.http, log: s.log}
	}
	if s.registry == nil {
		s.registry = sipRegistry{http: s.http, log: s.log}
	}
	if s.sound == nil {
		s.sound = &devices{system: s.system, log: s.log}
	}
	if s.media == nil {
		s.media = realMedia{log: s.log}
	}
	if !showable(s.deviceID, 128) {
		return fault.New(fault.InvalidParameter, "account.bad-device-id")
	}
	return nil
}
