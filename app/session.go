package app

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"offhook/app/backend"
	"offhook/app/readiness"
	"offhook/app/retry"
	"offhook/app/secrets"
	"offhook/app/settings"
	"offhook/app/signin"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice"
	"offhook/voice/fault"
)

// session is one subscriber being signed in: the goroutines that keep the
// engine initialised, the inbox connected and the directory fresh.
type session struct {
	p       *Phone
	account settings.Account
	backend *backend.Client

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	// authFailed holds the reason why the engine needs a new token.
	authFailed chan error
	reports    agentReports
	// outcomes and colleagues wake what tells of the ones and asks for the others.
	outcomes, colleagues chan struct{}
	// clearText says that the user has allowed the account to go unencrypted.
	clearText bool

	mu    sync.Mutex // guards inbox
	inbox Inbox

	// context is what the backend is told of the subscriber's calls.
	context *backend.CallContext
}

// newSession prepares a session for an account that was logged in.
func (p *Phone) newSession(a settings.Account) (*session, error) {
	s := &session{p: p, account: a, authFailed: make(chan error, 1), reports: agentReports{wake: make(chan struct{}, 1)},
		outcomes: make(chan struct{}, 1), colleagues: make(chan struct{}, 1)}
	s.clearText = p.mayClearText(a.AllowClearText)
	p.useNodes(a, s.clearText)
	client, err := backend.New(a.Server, p.http, p.engine.AccessToken, s.clearText)
	if err != nil {
		return nil, err
	}
	s.backend, s.context = client, client.NewCallContext(a.AccountSID, a.SubscriberName)
	s.ctx, s.cancel = context.WithCancel(p.ctx)
	return s, nil
}

// retry connects the inbox at once; what waits otherwise hears Phone.retry.
func (s *session) retry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inbox != nil {
		s.inbox.Retry()
	}
}

// needsToken has the session sign in again, unless it is about to.
func (s *session) needsToken(reason error) {
	select {
	case s.authFailed <- reason:
	default:
	}
}

// identity is with what the engine is initialised.
func (s *session) identity(token string) voice.Account {
	return voice.Account{
		Hostname: s.account.PlatformURL, SubscriberName: s.account.SubscriberName,
		DisplayName: or(s.account.DisplayName, s.account.SubscriberName), AccountSID: s.account.AccountSID, SubscriberToken: token,
		AllowClearText: s.clearText,
	}
}

// keepTrying calls f until it succeeds or ctx ends, again at once after a Retry.
// failed is told of each failure and when the next attempt comes.
func (p *Phone) keepTrying(ctx context.Context, f func(context.Context) error, failed func(err error, next time.Time)) error {
	return p.retry.Until(ctx, f, retry.Hooks{
		Grace: retryTimeout,
		// What the attempt hung on is as dead for the next one.
		Fired:  p.http.CloseIdleConnections,
		Failed: func(err error, delay time.Duration) { failed(err, p.cfg.Now().Add(delay)) },
	})
}

// run keeps the session up until its context ends. It begins after the engine
// was initialised.
func (s *session) run() {
	p := s.p
	s.wg.Go(crash.Guarded(s.runInbox))
	s.wg.Go(crash.Guarded(s.learnNodes))
	s.wg.Go(crash.Guarded(s.sendDeviceToken))
	s.wg.Go(crash.Guarded(s.keepContacts))
	s.wg.Go(crash.Guarded(s.keepAgentState))
	s.wg.Go(crash.Guarded(s.keepOutcomes))
	s.wg.Go(crash.Guarded(s.keepColleagues))
	p.loop.post(p.tellAgentState)
	for {
		select {
		case <-s.ctx.Done():
			return
		case reason := <-s.authFailed:
			p.log.Warn("the token is no longer good", "err", reason)
			if !s.signInAgain() {
				return
			}
		}
	}
}

// end stops the session's goroutines and waits for them.
func (s *session) end() {
	s.cancel()
	s.wg.Wait()
}

// signInAgain gets a new token with the stored password and gives it to the
// engine. It returns false when the user must sign in.
func (s *session) signInAgain() bool {
	p := s.p
	err := p.keepTrying(s.ctx, func(ctx context.Context) error {
		token, err := s.silentLogin(ctx)
		if err != nil {
			if fault.TypeOf(err) == fault.InvalidCredentials {
				p.expire(s, err)
				s.cancel()
				return nil
			}
			return err
		}
		return p.engine.Initialize(ctx, s.identity(token))
	}, func(err error, next time.Time) {
		p.loop.post(func() {
			if p.m.session == s {
				c := readiness.Bad(problem(err).Message, readiness.Retry)
				c.RetryAt = next
				p.m.ready.Set(readiness.Token, c)
				p.touch()
			}
		})
	})
	select {
	case <-s.authFailed: // the engine's word on an attempt that is over
	default:
	}
	if err != nil || s.ctx.Err() != nil {
		return false
	}
	s.retry() // an inbox that was refused tries again
	return true
}

// silentLogin logs in with the stored password. INVALID_CREDENTIALS also says
// that there is none.
func (s *session) silentLogin(ctx context.Context) (token string, err error) {
	return s.p.stored.LogIn(ctx, s.backend, s.account, s.p.store.Get().DeviceID)
}

// expire says that the user must sign in again.
func (p *Phone) expire(s *session, reason error) {
	p.loop.post(func() {
		if p.m.session != s {
			return
		}
		p.m.account.State = Expired
		p.m.account.Err = problem(reason)
		p.m.ready.Set(readiness.Token, readiness.Bad(lang.Of("sign-in.again"), readiness.SignIn))
		p.touch()
	})
}

// noteKeyring shows whether the keyring takes our secrets.
func (p *Phone) noteKeyring() {
	err := p.secrets.Err()
	p.loop.post(func() {
		p.m.account.KeyringMissing = err != nil && !errors.Is(err, secrets.ErrBusy)
		if err == nil {
			p.m.ready.Set(readiness.Keyring, readiness.Good())
		} else {
			p.log.Warn("keyring", "err", err)
			text := lang.Of("condition.no-keyring")
			if errors.Is(err, secrets.ErrBusy) {
				text = lang.Of("keyring.locked")
			}
			p.m.ready.Set(readiness.Keyring, readiness.Bad(text, ""))
		}
		p.touch()
	})
}

// sendDeviceToken tells the backend where the inbox is, until it has taken it.
func (s *session) sendDeviceToken() {
	p := s.p
	_ = p.keepTrying(s.ctx, func(ctx context.Context) error {
		return s.backend.SendDeviceToken(ctx, s.account.AccountSID, s.account.SubscriberName, s.deviceToken())
	}, func(err error, _ time.Time) {
		p.log.Warn("device token", "err", err)
		p.loop.post(func() {
			if p.m.session == s {
				p.m.deviceTokenErr = err
				p.judgePush()
			}
		})
	})
	p.loop.post(func() {
		if p.m.session == s && s.ctx.Err() == nil {
			p.m.deviceTokenSent, p.m.deviceTokenErr = true, nil
			p.judgePush()
		}
	})
}

// deviceToken names this installation's inbox of this subscriber.
func (s *session) deviceToken() string {
	return signin.DeviceToken(s.p.store.Get().DeviceID, s.account)
}

// pushURL is the address of the inbox, beside the application backend's other
// interfaces.
func (s *session) pushURL() string {
	u := s.backend.URL("push")
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	return u.String()
}
