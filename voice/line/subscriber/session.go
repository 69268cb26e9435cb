package subscriber

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"offhook/internal/crash"
	"offhook/voice/auth"
	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/media"
	"offhook/voice/nodes"
	"offhook/voice/platform"
	"offhook/voice/sip/transport"
	"offhook/voice/wire"
)

// Config is what a session needs of the phone, and what it tells.
type Config struct {
	// DeviceID names this installation, UserAgent the program.
	DeviceID, UserAgent string
	Log                 *slog.Logger
	Clock               clock.Clock
	HTTP                *http.Client
	// Nodes are the servers that the platform has, nil for the account's alone.
	Nodes *nodes.Set
	// Connect opens the connection to the exophone.
	Connect func(context.Context, Credentials) (line.Flow, error)
	// NewMedia makes the media of a leg.
	NewMedia func(line.MediaSpec) (media.Session, error)
	// DTX says that next to nothing is sent in pauses.
	DTX func() bool
	// Renewed is told each new subscriber token before it is used, nil for nobody;
	// TokenFailed that the token can no longer be renewed.
	Renewed     func(subscriberToken string)
	TokenFailed func(*Session, *fault.Error)
	// FlowChanged is told that a connection is up, or why it is not. uses reports,
	// within With, whether it is that of a session.
	FlowChanged func(up bool, err error, uses func(*Session) bool)
	// ProfileChanged is told that the profile was fetched again and says something else.
	ProfileChanged func(*Session)
	// With calls f with the session that is the phone's, nil without one, which stays
	// so until f returns.
	With func(f func(present *Session))
}

// Session is the time between a sign-in and its end, and the line of the calls that
// begin in it. A nil Session is the line of a phone that is not signed in: it says so
// to what dials.
type Session struct {
	Account  Checked
	Platform *platform.Client
	Keeper   *auth.Keeper

	cfg Config
	// profile and connection are changed within Config.With only.
	profile    atomic.Pointer[wire.Profile]
	connection atomic.Pointer[line.Connection]
	reporter   *reporter
	// refreshing are fetches of the profile that go on, until Close stops them.
	refreshing sync.WaitGroup
	stop       context.CancelFunc
	stopped    context.Context
}

// Open checks the token and fetches the profile. The session that it returns with an
// error tells how far that got; it needs no Close.
func Open(ctx context.Context, account Checked, cfg Config) (*Session, error) {
	s := &Session{Account: account, cfg: cfg}
	s.stopped, s.stop = context.WithCancel(context.Background())
	s.profile.Store(&wire.Profile{})
	s.Platform = platform.New(platform.Config{
		Base: account.base, Nodes: cfg.Nodes, AccountSID: account.AccountSID, Subscriber: account.SubscriberName,
		DeviceID: cfg.DeviceID, AllowClearText: account.AllowClearText,
		HTTP: cfg.HTTP, Now: cfg.Clock.Now, UserAgent: cfg.UserAgent, Logger: cfg.Log,
	})
	keeper, err := auth.NewKeeper(auth.Config{
		Pair: account.pair, Renewer: s.Platform, Clock: cfg.Clock,
		ServerOffset: s.Platform.ServerOffset, Logger: cfg.Log,
		Failed:  func(problem *fault.Error) { cfg.TokenFailed(s, problem) },
		Renewed: s.tokenRenewed,
	})
	if err != nil {
		return s, err
	}
	s.Keeper = keeper
	s.Platform.UseTokens(keeper)
	profile, err := s.fetchProfile(ctx)
	s.profile.Store(&profile)
	if err != nil {
		s.stop()
		keeper.Close()
		return s, err
	}
	s.reporter = newReporter(cfg.Clock, cfg.Log, platform.Seconds(profile.EventThreadInterval), s.Platform.PostEvents)
	return s, nil
}

// Profile is what the platform says of the subscriber, empty before it was fetched.
func (s *Session) Profile() *wire.Profile { return s.profile.Load() }

// Offers reports whether the platform lists an ability.
func (s *Session) Offers(ability string) bool {
	return s != nil && slices.Contains(s.Profile().Abilities, ability)
}

// profileTries is how often a passing failure to fetch the profile is tried
// again, at once: the caller of Initialize waits.
const profileTries = 2

func (s *Session) fetchProfile(ctx context.Context) (p wire.Profile, err error) {
	for range profileTries {
		p, err = s.Platform.Profile(ctx)
		if err == nil {
			s.cfg.Nodes.Learn(s.Account.base.String(), p.Nodes)
		}
		if err == nil || !platform.Passing(err) || ctx.Err() != nil {
			break
		}
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fault.Wrap(err, fault.NetworkError, "platform.no-answer-in-time")
	}
	return p, err
}

// Reauthenticate fetches the profile again, after the platform has refused what it
// said, and changes the connection over if the SIP password is another now. It reports
// whether it is worth trying again.
func (s *Session) Reauthenticate(ctx context.Context) bool {
	p, err := s.fetchProfile(ctx)
	if err != nil {
		s.cfg.Log.Warn("profile not fetched again", "error", err)
		return false
	}
	again := false
	var old *line.Connection
	s.cfg.With(func(present *Session) {
		if present != s {
			again = present != nil // somebody has signed in since
			return
		}
		if p.SIPPassword != s.Profile().SIPPassword {
			s.cfg.Log.Info("the SIP password has changed")
			s.profile.Store(&p)
			old, again = s.connection.Load(), true
			s.OpenConnection()
		}
	})
	if old != nil {
		old.Close()
	}
	return again
}

// refresh fetches the profile again. What could not be fetched stays as it was.
func (s *Session) refresh() {
	p, err := s.fetchProfile(s.stopped)
	if err != nil {
		s.cfg.Log.Warn("profile not fetched again", "error", err)
		return
	}
	changed := false
	s.cfg.With(func(present *Session) {
		if changed = present == s && !reflect.DeepEqual(p, *s.Profile()); changed {
			p.SIPPassword = s.Profile().SIPPassword // Reauthenticate changes that over
			s.profile.Store(&p)
		}
	})
	if changed {
		s.cfg.ProfileChanged(s)
	}
}

// tokenRenewed is called by the keeper before it gives out a new token.
func (s *Session) tokenRenewed(pair auth.Pair) {
	if s.cfg.Renewed == nil {
		return
	}
	text, err := json.Marshal(wire.TokenPair{RefreshToken: pair.Refresh(), AccessToken: pair.Access()})
	if err != nil {
		s.cfg.Log.Error("the renewed token is not kept", "error", err)
		return
	}
	s.cfg.Renewed(string(text))
}

// OpenConnection keeps a connection to the exophone open until Close. It is called
// within Config.With.
func (s *Session) OpenConnection() {
	who := Credentials{
		Profile: *s.Profile(), User: s.Account.SubscriberName, DisplayName: s.Account.DisplayName,
		AllowClearText: s.Account.AllowClearText, Token: s.Keeper.AccessToken,
		UserAgent: s.cfg.UserAgent, HTTP: s.cfg.HTTP, Log: s.cfg.Log,
	}
	var c *line.Connection
	lost := false
	at, _ := url.Parse(ServerURL(who.Profile))
	c = line.NewConnection(func(ctx context.Context) (f line.Flow, err error) {
		f, at, err = s.connect(ctx, who)
		return f, err
	}, s.cfg.Clock, s.cfg.Log, func(up bool, err error) {
		if !up && !lost && !errors.Is(err, line.ErrClosed) {
			s.cfg.Nodes.Failed(at)
		}
		s.cfg.FlowChanged(up, err, func(of *Session) bool { return of.connection.Load() == c })
		if up && lost { // the platform may have been started with other settings
			s.cfg.With(func(present *Session) {
				if present != nil && present.connection.Load() == c {
					present.refreshing.Go(crash.Guarded(present.refresh))
				}
			})
		}
		lost = !up
	})
	s.connection.Store(c)
}

// connect opens a connection to the node that serves, and returns where that is.
func (s *Session) connect(ctx context.Context, who Credentials) (line.Flow, *url.URL, error) {
	at, err := url.Parse(ServerURL(who.Profile))
	if err != nil {
		return nil, nil, fault.From(err)
	}
	at, limit := s.cfg.Nodes.Locate(ctx, at)
	who.URL = at.String()
	bounded := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	f, err := s.cfg.Connect(bounded, who)
	var refused *transport.HandshakeError
	switch {
	case err == nil:
		s.cfg.Nodes.Served(at)
	case ctx.Err() != nil || errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
		// It is there, or nobody waits for it any longer.
	default:
		s.cfg.Nodes.Failed(at)
	}
	return f, at, err
}

// TakeConnection goes on with the connection of a session of the same subscriber. It
// is called within Config.With.
func (s *Session) TakeConnection(of *Session) { s.connection.Store(of.connection.Load()) }

// CheckConnection proves the connection, which may hang on an address that is gone.
func (s *Session) CheckConnection() { s.connection.Load().Check() }

// Close ends what the session started, but for a connection that another one has
// taken; ctx bounds what is still to be said.
func (s *Session) Close(ctx context.Context, keepConnection bool) {
	s.stop()
	s.reporter.close(ctx)
	s.Keeper.Close()
	s.refreshing.Wait()
	if !keepConnection {
		s.connection.Load().Close()
	}
}
