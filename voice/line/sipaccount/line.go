package sipaccount

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"offhook/internal/crash"
	"offhook/voice/cleartext"
	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/media"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// The timers of a SIP account, which has no profile to name them. A server that
// lets a call ring answers the ring limit itself: the phone's guard is Timer C's
// three minutes (RFC 3261, section 16.6).
const (
	sipRing       = 3 * time.Minute
	sipConnection = 32 * time.Second
	sipDisrupted  = 5 * time.Second
	sipMedia      = 30 * time.Second
)

// Line is a SIP account that is kept registered: the line of its calls.
type Line struct {
	Account Account
	cfg     Config
	// registration keeps the account registered at its server.
	registration Registration

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	status Status
	// turns counts the attempts that have ended; news is closed and replaced at
	// each change.
	turns int
	news  chan struct{}
	// watching are the extensions that are watched, by what the server is asked for.
	watching map[string]string
}

// Config is what a line needs of the phone, and what it tells.
type Config struct {
	// DeviceID names this installation, UserAgent the program.
	DeviceID, UserAgent string
	Log                 *slog.Logger
	Clock               clock.Clock
	// HTTP is the client whose certificates and connections are used.
	HTTP *http.Client
	// NewRegistration makes the registration; which is Register but in tests.
	NewRegistration func(Spec) (Registration, error)
	// NewMedia makes the media of a leg.
	NewMedia func(line.MediaSpec) (media.Session, error)
	// Changed is told how the line stands, Invited of each INVITE. Neither blocks.
	Changed func(Status)
	Invited func(*Line, sip.Incoming, line.Dialog)
}

// New makes the line of an account that was checked. Start registers it.
func New(account Account, cfg Config) (*Line, error) {
	l := &Line{
		Account: account, cfg: cfg, done: make(chan struct{}), news: make(chan struct{}),
		status: statusOf(account, sip.Registration{Phase: sip.Unregistered, Since: cfg.Clock.Now()}),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	var err error
	l.registration, err = cfg.NewRegistration(Spec{
		Account: account, Instance: instanceID(cfg.DeviceID), UserAgent: cfg.UserAgent, Log: cfg.Log, HTTP: cfg.HTTP,
		Changed: l.changed, Invited: func(in sip.Incoming, d line.Dialog) { cfg.Invited(l, in, d) }, Messages: l.messages, Extension: l.extension,
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Start registers the line until Close.
func (l *Line) Start() {
	l.cfg.Changed(l.Status())
	go func() {
		defer crash.Guard()
		defer close(l.done)
		l.registration.Run(l.ctx)
	}()
}

// Close takes the registration back and returns when the line is gone. After ctx
// it no longer waits for the server.
func (l *Line) Close(ctx context.Context) {
	l.cancel()
	select {
	case <-l.done:
	case <-ctx.Done():
		l.registration.Abandon()
		<-l.done
	}
}

// Status is how the line stands.
func (l *Line) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status
}

// Registered reports whether calls arrive.
func (l *Line) Registered() bool { return l.Status().State == Registered }

// changed is called by the registration, in order.
func (l *Line) changed(r sip.Registration) {
	next := statusOf(l.Account, r)
	l.mu.Lock()
	if next.State == Registered {
		next.Messages = l.status.Messages
	}
	next.Extensions = l.status.Extensions
	l.status = next
	l.turns++
	close(l.news)
	l.news = make(chan struct{})
	l.mu.Unlock()
	if l.ctx.Err() == nil {
		l.cfg.Log.Info("sip account", "line", next.ID, "state", string(next.State), "error", fault.Plain(next.Err))
		l.cfg.Changed(next)
	}
}

// messages is what the server says of messages that wait.
func (l *Line) messages(m sip.MessageSummary) {
	l.mu.Lock()
	l.status.Messages = m
	next := l.status
	l.mu.Unlock()
	if l.ctx.Err() == nil {
		l.cfg.Changed(next)
	}
}

// Settled waits for the result of the first attempt, or of another one if the line
// is there and not registered.
func (l *Line) Settled(ctx context.Context) error {
	first := -1
	for {
		l.mu.Lock()
		st, turns, news := l.status, l.turns, l.news
		l.mu.Unlock()
		if first < 0 {
			if first = turns; turns > 0 && st.State != Registered {
				l.Retry()
			}
		}
		if turns > first || st.State == Registered {
			return fault.Plain(st.Err)
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fault.Wrap(ctx.Err(), fault.NetworkError, "sip.no-answer-in-time")
		case <-l.done:
			return line.ErrClosed
		}
	}
}

// Name is for line.Line.
func (l *Line) Name() string { return l.Account.ID }

// Look is for line.Connecting.
func (l *Line) Look() line.Outlook {
	l.mu.Lock()
	now := line.Outlook{Attempts: l.turns, Err: fault.Plain(l.status.Err), News: l.news}
	l.mu.Unlock()
	now.Open = l.registration.Flow()
	return now
}

// Retry tries again or proves the registration at once.
func (l *Line) Retry() { l.registration.Retry() }

// Done is for line.Connecting.
func (l *Line) Done() <-chan struct{} { return l.done }

// Flow is for line.Line.
func (l *Line) Flow(ctx context.Context) (line.Flow, error) { return line.OpenFlow(ctx, l) }

// Await is for line.Line.
func (l *Line) Await(ctx context.Context) (line.Flow, error) {
	return line.AwaitFlow(ctx, l, l.cfg.Clock)
}

// Invitation is for line.Line.
func (l *Line) Invitation(target, message string) (sip.Invitation, string, error) {
	n, err := l.Account.Plan().Parse(target)
	if err != nil {
		return sip.Invitation{}, "", err
	}
	return sip.Invitation{Target: n.Target}, n.Shown, nil
}

// Usable is nil but for an account that the server refuses: another one may
// register while the call begins.
func (l *Line) Usable() error {
	if st := l.Status(); st.State == Terminated || st.Err != nil && st.Err.Type == fault.InvalidCredentials {
		return fault.Plain(st.Err)
	}
	return nil
}

// Limits is for line.Line.
func (l *Line) Limits() line.Limits {
	return line.Limits{Ring: sipRing, Connection: sipConnection, Disrupted: sipDisrupted, Media: sipMedia}
}

// errNoMediaKind says that an account must not take an offer as it is.
var errNoMediaKind = errors.New("sipaccount: the offer's kind of media is not the account's")

// NewMedia is for line.Line.
func (l *Line) NewMedia(ctx context.Context, offer string) (media.Session, error) {
	return l.MediaOf(ctx, l.Account.IncomingMedia(offer))
}

// MediaOf makes a session of a kind, "" being none that the account may use.
func (l *Line) MediaOf(ctx context.Context, kind line.MediaKind) (media.Session, error) {
	_, host := l.Account.server()
	spec := line.MediaSpec{Kind: kind, Codecs: l.Account.Codecs, ICE: l.Account.ICEServers, RelayOnly: l.Account.RelayOnly, OfferICE: l.Account.OfferICE, Loopback: cleartext.Loopback(host)}
	switch spec.Kind {
	case "":
		return nil, errNoMediaKind
	case line.MediaRTP, line.MediaSRTP:
		spec.Local = addressTowards(ctx, host)
	}
	return l.cfg.NewMedia(spec)
}

// addressTowards is this machine's address as host is reached from, invalid if
// that is not known. Nothing is sent.
func addressTowards(ctx context.Context, host string) netip.Addr {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "udp", net.JoinHostPort(host, "5060"))
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	if a, ok := c.LocalAddr().(*net.UDPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// Reauthenticate does nothing: the account's password is the user's to change.
func (l *Line) Reauthenticate(context.Context) bool { return false }

// Report is for line.Line: a PBX has no use for it.
func (l *Line) Report(any) {}

// Rate is for line.Line: a PBX has no use for it.
func (l *Line) Rate(context.Context, wire.Feedback) error { return nil }
