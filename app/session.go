package app

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"offhook/app/backend"
	"offhook/app/readiness"
	"offhook/app/retry"
	"offhook/app/secrets"
	"offhook/app/settings"
	"offhook/assets/lang"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// The names of the secrets in the keyring.
const (
	secretPassword = "password"
	secretToken    = "subscriber_token"
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
	// agentState wakes what tells the platform of the agent's choice.
	agentState chan struct{}
	// clearText says that the user has allowed the account to go unencrypted.
	clearText bool

	mu    sync.Mutex // guards inbox
	inbox Inbox

	// posting lets one request for the call's context go at a time; contexts
	// counts the contexts that were posted.
	posting  chan struct{}
	contexts atomic.Int64
}

// postContext says whom the subscriber is about to call. It comes after a
// removal that is under way, and keeps one that is still waiting from happening.
func (s *session) postContext(ctx context.Context, to, message string) error {
	s.contexts.Add(1)
	select {
	case s.posting <- struct{}{}:
		defer func() { <-s.posting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.backend.PostContext(ctx, s.account.AccountSID, s.account.SubscriberName, to, message)
}

// deleteContext removes the context of the call that ended, as long as no later
// one was posted. latest is what contexts was when the call ended.
func (s *session) deleteContext(ctx context.Context, latest int64) error {
	select {
	case s.posting <- struct{}{}:
		defer func() { <-s.posting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.contexts.Load() != latest {
		return nil
	}
	return s.backend.DeleteContext(ctx, s.account.AccountSID, s.account.SubscriberName)
}

// newSession prepares a session for an account that was logged in.
func (p *Phone) newSession(a settings.Account) (*session, error) {
	s := &session{p: p, account: a, authFailed: make(chan error, 1), agentState: make(chan struct{}, 1), posting: make(chan struct{}, 1)}
	s.clearText = p.mayClearText(a.AllowClearText)
	client, err := backend.New(a.Server, p.http, p.engine.AccessToken, s.clearText)
	if err != nil {
		return nil, err
	}
	s.backend = client
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
	s.wg.Go(s.runInbox)
	s.wg.Go(s.sendDeviceToken)
	s.wg.Go(s.keepContacts)
	s.wg.Go(s.keepAgentState)
	s.tellAgentState()
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
		token, err := p.silentLogin(ctx, s)
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
func (p *Phone) silentLogin(ctx context.Context, s *session) (token string, err error) {
	password, err := p.secrets.Get(secretPassword)
	if errors.Is(err, secrets.ErrNotFound) {
		return "", fault.New(fault.InvalidCredentials, "sign-in.expired")
	}
	if err != nil {
		p.noteKeyring()
		return "", fault.Wrap(err, fault.InternalError, "keyring.locked")
	}
	p.cfg.Protect(password)
	login, err := s.backend.Login(ctx, backend.LoginRequest{
		UserName: s.account.UserName, Password: password, AccountSID: s.account.AccountSID, DeviceID: p.store.Get().DeviceID,
	})
	if err != nil {
		return "", err
	}
	return p.keepToken(login.Token)
}

// keepToken stores a token pair and returns it as the engine takes it.
func (p *Phone) keepToken(pair wire.TokenPair) (string, error) {
	data, err := json.Marshal(pair)
	if err != nil {
		return "", err
	}
	p.cfg.Protect(pair.AccessToken)
	p.cfg.Protect(pair.RefreshToken)
	_ = p.secrets.Set(secretToken, string(data))
	p.noteKeyring()
	return string(data), nil
}

// keepRenewed stores the token pair that the engine has just been given, before
// it is used.
func (p *Phone) keepRenewed(token string) {
	p.protectToken(token)
	_ = p.secrets.Set(secretToken, token)
	p.noteKeyring()
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

// deviceToken names this installation's inbox of this subscriber. It is stable,
// so that a restart replaces its own older socket and nobody else's.
func (s *session) deviceToken() string {
	own, err := uuid.Parse(s.p.store.Get().DeviceID)
	if err != nil {
		own = uuid.NameSpaceOID
	}
	return uuid.NewSHA1(own, []byte(s.account.Server+"|"+s.account.AccountSID+"|"+s.account.SubscriberName)).String()
}

// pushURL is the address of the inbox, beside the application backend's other
// interfaces.
func (s *session) pushURL() string {
	u := s.backend.URL("push")
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	return u.String()
}
