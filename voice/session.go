package voice

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"offhook/voice/auth"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/platform"
	"offhook/voice/wire"
)

// session is the time between Initialize and Stop.
type session struct {
	account  checked
	platform *platform.Client
	keeper   *auth.Keeper
	// profile is never nil once the session is the client's.
	profile atomic.Pointer[wire.Profile]
	// line is guarded by the client's mutex while the session is the client's.
	connection *line.Connection
	reporter   *reporter
}

// prepare makes a session but for its line.
func (c *Client) prepare(ctx context.Context, account checked) (*session, error) {
	s := &session{account: account}
	s.platform = platform.New(platform.Config{
		Base: account.base, AccountSID: account.AccountSID, Subscriber: account.SubscriberName,
		DeviceID: c.settings.deviceID, AllowClearText: account.AllowClearText,
		HTTP: c.http, Now: c.clock.Now, UserAgent: "offhook/" + Version, Logger: c.log,
	})
	keeper, err := auth.NewKeeper(auth.Config{
		Pair: account.pair, Renewer: s.platform, Clock: c.clock,
		ServerOffset: s.platform.ServerOffset, Logger: c.log,
		Failed:  func(problem *fault.Error) { c.tokenFailed(s, problem) },
		Renewed: c.tokenRenewed,
	})
	if err != nil {
		return nil, err
	}
	s.keeper = keeper
	s.platform.UseTokens(keeper)
	profile, err := c.fetchProfile(ctx, s)
	s.profile.Store(&profile)
	c.note(func(st *Status, now time.Time) bool {
		reached := err == nil || platform.StatusOf(err) != 0
		changed := st.Platform.set(now, reached, err)
		changed = st.Profile.set(now, err == nil, err) || changed || !slices.Equal(st.ProfileDropped, profile.Dropped)
		st.ProfileDropped = profile.Dropped
		return st.Token.set(now, err == nil, fault.Plain(keeper.Failure())) || changed
	})
	if err != nil {
		keeper.Close()
		return nil, err
	}
	return s, nil
}

// profileTries is how often a passing failure to fetch the profile is tried
// again, at once: the caller of Initialize waits.
const profileTries = 2

func (c *Client) fetchProfile(ctx context.Context, s *session) (p wire.Profile, err error) {
	for range profileTries {
		p, err = s.platform.Profile(ctx)
		if err == nil || !platform.Passing(err) || ctx.Err() != nil {
			break
		}
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fault.Wrap(err, fault.NetworkError, "platform.no-answer-in-time")
	}
	return p, err
}

// refetchProfile fetches the profile again, after the platform has refused what it
// said, and changes the line over if the SIP password is another now. It reports
// whether it is worth trying again.
func (c *Client) refetchProfile(ctx context.Context, s *session) bool {
	p, err := c.fetchProfile(ctx, s)
	if err != nil {
		c.log.Warn("profile not fetched again", "error", err)
		return false
	}
	c.mu.Lock()
	if c.session != s {
		again := c.session != nil // somebody has signed in since
		c.mu.Unlock()
		return again
	}
	if p.SIPPassword == s.profile.Load().SIPPassword {
		c.mu.Unlock()
		return false
	}
	c.log.Info("the SIP password has changed")
	s.profile.Store(&p)
	old := s.connection
	s.connection = c.openConnection(s)
	c.mu.Unlock()
	old.Close()
	return true
}

// tokenRenewed is called by the keeper before it gives out a new token.
func (c *Client) tokenRenewed(pair auth.Pair) {
	if c.settings.renewed == nil {
		return
	}
	text, err := json.Marshal(wire.TokenPair{RefreshToken: pair.Refresh(), AccessToken: pair.Access()})
	if err != nil {
		c.log.Error("the renewed token is not kept", "error", err)
		return
	}
	c.settings.renewed(string(text))
}

// tokenFailed is called by the keeper when the token can no longer be renewed.
// A call in progress goes on (reference, section 10.12).
func (c *Client) tokenFailed(s *session, problem *fault.Error) {
	c.mu.Lock()
	current := c.session == s
	c.mu.Unlock()
	if !current {
		return // Initialize says it itself, or the session is over.
	}
	c.note(func(st *Status, now time.Time) bool { return st.Token.set(now, false, problem) })
	c.events.Publish(AuthenticationFailed{Err: problem})
}

// openConnection keeps a flow open for s, whose line it becomes before the mutex, which
// is held, is let go.
func (c *Client) openConnection(s *session) *line.Connection {
	who := credentials{
		profile: *s.profile.Load(), user: s.account.SubscriberName,
		display: s.account.DisplayName, deviceID: c.settings.deviceID,
		clearText: s.account.AllowClearText, token: s.keeper.AccessToken,
	}
	var l *line.Connection
	l = line.NewConnection(func(ctx context.Context) (line.Flow, error) {
		return c.connect(ctx, who)
	}, c.clock, c.log, func(up bool, err error) {
		changed := false
		c.note(func(st *Status, now time.Time) bool {
			if c.session == nil || c.session.connection != l {
				return false // another has taken its place
			}
			changed = st.Flow.OK != up
			return st.Flow.set(now, up, err)
		})
		if changed {
			c.report(flowReport{c.head("flow"), up})
		}
	})
	return l
}

// close ends what the session started; ctx bounds what is still to be said.
func (s *session) close(ctx context.Context, keepConnection bool) {
	s.reporter.close(ctx)
	s.keeper.Close()
	if !keepConnection {
		s.connection.Close()
	}
}
