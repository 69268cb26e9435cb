package voice

import (
	"context"
	"slices"
	"time"

	"offhook/internal/crash"
	"offhook/voice/fault"
	"offhook/voice/line/subscriber"
	"offhook/voice/platform"
)

// initializationDelay is how long Initialize may take before it is told that it
// takes long (reference, section 1.9).
const initializationDelay = 5 * time.Second

// Initialize prepares the client for an account: it checks the token, fetches
// the profile and keeps a signalling connection open from then on. It blocks
// until that is known, and its result is also an event: InitializationSucceeded,
// InitializationFailed, or AuthenticationFailed if the token is
// AUTHENTICATION_INVALID_TOKEN or AUTHENTICATION_EXPIRED_TOKEN.
//
// An initialised client takes a new token for the same subscriber at any time;
// for another subscriber it fails with SYSTEM_BUSY during a call.
func (c *Client) Initialize(ctx context.Context, account Account) error {
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	punctual := c.clock.AfterFunc(initializationDelay, crash.Guarded(func() { c.events.Publish(InitializationDelayed{}) }))
	err := c.initialize(ctx, account)
	punctual()
	if err == nil {
		c.events.Publish(InitializationSucceeded{})
		return nil
	}
	problem := fault.From(err)
	if isAuthentication(problem) {
		c.events.Publish(AuthenticationFailed{Err: problem})
	} else {
		c.events.Publish(InitializationFailed{Err: problem})
	}
	c.log.Warn("initialization failed", "error", problem)
	return problem
}

// prepare opens a session but for its connection.
func (c *Client) prepare(ctx context.Context, account subscriber.Checked) (*subscriber.Session, error) {
	s, err := subscriber.Open(ctx, account, subscriber.Config{
		DeviceID: c.settings.deviceID, UserAgent: "offhook/" + Version, Log: c.log, Clock: c.clock, HTTP: c.http, Nodes: c.settings.nodes,
		Connect: c.connect, NewMedia: c.newSession, DTX: func() bool { return c.currentSound().DTX },
		Renewed: c.settings.renewed, TokenFailed: c.tokenFailed, FlowChanged: c.flowChanged, ProfileChanged: c.profileFetched,
		With: func(f func(*subscriber.Session)) {
			c.mu.Lock()
			defer c.mu.Unlock()
			f(c.session)
		},
	})
	if s.Keeper != nil {
		c.note(func(st *Status, now time.Time) bool {
			changed := st.Platform.set(now, err == nil || platform.StatusOf(err) != 0, err)
			changed = st.Profile.set(now, err == nil, err) || changed || !slices.Equal(st.ProfileDropped, s.Profile().Dropped)
			st.ProfileDropped = s.Profile().Dropped
			return st.Token.set(now, err == nil, fault.Plain(s.Keeper.Failure())) || changed
		})
	}
	return s, err
}

// profileFetched is told that the profile says something else than before.
func (c *Client) profileFetched(s *subscriber.Session) {
	c.note(func(st *Status, _ time.Time) bool {
		st.ProfileDropped = s.Profile().Dropped
		return true
	})
}

// tokenFailed is told that the token can no longer be renewed. A call in progress goes
// on (reference, section 10.12).
func (c *Client) tokenFailed(s *subscriber.Session, problem *fault.Error) {
	c.mu.Lock()
	current := c.session == s
	c.mu.Unlock()
	if !current {
		return // Initialize says it itself, or the session is over.
	}
	c.note(func(st *Status, now time.Time) bool { return st.Token.set(now, false, problem) })
	c.events.Publish(AuthenticationFailed{Err: problem})
}

// flowChanged is told of the connection to the exophone.
func (c *Client) flowChanged(up bool, err error, uses func(*subscriber.Session) bool) {
	var s *subscriber.Session
	changed := false
	c.note(func(st *Status, now time.Time) bool {
		if c.session == nil || !uses(c.session) {
			return false // another has taken its place
		}
		s = c.session
		changed = st.Flow.OK != up
		return st.Flow.set(now, up, err)
	})
	if changed {
		s.Report(subscriber.FlowReport{ReportHead: c.head("flow"), Up: up})
	}
}

func isAuthentication(err *fault.Error) bool {
	return err.Type == fault.AuthenticationInvalidToken || err.Type == fault.AuthenticationExpiredToken
}

func (c *Client) initialize(ctx context.Context, account Account) error {
	checked, err := account.Check()
	if err != nil {
		return err
	}
	c.mu.Lock()
	old, busy, closed := c.session, !c.idle(), c.closed
	c.mu.Unlock()
	switch {
	case closed:
		return fault.New(fault.Uninitialized, "phone.closing")
	case old != nil && busy && !old.Account.SameSubscriber(checked):
		return busyFault()
	}

	next, err := c.prepare(ctx, checked)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.session = next
	// The line of the same subscriber goes on carrying the call that is there.
	keepConnection := old != nil && old.Account.SameSubscriber(checked) && old.Profile().SIPPassword == next.Profile().SIPPassword
	if keepConnection {
		next.TakeConnection(old)
	} else {
		next.OpenConnection()
	}
	c.mu.Unlock()
	if old != nil {
		old.Close(ctx, keepConnection)
	}
	return nil
}
