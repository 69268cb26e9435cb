package voice

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"offhook/voice/audio"
	"offhook/voice/auth"
	"offhook/voice/clock"
	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/line/subscriber"
	"offhook/voice/media"
	"offhook/voice/nodes"
)

// Option changes one thing of a Client from its default.
type Option func(*settings)

// settings are a Client's injected parts.
type settings struct {
	http  *http.Client
	nodes *nodes.Set
	clock clock.Clock
	log   *slog.Logger
	// logEvents is the least level of Log events, nil for none.
	logEvents *slog.Level
	deviceID  string
	packLogs  func(start, end time.Time) (path string, err error)
	// renewed is told of each new subscriber token; nil for nobody.
	renewed func(subscriberToken string)

	system audio.System
	device Sound

	// maxSubscriber and maxSIP are how many calls there may be.
	maxSubscriber, maxSIP int

	// The parts that a test may replace: the connection to the platform's exophone,
	// the registration of a SIP account, the media of a leg and the sound of calls.
	connect         func(ctx context.Context, who subscriber.Credentials) (line.Flow, error)
	newRegistration func(spec sipaccount.Spec) (sipaccount.Registration, error)
	newSession      func(spec line.MediaSpec) (media.Session, error)
	newPath         func(sound Sound, notice func(audio.Notice)) (soundPath, error)
	// devices are those of newPath, nil if a test has replaced it.
	devices *devices
}

// WithHTTPClient sets the transport of the platform's interfaces, with its
// proxy and certificates; the default is http.DefaultClient's.
func WithHTTPClient(c *http.Client) Option { return func(s *settings) { s.http = c } }

// WithNodes has the engine reach its platform at the node of it that serves, and tell
// the set of the nodes that the profile names. The client of WithHTTPClient goes through
// the set. The default is the account's address alone.
func WithNodes(n *nodes.Set) Option { return func(s *settings) { s.nodes = n } }

// WithClock sets the clock; the default is the machine's.
func WithClock(c clock.Clock) Option { return func(s *settings) { s.clock = c } }

// WithLogger sets where the engine logs; the default is nowhere. No secret is
// ever logged.
func WithLogger(l *slog.Logger) Option { return func(s *settings) { s.log = l } }

// WithLogEvents publishes each line of the engine's log from the level least on as
// a Log event too; the default is none. It is beside WithLogger, not instead.
func WithLogEvents(least slog.Level) Option { return func(s *settings) { s.logEvents = &least } }

// WithLogPacker sets what UploadLogs packs: f writes the logs between two moments
// into a new zip file and returns its path. The default is nothing, because where
// the engine's log is kept WithLogger's caller knows.
func WithLogPacker(f func(start, end time.Time) (path string, err error)) Option {
	return func(s *settings) { s.packLogs = f }
}

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

// WithMaxCalls sets how many calls the client holds at once: over the subscriber
// line, and over SIP accounts. A call beyond that is refused as busy, and Dial fails
// with SYSTEM_BUSY. The default is one of either, as the reference has it; calls of
// both lines count together. A consultation does not count.
func WithMaxCalls(subscriberLine, sipAccounts int) Option {
	return func(s *settings) { s.maxSubscriber, s.maxSIP = subscriberLine, sipAccounts }
}

// complete fills in the defaults.
func (s *settings) complete() error {
	if s.clock == nil {
		s.clock = clock.System{}
	}
	if s.deviceID == "" {
		id, err := auth.DeviceID()
		if err != nil {
			s.log.Warn("device id is not kept", "error", err)
		}
		s.deviceID = id
	}
	s.maxSubscriber, s.maxSIP = max(s.maxSubscriber, 1), max(s.maxSIP, 1)
	if s.connect == nil {
		s.connect = subscriber.Connect
	}
	if s.newRegistration == nil {
		s.newRegistration = sipaccount.Register
	}
	if s.newPath == nil {
		s.devices = &devices{system: s.system, log: s.log}
		s.newPath = s.devices.newPath
	}
	if s.newSession == nil {
		s.newSession = func(spec line.MediaSpec) (media.Session, error) { return line.NewMedia(spec, nil, s.log) }
	}
	if !display.Showable(s.deviceID, 128) {
		return fault.New(fault.InvalidParameter, "account.bad-device-id")
	}
	return nil
}
