package exophone

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"offhook/demo/relay"
	"offhook/voice/wire"
)

// Config is what an Exchange is made of. Domain, Exophone, PublicBaseURL,
// Directory, DialWhom, Pusher, Payloads and Relay are needed; the rest has
// defaults.
type Config struct {
	// Domain is the SIP domain and the realm of the digest.
	Domain string
	// Exophone is the number that subscribers dial.
	Exophone string
	// TenantID and FlowID are told to Dial-Whom.
	TenantID, FlowID string
	// PublicBaseURL returns the base of the long-poll and reject URLs, without
	// a slash at its end. It is asked at each call, since the port may become
	// known late.
	PublicBaseURL func() string

	Directory Directory
	DialWhom  DialWhom
	Pusher    Pusher
	Payloads  Payloads
	Relay     *relay.Relay
	// AgentState says what a subscriber has chosen to be: calls are brought to who
	// takes them, and the next number is tried for others. nil means available.
	AgentState func(name string) wire.AgentState
	// Recorder is told of each call as it goes on; it may be nil.
	Recorder Recorder

	// RingLimit is how long one callee rings unless Dial-Whom says otherwise;
	// 30 s by default.
	RingLimit time.Duration
	// ConversationLimit ends an answered call unless Dial-Whom says otherwise;
	// 3600 s by default.
	ConversationLimit time.Duration
	// LongPollTimeout is told to the phone in its payload; 25 s by default.
	LongPollTimeout time.Duration
	// MediaTimeout ends a call whose leg has sent nothing at all for so long,
	// neither sound nor ICE checks; 60 s by default.
	MediaTimeout time.Duration
	// ByeHold is how long a BYE is kept for a phone that is away; 30 s by
	// default.
	ByeHold time.Duration
	// AccessToken returns whose access token it is, or an error for one that is
	// refused. A phone brings it when it opens its connection; a connection that
	// neither does so nor authenticates a request within ProveWithin, 10 s by
	// default, is closed, and one address may have at most MaxStrangers of them, 64
	// by default. nil lets strangers stay.
	AccessToken  func(ctx context.Context, token string) (subscriber string, err error)
	ProveWithin  time.Duration
	MaxStrangers int
	// Remember is how long the state of an ended call can be asked for; 5 min
	// by default.
	Remember time.Duration
	// BackendTimeout limits each request to Dial-Whom and to the push
	// endpoint; 10 s by default.
	BackendTimeout time.Duration
	// CallRate and CallBurst limit the calls that one subscriber may place: a
	// bucket of CallBurst calls that fills up at CallRate calls a second. The
	// defaults are 1 and 20.
	CallRate  float64
	CallBurst int
	// MaxCalls is how many calls one subscriber may have placed at once; 10 by
	// default.
	MaxCalls int

	// HoldMusic plays to a phone that is on hold.
	HoldMusic bool
	// Recording is how calls are recorded; the zero value records none that Dial-Whom
	// does not ask for, and those not either.
	Recording Recording
	// NoBots makes the bots' names ordinary ones.
	NoBots bool

	// Clock is the real one if it is nil.
	Clock Clock
	// Logger discards if it is nil.
	Logger *slog.Logger
}

// Clock is the time as the exchange sees it.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f on a goroutine of its own after d.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a call of Clock.AfterFunc that can be taken back.
type Timer interface {
	// Stop reports whether it stopped the call before it began.
	Stop() bool
}

type realClock struct{}

func (realClock) Now() time.Time                            { return time.Now() }
func (realClock) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// withDefaults returns c completed, or an error that names what is missing.
func (c Config) withDefaults() (Config, error) {
	var missing []string
	need := func(there bool, name string) {
		if !there {
			missing = append(missing, name)
		}
	}
	need(c.Domain != "", "Domain")
	need(c.Exophone != "", "Exophone")
	need(c.PublicBaseURL != nil, "PublicBaseURL")
	need(c.Directory != nil, "Directory")
	need(c.DialWhom != nil, "DialWhom")
	need(c.Pusher != nil, "Pusher")
	need(c.Payloads != nil, "Payloads")
	need(c.Relay != nil, "Relay")
	if len(missing) > 0 {
		return c, errors.New("exophone: Config lacks " + strings.Join(missing, ", "))
	}
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&c.RingLimit, 30*time.Second)
	def(&c.ConversationLimit, time.Hour)
	def(&c.LongPollTimeout, 25*time.Second)
	def(&c.MediaTimeout, time.Minute)
	def(&c.ByeHold, 30*time.Second)
	def(&c.Remember, 5*time.Minute)
	def(&c.Recording.Pause, 2*time.Minute)
	if c.Recording.Rule == "" {
		c.Recording.Rule = RecordAsked
	}
	if c.Recording.Told == "" {
		c.Recording.Told = "both"
	}
	def(&c.ProveWithin, 10*time.Second)
	if c.MaxStrangers <= 0 {
		c.MaxStrangers = 64
	}
	def(&c.BackendTimeout, 10*time.Second)
	if c.CallRate <= 0 {
		c.CallRate = 1
	}
	if c.CallBurst <= 0 {
		c.CallBurst = 20
	}
	if c.MaxCalls <= 0 {
		c.MaxCalls = 10
	}
	if c.AgentState == nil {
		c.AgentState = func(string) wire.AgentState { return wire.AgentAvailable }
	}
	if c.Clock == nil {
		c.Clock = realClock{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
