package push

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"offhook/internal/backoff"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// Phase is where the receiver stands.
type Phase string

// Connecting: an attempt is under way. Connected: the server said hello and
// answers pings. Waiting: the next attempt is at Status.RetryAt. Refused: the
// token or the subscriber is refused. Replaced: another device has the inbox.
// Stopped: Run is not running. Of Refused and Replaced only Retry gets out.
const (
	Stopped    Phase = "stopped"
	Connecting Phase = "connecting"
	Connected  Phase = "connected"
	Waiting    Phase = "waiting"
	Refused    Phase = "refused"
	Replaced   Phase = "replaced"
)

// Status is the proof that messages can arrive, or why they can't.
type Status struct {
	Phase Phase
	// Since is when the inbox became reachable or stopped being so: attempts to
	// connect that fail do not change it.
	Since time.Time
	// LastPong and RoundTrip are of the last answered ping; the server's hello
	// counts as one, with no round trip.
	LastPong  time.Time
	RoundTrip time.Duration
	// Err is why the inbox is not reachable, a *fault.Error; nil while it is.
	Err error
	// RetryAt is when the next attempt starts; zero if none is planned.
	RetryAt time.Time
	// Attempts counts the attempts since the inbox was last reachable.
	Attempts int
	// ClockOffset is the server's clock less ours, at the last hello.
	ClockOffset time.Duration
}

// OK says that the inbox is reachable as far as is known.
func (s Status) OK() bool { return s.Phase == Connected }

// inactiveDelay is how long an inactive subscriber waits at least before the
// receiver asks again.
const inactiveDelay = 4 * time.Second

// errPong says that a ping was not answered in time.
var errPong = errors.New("push: no answer to a ping")

// failure is what the end of a connection, or of an attempt, means.
type failure struct {
	err   error // a *fault.Error
	phase Phase // Waiting, Refused or Replaced
	pause time.Duration
}

// judge says what an error means; res may be the answer to the handshake.
func judge(err error, res *http.Response) failure {
	f := failure{phase: Waiting}
	wrap := func(t fault.Type, code string) { f.err = fault.Wrap(err, t, code) }
	code := websocket.CloseStatus(err)
	var known *fault.Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &known):
		f.err = known
		if known.Code == "account.inactive" {
			f.pause = inactiveDelay // the subscriber may be active again one day
		} else if known.Type == fault.AuthenticationInvalidToken || known.Type == fault.AuthenticationExpiredToken || known.Type == fault.InvalidCredentials {
			f.phase = Refused
		}
	case code == wire.CloseRefused, res != nil && (res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden):
		f.phase = Refused
		wrap(fault.AuthenticationInvalidToken, "sign-in.refused")
	case code == wire.CloseOtherDevice:
		f.phase = Replaced
		wrap(fault.SystemBusy, "inbox.replaced")
	case errors.Is(err, errPong):
		wrap(fault.NetworkError, "inbox.stopped-answering")
	case res != nil && res.StatusCode != http.StatusSwitchingProtocols:
		f.pause = backoff.RetryAfter(res.Header.Get("Retry-After"), time.Now(), time.Hour)
		if res.StatusCode == http.StatusNotFound {
			wrap(fault.ServerError, "inbox.not-there")
		} else {
			wrap(fault.ServerError, "inbox.unavailable")
		}
	case errors.As(err, &dns):
		wrap(fault.NetworkError, "inbox.unknown-name")
	case code != -1:
		wrap(fault.ServerError, "inbox.closed")
	case errors.Is(err, context.DeadlineExceeded):
		wrap(fault.NetworkError, "inbox.no-answer")
	default:
		wrap(fault.NetworkError, "inbox.lost")
	}
	return f
}
