package sip

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/backoff"
	"offhook/internal/crash"
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
	// OnExtension, if set, is told how the extensions stand that Watch names; it must
	// not block.
	OnExtension func(Extension)
	// BackoffBase and BackoffMax bound the random delays between attempts to reach a
	// server; 500 ms and 3 s, so that one that returns is found at once. One that
	// refuses is asked again after four times BackoffBase at first, then after an
	// eighth of the time for which it has refused, up to five minutes; wrong
	// credentials are tried again hourly.
	BackoffBase, BackoffMax time.Duration

	// askAgain and confirm are those of the constants askAgain and confirmInterval.
	askAgain, confirm time.Duration
}

// RegistrationPhase is where an account stands.
type RegistrationPhase string

// Unregistered: not reachable, an attempt is due or under way. Registered: calls
// arrive. Terminated: the server does not accept the password; it is tried again
// hourly, or by Retry.
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
	cfg     AccountConfig
	callID  string
	retries chan struct{}
	// closing bounds what is said to the server at the end; abandon ends it.
	closing context.Context
	abandon context.CancelFunc
	// late are the attempts that nobody waits for any more.
	late sync.WaitGroup

	mu    sync.Mutex // held while OnState runs, for its order
	state Registration
	flow  *Flow
	seq   uint32
	// recognised says that the server has listed our contact once.
	recognised bool
	// watched are the extensions to follow; watchNews is closed and replaced when they
	// change.
	watched   []string
	watchNews chan struct{}
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
	}{{&cfg.Expires, 300 * time.Second}, {&cfg.BackoffBase, 500 * time.Millisecond}, {&cfg.BackoffMax, 3 * time.Second}, {&cfg.askAgain, askAgain}, {&cfg.confirm, confirmInterval}} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	a := &Account{
		shunned: make(map[string]time.Time), watchNews: make(chan struct{}),
		cfg: cfg, callID: newTag() + newTag(), retries: make(chan struct{}, 1), seq: firstSeq(),
		state: Registration{Phase: Unregistered, Since: time.Now()},
	}
	a.closing, a.abandon = context.WithCancel(context.Background())
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

// Retry is for when the machine woke, the network changed or the account's server may
// be back: the account tries again at once, or proves its connection by a REGISTER
// and connects again if that is not answered. An attempt that is under way is as
// good.
func (a *Account) Retry() {
	select {
	case a.retries <- struct{}{}:
	default:
	}
}

// Reconnect drops the connection, which may hang on an address that is gone, and
// begins again at once.
func (a *Account) Reconnect() {
	if f := a.Flow(); f != nil {
		_ = f.conn.Close()
	}
	a.Retry()
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

// refusalMax bounds the time between two attempts at a server that refuses.
const refusalMax = 5 * time.Minute

// credentialsDelay is the time between two attempts with a password that the server
// does not accept: it may be the server that is wrong.
const credentialsDelay = time.Hour

// Run keeps the account registered until ctx ends; then it unregisters, waiting
// for the server no longer than 2 s, closes its flow, and returns.
func (a *Account) Run(ctx context.Context) {
	defer a.late.Wait()
	delays, refusedSince := backoff.Backoff{Base: a.cfg.BackoffBase, Max: a.cfg.BackoffMax}, time.Time{}
	for ctx.Err() == nil {
		registered, err := a.session(ctx)
		if ctx.Err() != nil {
			break
		}
		v := judge(err)
		if registered {
			delays.Reset()
		}
		switch {
		case !v.refused || registered:
			refusedSince = time.Time{}
		case refusedSince.IsZero():
			refusedSince = time.Now()
		}
		next := Registration{Phase: Unregistered, Err: v.fault}
		var delay time.Duration
		switch {
		case v.credentials:
			next.Phase, delay = Terminated, credentialsDelay
		case !refusedSince.IsZero():
			delay = max(v.delay, 4*a.cfg.BackoffBase, min(time.Since(refusedSince)/8, refusalMax))
			delay += rand.N(delay/8 + 1)
		default:
			delay = v.delay + delays.Next()
		}
		next.RetryAt = time.Now().Add(delay)
		a.set(next, nil)
		a.sleep(ctx, delay)
	}
	a.set(Registration{Phase: Unregistered}, nil)
}

// sleep waits for d, a Retry, or the end of ctx.
func (a *Account) sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-a.retries:
	case <-ctx.Done():
	}
}

// session is one flow's life: connect, register, refresh, until something ends
// it.
func (a *Account) session(ctx context.Context) (registered bool, err error) {
	f, err := a.connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	var until time.Time // the present registration's end
	watch := sync.OnceFunc(func() { a.watch(ctx, f) })
	// doubt says that the server owes a sign of life, unsure that it may have forgotten
	// what it was told.
	doubt, doubted, unsure := make(chan struct{}, 1), false, false
	if f.at.stream && f.cfg.PingInterval >= 0 {
		f.aside(func() { f.prove(doubt) })
	}
	delays := backoff.Backoff{Base: a.cfg.BackoffBase, Max: a.cfg.BackoffBase << 6}
	for {
		timeout, proving := a.timeout(f, registered), doubted
		if proving {
			timeout = proofTimeout
		}
		granted, err := a.register(ctx, f, a.cfg.Expires, timeout)
		doubted, unsure = false, false
		select {
		case <-a.retries: // this was one
		default:
		}
		var wait time.Duration
		switch {
		case err == nil:
			registered = true
			delays.Reset()
			until = time.Now().Add(granted)
			if wait = granted * 8 / 10; f.datagrams() && a.cfg.PingInterval >= 0 && wait > a.cfg.confirm {
				wait, unsure = a.cfg.confirm, true
			}
			a.set(Registration{Phase: Registered, Expires: until}, f)
			watch()
		case ctx.Err() != nil:
			a.unregister(f)
			return registered, ctx.Err()
		default:
			// A refresh may fail for now while the registration still holds.
			v := judge(err)
			var refused *StatusError
			if errors.As(err, &refused) {
				proving = false // a refusal is a sign of life
			}
			wait = v.delay + delays.Bound()
			if v.credentials || errors.Is(err, ErrDisplaced) || f.lost() || !registered || proving || time.Now().Add(wait).After(until) {
				return registered, a.judgeServer(f, err)
			}
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
			doubted = unsure
		case <-a.retries:
			doubted = true
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

// timeout is how long an answer to a REGISTER is waited for. A server of which
// nothing was heard yet gets less if there is another one. What a stream has lost is
// not sent again, and a registration that holds is better proven anew.
func (a *Account) timeout(f *Flow, registered bool) time.Duration {
	switch {
	case registered, !f.datagrams() && f.others == 0:
		return answerTime
	case f.others > 0:
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

// watch follows what the server tells of, if anybody wants to know.
func (a *Account) watch(ctx context.Context, f *Flow) {
	follow := func(wanted bool, run func(context.Context)) {
		if !wanted || !f.enter() {
			return
		}
		go func() {
			defer crash.Guard()
			defer f.leave()
			run(ctx)
		}()
	}
	follow(a.cfg.MessageSummary != nil, f.watchMessages)
	follow(a.cfg.OnExtension != nil, func(ctx context.Context) { a.watchExtensions(ctx, f) })
}
