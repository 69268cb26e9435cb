package sip

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/fault"
)

// registrar answers REGISTER on a server.
type registrar struct {
	s        *server
	requests chan *sipmsg.Request
	mu       sync.Mutex
	answer   func(*sipmsg.Request) *sipmsg.Response // nil grants an hour
}

func newRegistrar(t *testing.T, options ...serverOption) *registrar {
	t.Helper()
	r := &registrar{requests: make(chan *sipmsg.Request, 256)}
	r.s = newServer(t, func(*leg) {}, options...)
	r.s.register = func(req *sipmsg.Request, tx *sipmsg.ServerTx) {
		r.requests <- req
		r.mu.Lock()
		answer := r.answer
		r.mu.Unlock()
		res := sipmsg.NewResponseFromRequest(req, 200, "OK", nil)
		if answer != nil {
			res = answer(req)
		}
		_ = tx.Respond(res)
	}
	return r
}

func (r *registrar) set(answer func(*sipmsg.Request) *sipmsg.Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *registrar) next() *sipmsg.Request {
	r.s.t.Helper()
	select {
	case req := <-r.requests:
		return req
	case <-time.After(timeout):
		r.s.t.Fatal("no REGISTER came")
	}
	panic("unreachable")
}

type runningAccount struct {
	*Account
	t      *testing.T
	states chan Registration
	stop   func()
}

func (r *registrar) account(t *testing.T, change ...func(*AccountConfig)) *runningAccount {
	t.Helper()
	run := &runningAccount{t: t, states: make(chan Registration, 256)}
	cfg := AccountConfig{
		Config: r.s.config(), OnState: func(s Registration) { run.states <- s },
		BackoffBase: time.Millisecond, BackoffMax: 5 * time.Millisecond,
	}
	for _, c := range change {
		c(&cfg)
	}
	a, err := NewAccount(cfg)
	if err != nil {
		t.Fatal(err)
	}
	run.Account = a
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); a.Run(ctx) }()
	run.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(run.stop)
	return run
}

func (a *runningAccount) until(what string, ok func(Registration) bool) Registration {
	a.t.Helper()
	limit := time.After(timeout)
	for {
		select {
		case s := <-a.states:
			if ok(s) {
				return s
			}
		case <-limit:
			a.t.Fatalf("%s: never; it stands at %+v", what, a.State())
		}
	}
}

func (a *runningAccount) phase(p RegistrationPhase) Registration {
	a.t.Helper()
	return a.until(string(p), func(s Registration) bool { return s.Phase == p })
}

func TestAccountRegistersAndUnregisters(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t, withDigest("SHA-256", "MD5"))
	a := r.account(t, func(c *AccountConfig) { c.InstanceID = "urn:uuid:0b8a" })
	s := a.phase(Registered)
	if left := time.Until(s.Expires); left < 290*time.Second || left > 300*time.Second || s.Err != nil {
		t.Errorf("%+v", s)
	}
	req := r.next()
	instance, _ := req.Contact().Params.Get("+sip.instance")
	if req.Recipient.String() != "sip:sip.example" || req.To().Address.String() != "sip:alice@sip.example" || instance != `"<urn:uuid:0b8a>"` ||
		req.GetHeader("Expires").Value() != "300" || !hasToken(req, "Supported", "outbound") {
		t.Errorf("%s", req)
	}
	if a.Flow() == nil || a.Flow().Err() != nil {
		t.Error("no flow")
	}
	// A retry refreshes at once, with the same Call-ID and the next number.
	a.Retry()
	again := r.next()
	if again.CallID().Value() != req.CallID().Value() || again.CSeq().SeqNo <= req.CSeq().SeqNo {
		t.Errorf("%s", again)
	}
	a.stop()
	if last := r.next(); last.GetHeader("Expires").Value() != "0" {
		t.Errorf("%s", last)
	}
	if s := a.State(); s.Phase != Unregistered || a.Flow() != nil {
		t.Errorf("%+v", s)
	}
}

func TestAccountRefreshesAt80Percent(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	grant := func(req *sipmsg.Request) *sipmsg.Response {
		res := sipmsg.NewResponseFromRequest(req, 200, "OK", nil)
		// Another phone's contact, and ours with a second.
		res.AppendHeader(sipmsg.NewHeader("Contact", "<sip:other@other.invalid>;expires=9999"))
		c := sipmsg.HeaderClone(req.Contact()).(*sipmsg.ContactHeader)
		c.Params.Add("expires", "1")
		res.AppendHeader(c)
		res.AppendHeader(sipmsg.NewHeader("Expires", "777"))
		return res
	}
	r.set(grant)
	a := r.account(t)
	a.phase(Registered)
	r.next()
	start := time.Now()
	r.next()
	if took := time.Since(start); took < 700*time.Millisecond {
		t.Errorf("refreshed after %v of 1 s", took)
	}
	// A refresh that fails for now does not unregister by itself.
	var fails atomic.Int32
	fails.Store(2)
	r.set(func(req *sipmsg.Request) *sipmsg.Response {
		if fails.Add(-1) >= 0 {
			return sipmsg.NewResponseFromRequest(req, 500, "Oops", nil)
		}
		return grant(req)
	})
	for range 3 {
		r.next()
	}
	if s := a.State(); s.Phase != Registered {
		t.Errorf("%+v", s)
	}
}

func TestAccountRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		phase  RegistrationPhase
		code   fault.Type
	}{{403, Unregistered, fault.InvalidCredentials}, {404, Unregistered, fault.InvalidCredentials}, {503, Unregistered, fault.ServerError}, {408, Unregistered, fault.ServerError}} {
		r := newRegistrar(t)
		r.set(func(req *sipmsg.Request) *sipmsg.Response {
			res := sipmsg.NewResponseFromRequest(req, tc.status, "No", nil)
			res.AppendHeader(sipmsg.NewHeader("Retry-After", "60"))
			return res
		})
		a := r.account(t)
		s := a.until("refused", func(s Registration) bool { return s.Err != nil })
		if s.Phase != tc.phase || fault.TypeOf(s.Err) != tc.code {
			t.Errorf("%d: %+v", tc.status, s)
		}
		if wait := time.Until(s.RetryAt); tc.phase == Unregistered && wait < 50*time.Second {
			t.Errorf("%d: tries again in %v", tc.status, wait)
		}
		r.set(nil)
		a.Retry()
		a.phase(Registered)
	}
	r := newRegistrar(t, withDigest("MD5"))
	a := r.account(t, func(c *AccountConfig) { c.Password = "wrong" })
	s := a.phase(Terminated)
	if fault.TypeOf(s.Err) != fault.InvalidCredentials || !errors.Is(s.Err, ErrCredentials) {
		t.Errorf("%+v", s)
	}
	if wait := time.Until(s.RetryAt); wait < 59*time.Minute || wait > time.Hour {
		t.Errorf("wrong credentials are tried again in %v", wait)
	}
}

// A refusal that passes is tried again for ever, at growing intervals.
func TestAccountRefusedForAWhile(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	var asked atomic.Int32
	r.set(func(req *sipmsg.Request) *sipmsg.Response {
		if asked.Add(1) <= 5 {
			return sipmsg.NewResponseFromRequest(req, 403, "Not yet", nil)
		}
		return sipmsg.NewResponseFromRequest(req, 200, "OK", nil)
	})
	a := r.account(t)
	start := time.Now()
	a.phase(Registered)
	if took := time.Since(start); took < 20*time.Millisecond {
		t.Errorf("five refusals took %v", took)
	}
}

// A contact that the server has rewritten is ours by its instance; where another
// phone's is in the place of ours the account says so.
func TestAccountFindsItsContact(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	contacts := make(chan string, 1)
	r.set(func(req *sipmsg.Request) *sipmsg.Response {
		res := sipmsg.NewResponseFromRequest(req, 200, "OK", nil)
		res.AppendHeader(sipmsg.NewHeader("Contact", <-contacts))
		return res
	})
	a := r.account(t, func(c *AccountConfig) { c.InstanceID = "urn:uuid:0b8a" })
	contacts <- `<sip:alice@198.51.100.7:1024;alias=1>;expires=77;+sip.instance="<URN:uuid:0b8a>";reg-id=1, <sip:alice@192.0.2.7>;expires=3000;+sip.instance="<urn:uuid:ffff>"`
	if s := a.phase(Registered); time.Until(s.Expires) > 77*time.Second {
		t.Errorf("%+v", s)
	}
	contacts <- `<sip:alice@192.0.2.7>;expires=3000`
	a.Retry()
	if s := a.until("displaced", func(s Registration) bool { return s.Err != nil }); s.Phase != Unregistered || !errors.Is(s.Err, ErrDisplaced) || s.RetryAt.IsZero() {
		t.Errorf("%+v", s)
	}
	if a.Flow() != nil {
		t.Error("a displaced account has a flow for calls")
	}
	close(contacts)
}

func TestAccountTakesALongerInterval(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	r.set(func(req *sipmsg.Request) *sipmsg.Response {
		if req.GetHeader("Expires").Value() == "600" {
			return sipmsg.NewResponseFromRequest(req, 200, "OK", nil)
		}
		res := sipmsg.NewResponseFromRequest(req, 423, "Interval Too Brief", nil)
		res.AppendHeader(sipmsg.NewHeader("Min-Expires", "600"))
		return res
	})
	a := r.account(t)
	if s := a.phase(Registered); time.Until(s.Expires) < 590*time.Second {
		t.Errorf("%+v", s)
	}
}

func TestAccountComesBackAndKeepsItsCall(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t, withDigest("MD5"))
	calls := make(chan Incoming, 1)
	a := r.account(t, func(c *AccountConfig) { c.Incoming = func(in Incoming) { calls <- in } })
	a.phase(Registered)
	source := r.s.source()
	c := r.s.call(a.Flow(), source, offer)
	d := (<-calls).Dialog
	if err := d.Accept(answer); err != nil {
		t.Fatal(err)
	}
	c.ack(c.response(), "")
	event[Answered](t, d)
	for _, conn := range r.s.listener.Conns() {
		_ = conn.Close()
	}
	event[FlowLost](t, d)
	if s := a.until("lost", func(s Registration) bool { return s.Err != nil }); fault.TypeOf(s.Err) != fault.NetworkError || !strings.Contains(s.Err.Error(), "lost") {
		t.Errorf("%+v", s)
	}
	a.phase(Registered)
	if err := d.Rebind(a.Flow()); err != nil {
		t.Fatal(err)
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	event[Ended](t, d)
}

// A phone that ends waits for no server that has gone silent.
func TestAnAbandonedAccountWaitsForNoAnswer(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	a := r.account(t)
	a.phase(Registered)
	r.next()
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	r.set(func(req *sipmsg.Request) *sipmsg.Response {
		<-silent
		return sipmsg.NewResponseFromRequest(req, 200, "OK", nil)
	})
	stopped := make(chan struct{})
	go func() { defer close(stopped); a.stop() }()
	if gone := r.next(); gone.GetHeader("Expires").Value() != "0" {
		t.Errorf("%s", gone)
	}
	a.Abandon()
	<-stopped
}
