package push

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"offhook/voice/cleartext"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// Handler is given each message once. It returns nil when the message was
// raised or durably logged. After an error, or a panic, the message is tried
// again a few times and is not acknowledged. Messages come one at a time.
type Handler func(ctx context.Context, m Message) error

// Store keeps the ledger over a restart. Both methods are called by one
// goroutine at a time.
type Store interface {
	// Load returns what was saved last, or the zero State.
	Load() (State, error)
	Save(State) error
}

// Config is what a Receiver needs.
type Config struct {
	// URL is the inbox, https://HOST/v1/push; ws and wss are understood too.
	URL string
	// AccessToken returns a token that is valid now; rejected is the one that the
	// server has just refused, or "". An error with one of the types
	// AUTHENTICATION_… of package fault stops the receiver until Retry.
	AccessToken func(ctx context.Context, rejected string) (string, error)
	// DeviceToken names this installation.
	DeviceToken string
	Handler     Handler
	// Store keeps the ledger; nil forgets it at the end of the process.
	Store Store
	// Agents, if set, is told of colleagues who stand otherwise now, and of the
	// subscriber's own state. It must not block.
	Agents func([]wire.Agent)
	// OnStatus, if set, is told of every change, one at a time and in order.
	// It must not block.
	OnStatus func(Status)

	// HTTPClient opens the connection: its Transport holds proxy and TLS. nil
	// is a client of its own with the system's settings.
	HTTPClient *http.Client
	// AllowClearText lets http:// reach beyond this machine.
	AllowClearText bool

	// PingInterval and PongTimeout prove the connection alive; 15 s and 5 s.
	PingInterval, PongTimeout time.Duration
	// RetryTimeout is how long the answer to the ping of a Retry may take, and the rest
	// of an attempt that a Retry finds under way: both are then more likely dead than
	// slow; 1 s.
	RetryTimeout time.Duration
	// DialTimeout limits the connecting, up to the server's hello; 15 s.
	DialTimeout time.Duration
	// BackoffBase and BackoffMax bound the pauses between attempts; 100 ms and
	// 20 s. The pause is random below the bound ("full jitter").
	BackoffBase, BackoffMax time.Duration
	// Jitter picks a pause in [0, limit); nil is random.
	Jitter func(limit time.Duration) time.Duration
	Logger *slog.Logger
}

// healthy is how long a connection must have lasted for the next pause to
// start small again.
const healthy = time.Minute

func (c Config) withDefaults() (Config, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" {
		return c, invalid("inbox.bad-address")
	}
	switch u.Scheme = strings.ToLower(u.Scheme); u.Scheme {
	case "https", "wss", "http", "ws":
		if err := cleartext.CheckURL(u, c.AllowClearText); err != nil {
			return c, err
		}
	default:
		return c, invalid("inbox.not-https")
	}
	if c.AccessToken == nil || c.Handler == nil || c.DeviceToken == "" {
		return c, fault.Wrap(errors.New("push: AccessToken, Handler and DeviceToken are required"), fault.InternalError, "inbox.not-set-up")
	}
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{
		{&c.PingInterval, 15 * time.Second}, {&c.PongTimeout, 5 * time.Second}, {&c.DialTimeout, 15 * time.Second}, {&c.RetryTimeout, time.Second},
		{&c.BackoffBase, 100 * time.Millisecond}, {&c.BackoffMax, 20 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	if c.Jitter == nil {
		c.Jitter = func(limit time.Duration) time.Duration { return rand.N(max(limit, 1)) }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Store == nil {
		c.Store = forgetful{}
	}
	client := http.Client{}
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	}
	client.Timeout = 0
	// A redirect would carry the device token to another host.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTPClient = &client
	return c, nil
}

func invalid(code string) error {
	return fault.New(fault.ConfigurationInvalid, code)
}

type forgetful struct{}

func (forgetful) Load() (State, error) { return State{}, nil }
func (forgetful) Save(State) error     { return nil }
