package sip

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/fault"
	"offhook/voice/sip/transport"
)

// AccountConfig is a SIP account: a line that registers.
type AccountConfig struct {
	Config
	// Expires is how long a registration is asked for, 300 s if it is 0. It is
	// refreshed after 80 % of what the server grants.
	Expires time.Duration
	// InstanceID is a URN of this installation, urn:uuid:…; with it the server is
	// asked for outbound (RFC 5626).
	InstanceID string
	// OnState, if set, is told of every change, in order; it must not block.
	OnState func(Registration)
	// BackoffBase and BackoffMax bound the random pauses between attempts; 500 ms
	// and 30 s.
	BackoffBase, BackoffMax time.Duration
}

// RegistrationPhase is where an account stands.
type RegistrationPhase string

// Unregistered: not reachable, an attempt is due or under way. Registered: calls
// arrive. Terminated: the server refuses the account; only Kick tries again.
const (
	Unregistered RegistrationPhase = "unregistered"
	Registered   RegistrationPhase = "registered"
	Terminated   RegistrationPhase = "terminated"
)

// Registration is the state of an account.
type Registration struct {
	Phase RegistrationPhase
	// Since is when Phase began.
	Since time.Time
	// Expires is until when the server has granted the registration.
	Expires time.Time
	// Err is why the account is not registered, a *fault.Error.
	Err error
	// RetryAt is when the next attempt starts; zero if none is planned.
	RetryAt time.Time
}

// Account keeps a line registered (RFC 3261, section 10): it connects,
// registers, refreshes, and begins again when the connection is lost. Its
// methods may be called from anywhere.
type Account struct {
	cfg    AccountConfig
	callID string
	kicks  chan struct{}
	// parting bounds what is said to the server at the end; abandon ends it.
	parting context.Context
	abandon context.CancelFunc

	mu    sync.Mutex // held while OnState runs, for its order
	state Registration
	flow  *Flow
	seq   uint32
	// shunned are the servers that failed lately, until when.
	shunned map[string]time.Time
}

// NewAccount makes an account; Run starts it.
func NewAccount(cfg AccountConfig) (*Account, error) {
	if _, err := cfg.check(); err != nil {
		return nil, err
	}
	if !clean(cfg.InstanceID) || strings.ContainsAny(cfg.InstanceID, `<>"`) {
		return nil, invalid("sip.bad-instance")
	}
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{{&cfg.Expires, 300 * time.Second}, {&cfg.BackoffBase, 500 * time.Millisecond}, {&cfg.BackoffMax, 30 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	a := &Account{
		shunned: make(map[string]time.Time),
		cfg:     cfg, callID: newTag() + newTag(), kicks: make(chan struct{}, 1), seq: firstSeq(),
		state: Registration{Phase: Unregistered, Since: time.Now()},
	}
	a.parting, a.abandon = context.WithCancel(context.Background())
	a.cfg.shunned = a.shuns
	return a, nil
}

// shunTime is how long a server that failed is tried after all others.
const shunTime = 2 * time.Minute

// shuns says until when a server is to be tried after the others; the zero time
// if it did not fail lately.
func (a *Account) shuns(server string) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.shunned[server]
}

// shun puts a server that failed behind the others of its name.
func (a *Account) shun(server string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for s, until := range a.shunned {
		if now.After(until) {
			delete(a.shunned, s)
		}
	}
	a.shunned[server] = now.Add(shunTime)
}

// State is how the account stands now.
func (a *Account) State() Registration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// Flow is the flow over which the account is registered, nil if it is not.
// Calls are made over it, and dialogs of a lost one rebound to it.
func (a *Account) Flow() *Flow {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.flow
}

// Kick is for when the machine woke, the network changed or the account's
// settings did: the account tries again, or refreshes, at once.
func (a *Account) Kick() {
	select {
	case a.kicks <- struct{}{}:
	default:
	}
}

// Reconnect drops the connection, which may hang on an address that is gone, and
// begins again at once.
func (a *Account) Reconnect() {
	if f := a.Flow(); f != nil {
		_ = f.conn.Close()
	}
	a.Kick()
}

func (a *Account) set(next Registration, flow *Flow) {
	a.mu.Lock()
	defer a.mu.Unlock()
	next.Since = a.state.Since
	if next.Phase != a.state.Phase {
		next.Since = time.Now()
	}
	changed := next != a.state
	a.state, a.flow = next, flow
	if changed && a.cfg.OnState != nil {
		a.cfg.OnState(next)
	}
}

// Abandon is for those who end Run's context and can't wait for a server that
// does not answer: Run returns at once, and a registration that could not be
// taken back ends by itself.
func (a *Account) Abandon() { a.abandon() }

// Run keeps the account registered until ctx ends; then it unregisters, waiting
// for the server no longer than 2 s, closes its flow, and returns.
func (a *Account) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		registered, err := a.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if registered {
			failures = 0
		}
		fatal, pause, err := judgeRegistration(err)
		if fatal {
			a.set(Registration{Phase: Terminated, Err: err}, nil)
			select {
			case <-a.kicks:
			case <-ctx.Done():
			}
			continue
		}
		limit := min(a.cfg.BackoffMax, a.cfg.BackoffBase<<min(failures, 16))
		failures++
		pause += rand.N(limit)
		a.set(Registration{Phase: Unregistered, Err: err, RetryAt: time.Now().Add(pause)}, nil)
		a.sleep(ctx, pause)
	}
	a.set(Registration{Phase: Unregistered}, nil)
}

// sleep waits for d, a kick, or the end of ctx.
func (a *Account) sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-a.kicks:
	case <-ctx.Done():
	}
}

// session is one flow's life: connect, register, refresh, until something ends
// it.
func (a *Account) session(ctx context.Context) (registered bool, err error) {
	connecting, cancel := context.WithTimeout(ctx, 15*time.Second)
	f, err := Connect(connecting, a.cfg.Config)
	cancel()
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	var until time.Time // the present registration's end
	mailbox := sync.OnceFunc(func() { a.watchMailbox(ctx, f) })
	// doubt says that the server owes a sign of life.
	doubt, doubted := make(chan struct{}, 1), false
	if f.at.stream && f.cfg.PingInterval >= 0 {
		f.aside(func() { f.prove(doubt) })
	}
	for failures := 0; ; {
		timeout := a.patience(f, registered)
		if doubted {
			timeout = proofTimeout
		}
		granted, err := a.register(ctx, f, a.cfg.Expires, timeout)
		doubted = false
		var wait time.Duration
		switch {
		case err == nil:
			registered, failures = true, 0
			until = time.Now().Add(granted)
			wait = granted * 8 / 10
			a.set(Registration{Phase: Registered, Expires: until}, f)
			mailbox()
		case ctx.Err() != nil:
			a.unregister(f)
			return registered, ctx.Err()
		default:
			// A refresh may fail for now while the registration still holds.
			fatal, pause, _ := judgeRegistration(err)
			wait = pause + a.cfg.BackoffBase<<min(failures, 6)
			failures++
			if fatal || f.lost() || !registered || timeout == proofTimeout || time.Now().Add(wait).After(until) {
				return registered, a.judgeServer(f, err)
			}
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-a.kicks:
		case <-doubt:
			doubted = true
		case <-f.Done():
			t.Stop()
			return registered, a.judgeServer(f, errors.Join(ErrFlowLost, f.Err()))
		case <-ctx.Done():
			t.Stop()
			a.unregister(f)
			return registered, ctx.Err()
		}
		t.Stop()
	}
}

// patience is how long an answer to a REGISTER is waited for. A server of which
// nothing was heard yet gets less if there is another one.
func (a *Account) patience(f *Flow, registered bool) time.Duration {
	if !registered && f.others > 0 {
		return transactionTime / 8
	}
	return transactionTime
}

// judgeServer puts a server that did not answer, or is overloaded, behind its
// others (RFC 3263, section 4.3). If there is one its wish to be left alone is no
// reason to wait.
func (a *Account) judgeServer(f *Flow, err error) error {
	var refused *StatusError
	if errors.Is(err, ErrFlowClosed) {
		return err // by ourselves
	}
	if answered := errors.As(err, &refused); answered && refused.Status != sipmsg.StatusServiceUnavailable && refused.Status != sipmsg.StatusRequestTimeout {
		return err
	}
	a.shun(f.server)
	if f.others > 0 && refused != nil {
		return &StatusError{Status: refused.Status, Reason: refused.Reason}
	}
	return err
}

// watchMailbox subscribes to what waits for the line, if anybody wants to know.
func (a *Account) watchMailbox(ctx context.Context, f *Flow) {
	if a.cfg.Mailbox == nil || !f.enter() {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer f.leave()
		defer cancel()
		f.watchMailbox(ctx)
	}()
}

// unregister takes the registration back, as a courtesy.
func (a *Account) unregister(f *Flow) {
	_, _ = a.register(a.parting, f, 0, 2*time.Second)
}

// maxRaises is how often a server may ask for a longer registration in one go:
// an honest one asks once.
const maxRaises = 3

// register sends a REGISTER through its challenges and returns what the server
// grants.
func (a *Account) register(ctx context.Context, f *Flow, expires, patience time.Duration) (time.Duration, error) {
	var tried attempt
	for raised := 0; ; {
		req := a.request(f, expires)
		limited, cancel := context.WithTimeout(ctx, patience)
		res, err := f.final(limited, req)
		cancel()
		switch {
		case err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			return 0, ErrTimeout
		case err != nil:
			return 0, err
		case res.IsSuccess():
			f.registered(res)
			return granted(f, res, expires), nil
		case res.StatusCode == sipmsg.StatusUnauthorized, res.StatusCode == sipmsg.StatusProxyAuthRequired:
			if err := f.creds.learn(res, &tried); err != nil {
				return 0, err
			}
		case res.StatusCode == 423: // Interval Too Brief
			least, err := strconv.ParseUint(strings.TrimSpace(headerValue(res, "Min-Expires")), 10, 31)
			if next := time.Duration(least) * time.Second; err != nil || next <= expires || next > maxSession || raised == maxRaises {
				return 0, &StatusError{Status: res.StatusCode, Reason: res.Reason}
			} else {
				expires = next
				raised++
			}
		default:
			return 0, &StatusError{Status: res.StatusCode, Reason: res.Reason, RetryAfter: retryAfter(res)}
		}
	}
}

// request builds a REGISTER (RFC 3261, section 10.2). All of one account share
// the Call-ID.
func (a *Account) request(f *Flow, expires time.Duration) *sipmsg.Request {
	a.mu.Lock()
	a.seq++
	seq := a.seq
	a.mu.Unlock()
	req := f.newRequest(sipmsg.REGISTER, sipmsg.Uri{Scheme: "sip", Host: f.cfg.Domain})
	who := sipmsg.Uri{Scheme: "sip", User: escapeUser(f.cfg.User), Host: f.cfg.Domain}
	from := &sipmsg.FromHeader{DisplayName: f.cfg.DisplayName, Address: who, Params: sipmsg.NewParams()}
	from.Params.Add("tag", newTag())
	id := sipmsg.CallIDHeader(a.callID)
	contact := f.contact()
	supported := "path"
	if a.cfg.InstanceID != "" {
		contact.Params = sipmsg.NewParams()
		contact.Address.UriParams.Add("ob", "") // RFC 5626, section 4.1
		contact.Params.Add("reg-id", "1")
		contact.Params.Add("+sip.instance", `"<`+a.cfg.InstanceID+`>"`)
		supported = "path, outbound"
	}
	for _, r := range proxyRoute(&f.cfg) {
		req.AppendHeader(&sipmsg.RouteHeader{Address: r})
	}
	for _, h := range []sipmsg.Header{
		from, &sipmsg.ToHeader{Address: who}, &id, &sipmsg.CSeqHeader{SeqNo: seq, MethodName: sipmsg.REGISTER}, contact,
		sipmsg.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))),
		sipmsg.NewHeader("Allow", allowed), sipmsg.NewHeader("Supported", supported), sipmsg.NewHeader("User-Agent", f.cfg.UserAgent),
	} {
		req.AppendHeader(h)
	}
	return req
}

// registered takes over what the 2xx to a REGISTER says of the way: the route of
// our calls (RFC 3608), and whether the server keeps flows (RFC 5626, 4.2.1).
func (f *Flow) registered(res *sipmsg.Response) {
	var routes []sipmsg.Uri
	for _, entry := range addressList(res, "Service-Route") {
		var uri sipmsg.Uri
		if sipmsg.ParseUri(entry.URI, &uri) == nil && isPlace(uri) {
			routes = append(routes, uri)
		}
	}
	if len(routes) > 0 {
		f.mu.Lock()
		f.routes = append(proxyRoute(&f.cfg), routes...)
		f.mu.Unlock()
	}
	if d, ok := f.conn.(*transport.Datagrams); ok && (hasToken(res, "Require", "outbound") || headerValue(res, "Flow-Timer") != "") {
		d.Outbound()
	}
}

// granted is the time that the server grants our contact: by the contact's own
// parameter, else by Expires, else what was asked for (RFC 3261, 10.2.4).
func granted(f *Flow, res *sipmsg.Response, asked time.Duration) time.Duration {
	seconds := func(text string, ok bool) (time.Duration, bool) {
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
		if !ok || err != nil || n == 0 {
			return 0, false
		}
		return min(time.Duration(n)*time.Second, maxSession), true
	}
	for _, h := range res.GetHeaders("Contact") {
		if c, ok := h.(*sipmsg.ContactHeader); ok && strings.EqualFold(c.Address.Host, bracketed(f.host)) && c.Address.Port == f.port {
			if d, ok := seconds(c.Params.Get("expires")); ok {
				return d
			}
		}
	}
	if d, ok := seconds(headerValue(res, "Expires"), true); ok {
		return d
	}
	return asked
}

// judgeRegistration says what an error means for the account: the fault for a
// person, whether trying again is pointless, and how long the server wants to
// be left alone.
func judgeRegistration(err error) (fatal bool, pause time.Duration, _ error) {
	var refused *StatusError
	var handshake *transport.HandshakeError
	var known *fault.Error
	switch {
	case errors.Is(err, ErrCredentials):
		return true, 0, fault.Wrap(err, fault.InvalidCredentials, "sip.bad-credentials")
	case errors.As(err, &refused):
		switch refused.Status {
		case http.StatusForbidden, http.StatusNotFound, 604:
			return true, 0, fault.Wrap(err, fault.InvalidCredentials, "sip.unknown-account")
		}
		return false, refused.RetryAfter, fault.Wrap(err, fault.ServerError, "sip.registration-refused", refused.Status)
	case errors.As(err, &known):
		if errors.As(err, &handshake) {
			pause = handshake.RetryAfter
		}
		return known.Type == fault.ConfigurationInvalid || known.Type == fault.AuthenticationInvalidToken, pause, known
	}
	if errors.Is(err, ErrTimeout) {
		return false, 0, fault.Wrap(err, fault.NetworkError, "sip.registration-unanswered")
	}
	return false, 0, fault.Wrap(err, fault.NetworkError, "sip.registration-lost")
}
