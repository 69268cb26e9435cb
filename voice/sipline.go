package voice

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"offhook/voice/cleartext"
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

// sipLine is a SIP account that is kept registered: the line of its calls.
type sipLine struct {
	client       *Client
	account      SIPAccount
	registration registration

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	status LineStatus
	// turns counts the attempts that have ended; news is closed and replaced at
	// each change.
	turns int
	news  chan struct{}
}

// registration keeps one account registered at its server.
type registration interface {
	// run returns when ctx has ended and the registration was taken back.
	run(ctx context.Context)
	// abandon has run return at once after its ctx has ended.
	abandon()
	// flow is the one over which the account is registered, or nil.
	flow() line.Flow
	// retry tries again or proves the registration at once.
	retry()
}

// registrationSpec is an account with what it tells: changed must not block, nor
// must invited.
type registrationSpec struct {
	account  SIPAccount
	instance string
	changed  func(sip.Registration)
	invited  func(inboundCall)
	waiting  func(sip.MessageSummary)
}

func newSIPLine(c *Client, account SIPAccount) (*sipLine, error) {
	l := &sipLine{
		client: c, account: account, done: make(chan struct{}), news: make(chan struct{}),
		status: statusOf(account, sip.Registration{Phase: sip.Unregistered, Since: c.clock.Now()}),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	var err error
	l.registration, err = c.newRegistration(registrationSpec{
		account: account, instance: instanceID(c.settings.deviceID),
		changed: l.changed, invited: func(in inboundCall) { c.onInvite(l, in) }, waiting: l.messages,
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (l *sipLine) start() {
	l.client.events.Publish(LineChanged{Line: l.state()})
	go func() {
		defer close(l.done)
		l.registration.run(l.ctx)
	}()
}

// close takes the registration back and returns when the line is gone. After ctx
// it no longer waits for the server.
func (l *sipLine) close(ctx context.Context) {
	l.cancel()
	select {
	case <-l.done:
	case <-ctx.Done():
		l.registration.abandon()
		<-l.done
	}
}

func (l *sipLine) state() LineStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status
}

func (l *sipLine) registered() bool { return l.state().State == LineRegistered }

// changed is called by the registration, in order.
func (l *sipLine) changed(r sip.Registration) {
	next := statusOf(l.account, r)
	l.mu.Lock()
	if next.State == LineRegistered {
		next.Mailbox = l.status.Mailbox
	}
	l.status = next
	l.turns++
	close(l.news)
	l.news = make(chan struct{})
	l.mu.Unlock()
	if l.ctx.Err() == nil {
		l.client.log.Info("sip account", "line", next.ID, "state", string(next.State), "error", plain(next.Err))
		l.client.events.Publish(LineChanged{Line: next})
	}
}

// messages is what the server says of messages that wait.
func (l *sipLine) messages(m sip.MessageSummary) {
	l.mu.Lock()
	l.status.Mailbox = Mailbox{Waiting: m.Waiting, New: m.New, Old: m.Old, Account: m.Account}
	next := l.status
	l.mu.Unlock()
	if l.ctx.Err() == nil {
		l.client.events.Publish(LineChanged{Line: next})
	}
}

// settled waits for the result of the first attempt, or of another one if the line
// is there and not registered.
func (l *sipLine) settled(ctx context.Context) error {
	first := -1
	for {
		l.mu.Lock()
		st, turns, news := l.status, l.turns, l.news
		l.mu.Unlock()
		if first < 0 {
			if first = turns; turns > 0 && st.State != LineRegistered {
				l.Retry()
			}
		}
		if turns > first || st.State == LineRegistered {
			return plain(st.Err)
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

func (l *sipLine) Name() string { return l.account.ID }

// look implements connecting.
func (l *sipLine) Look() line.Outlook {
	l.mu.Lock()
	now := line.Outlook{Attempts: l.turns, Err: plain(l.status.Err), News: l.news}
	l.mu.Unlock()
	now.Open = l.registration.flow()
	return now
}

// retry implements connecting.
func (l *sipLine) Retry() { l.registration.retry() }

// ended implements connecting.
func (l *sipLine) Ended() <-chan struct{} { return l.done }

func (l *sipLine) Flow(ctx context.Context) (line.Flow, error) { return line.OpenFlow(ctx, l) }

func (l *sipLine) Await(ctx context.Context) (line.Flow, error) {
	return line.AwaitFlow(ctx, l, l.client.clock)
}

func (l *sipLine) Invitation(target, message string) (sip.Invitation, string, error) {
	n, err := l.account.plan().Parse(target)
	if err != nil {
		return sip.Invitation{}, "", err
	}
	return sip.Invitation{Target: n.Target}, n.Shown, nil
}

// usable is nil but for an account that the server refuses: another one may
// register while the call begins.
func (l *sipLine) Usable() error {
	if st := l.state(); st.State == LineTerminated || st.Err != nil && st.Err.Type == fault.InvalidCredentials {
		return plain(st.Err)
	}
	return nil
}

func (l *sipLine) Limits() line.Limits {
	return line.Limits{Ring: sipRing, Connection: sipConnection, Disrupted: sipDisrupted, Media: sipMedia}
}

// errNoMediaKind says that an account must not take an offer as it is.
var errNoMediaKind = errors.New("voice: the offer's kind of media is not the account's")

func (l *sipLine) NewMedia(ctx context.Context, offer string) (media.Session, error) {
	return l.mediaOf(ctx, l.account.incomingMedia(offer))
}

// mediaOf makes a session of a kind, "" being none that the account may use.
func (l *sipLine) mediaOf(ctx context.Context, kind line.MediaKind) (media.Session, error) {
	_, host := l.account.server()
	spec := line.MediaSpec{Kind: kind, Codecs: l.account.Codecs, ICE: l.account.ICEServers, RelayOnly: l.account.RelayOnly, OfferICE: l.account.OfferICE, Loopback: cleartext.Loopback(host)}
	switch spec.Kind {
	case "":
		return nil, errNoMediaKind
	case line.MediaRTP, line.MediaSRTP:
		spec.Local = addressTowards(ctx, host)
	}
	return l.client.newMedia(spec)
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

// reauthenticate does nothing: the account's password is the user's to change.
func (l *sipLine) Reauthenticate(context.Context) bool { return false }

func (l *sipLine) Report(any) {}

func (l *sipLine) Rate(context.Context, wire.Feedback) error { return nil }
