package app

import (
	"context"
	"time"

	"offhook/app/backend"
	"offhook/app/diagnosis"
	"offhook/app/directory"
	"offhook/app/readiness"
	"offhook/app/settings"
	"offhook/app/signin"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/push"
	"offhook/voice/fault"
)

// lockSigning waits until nobody else signs in or out.
func (p *Phone) lockSigning(ctx context.Context) (unlock func(), err error) {
	select {
	case p.signing <- struct{}{}:
		return func() { <-p.signing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.ctx.Done():
		return nil, errClosed
	}
}

// SignIn logs in at the application backend, prepares the engine and connects
// the inbox. It returns when the platform has accepted the phone, or with the
// reason why not, which is also in Snapshot.Account.Err. A phone that is
// signed in already stays so until the backend has accepted the login.
func (p *Phone) SignIn(ctx context.Context, c signin.Credentials) error {
	p.stopRestoring()
	unlock, err := p.lockSigning(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	ctx, cancel := p.withLife(ctx)
	defer cancel()

	p.cfg.Protect(c.Password)
	found, unknown := p.FindCompany(ctx, c.Server)
	if found.Server != "" {
		c.Server, c.AccountSID = found.Server, or(found.AccountSID, c.AccountSID)
	}
	c = c.Completed(p.store.Get(), p.cfg.Defaults)
	if p.Snapshot().Call != nil {
		return fault.New(fault.SystemBusy, "sign-in.in-call")
	}
	// The present subscriber stays signed in until the server has taken the new sign-in.
	present := false
	_ = p.loop.ask(ctx, func() error {
		present = p.m.session != nil && p.m.account.State == SignedIn
		return nil
	})
	if !present {
		p.beginSignIn(ctx, c)
	}
	login, err := backend.Login{}, unknown
	if err == nil {
		login, err = p.logIn(ctx, c)
	}
	if err == nil {
		if present {
			p.beginSignIn(ctx, c)
			present = false
		}
		err = p.useLogin(ctx, c, login)
	}
	if err != nil {
		if ctx.Err() == nil {
			err = fault.From(diagnosis.NamePortal(ctx, p.http, c.Server, err))
		}
		p.log.Warn("sign-in failed", "server", c.Server, "err", err)
		if !present {
			p.loop.post(func() {
				p.m.account.State, p.m.account.Err = SignedOut, problem(err)
				p.touch()
			})
		}
	}
	return err
}

// FindCompany finds the server of a company by its code, at the discovery address of the
// settings or of this build. What is a server's name or address itself, or a code where
// there is no such address, is nobody's code: the result is empty then. It blocks.
func (p *Phone) FindCompany(ctx context.Context, text string) (signin.Company, error) {
	at := or(p.store.Get().Account.DiscoveryURL, p.cfg.DiscoveryURL)
	code, ok := signin.CodeOf(text)
	if !ok || at == "" {
		return signin.Company{}, nil
	}
	return signin.Discover(ctx, p.http, at, code)
}

// beginSignIn ends the session there is and shows whose begins.
func (p *Phone) beginSignIn(ctx context.Context, c signin.Credentials) {
	p.endSession(ctx)
	_ = p.loop.ask(ctx, func() error {
		a := &p.m.account
		a.State, a.Err = SigningIn, nil
		a.UserName, a.DisplayName, a.AccountSID, a.Server = c.UserName, c.DisplayName, c.AccountSID, c.Server
		p.touch()
		return nil
	})
}

// withLife ends ctx with the phone.
func (p *Phone) withLife(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(p.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

// logIn asks the application backend for a login.
func (p *Phone) logIn(ctx context.Context, c signin.Credentials) (backend.Login, error) {
	if err := c.Check(); err != nil {
		return backend.Login{}, err
	}
	clearText := p.mayClearText(c.AllowClearText)
	client, err := backend.New(c.Server, p.http, nil, clearText)
	if err != nil {
		return backend.Login{}, err
	}
	p.nodes.Use(c.Server, c.Nodes, clearText)
	return client.Login(ctx, backend.LoginRequest{
		UserName: c.UserName, Password: c.Password, AccountSID: c.AccountSID, DeviceID: p.store.Get().DeviceID,
	})
}

// useLogin brings the engine up with a login and remembers it.
func (p *Phone) useLogin(ctx context.Context, c signin.Credentials, login backend.Login) error {
	account := settings.Account{
		UserName: c.UserName, DisplayName: c.DisplayName, AccountSID: login.AccountSID, Server: c.Server, Nodes: c.Nodes,
		AllowClearText: c.AllowClearText,
		SubscriberName: login.SubscriberName, PlatformURL: login.HostName, Exophone: login.Exophone, ContactName: login.ContactName,
	}
	s, err := p.newSession(account)
	if err != nil {
		return err
	}
	token, err := signin.Token(login.Token)
	if err != nil {
		return err
	}
	p.stored.ProtectToken(token)
	if err := p.initialise(ctx, s, token); err != nil {
		s.cancel()
		return err
	}
	// Only a sign-in that worked is remembered, with the nodes that it told of.
	account.Nodes, account.PlatformNodes = p.otherNodes(account.Server), p.otherNodes(account.PlatformURL)
	if _, err := p.store.Update(func(st *settings.Settings) { st.Account, st.SignedIn = account, true }); err != nil {
		p.notWritten(err)
	}
	p.stored.KeepPassword(c.Password)
	p.stored.KeepRenewed(token)
	p.settingsChanged()
	return nil
}

// initialise brings the engine up and the session with it.
func (p *Phone) initialise(ctx context.Context, s *session, token string) error {
	if err := p.engine.Initialize(ctx, s.identity(token)); err != nil {
		return err
	}
	// An engine that is up belongs to a session, also when ctx ends just now.
	return p.loop.ask(context.WithoutCancel(ctx), func() error {
		p.m.session = s
		p.m.deviceTokenSent, p.m.deviceTokenErr, p.m.inbox = false, nil, push.Status{}
		a := &p.m.account
		a.State, a.Err = SignedIn, nil
		a.UserName, a.DisplayName = s.account.UserName, s.account.DisplayName
		a.AccountSID, a.Server, a.Exophone = s.account.AccountSID, s.account.Server, s.account.Exophone
		a.Node = or(p.nodes.Serving(a.Server), p.nodes.Serving(s.account.PlatformURL))
		p.judgeEncryption()
		p.useCachedContacts(s)
		s.wg.Go(crash.Guarded(s.run))
		p.judgePush()
		p.m.ready.Set(readiness.Token, readiness.Good()) // its event may come later
		p.agentRulesChanged()
		p.touch()
		p.log.Info("signed in", "platform", s.account.PlatformURL)
		return nil
	})
}

// restore brings the last session back at the start of the phone: with the
// stored token, or by a silent login when that is spent.
func (p *Phone) restore(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.restoring.Store(&cancel)
	unlock, err := p.lockSigning(ctx)
	if err != nil {
		return
	}
	defer unlock()
	account := p.store.Get().Account
	s, err := p.newSession(account)
	if err != nil {
		p.log.Warn("the stored account can't be used", "err", err)
		p.mustSignIn(err)
		return
	}
	p.loop.post(func() { p.m.account.State = SigningIn; p.touch() })
	token, err := p.stored.Token()
	ask := err != nil // there is no token: log in silently
	err = p.keepTrying(ctx, func(ctx context.Context) error {
		if ask {
			fresh, err := s.silentLogin(ctx)
			if fault.TypeOf(err) == fault.InvalidCredentials {
				p.mustSignIn(err)
				s.cancel()
				return nil
			}
			if err != nil {
				return err
			}
			token, ask = fresh, false
		}
		err := p.initialise(ctx, s, token)
		if backend.IsAuthentication(err) && !backend.IsInactive(err) {
			p.log.Info("the stored token is spent", "err", err)
			ask = true
			fresh, lerr := s.silentLogin(ctx)
			if fault.TypeOf(lerr) == fault.InvalidCredentials {
				p.mustSignIn(lerr)
				s.cancel()
				return nil
			}
			if lerr != nil {
				return lerr
			}
			token, ask = fresh, false
			return p.initialise(ctx, s, token)
		}
		return err
	}, func(err error, next time.Time) {
		p.loop.post(func() {
			c := readiness.Bad(problem(err).Message, readiness.Retry)
			c.RetryAt = next
			p.m.ready.Set(readiness.Platform, c)
			p.m.account.Err = problem(err)
			p.touch()
		})
	})
	if err != nil {
		s.cancel()
	}
}

// stopRestoring gives up bringing the last session back: the user wants
// another one.
func (p *Phone) stopRestoring() {
	if cancel := p.restoring.Load(); cancel != nil {
		(*cancel)()
	}
}

// mustSignIn shows the sign-in page with the reason.
func (p *Phone) mustSignIn(reason error) {
	p.loop.post(func() {
		p.m.account.State, p.m.account.Err = Expired, problem(reason)
		p.m.ready.Set(readiness.Token, readiness.Bad(lang.Of("sign-in.again"), readiness.SignIn))
		p.touch()
	})
}

// endSession takes the present session down and leaves nothing of it.
func (p *Phone) endSession(ctx context.Context) {
	var s *session
	_ = p.loop.ask(ctx, func() error {
		if s = p.m.session; s != nil {
			p.endWork()
		}
		p.m.session = nil
		return nil
	})
	if s == nil {
		return
	}
	s.goOffline(ctx)
	s.end()
	if err := p.engine.Reset(ctx); err != nil && fault.TypeOf(err) != fault.Uninitialized {
		p.log.Warn("stopping the engine", "err", err)
	}
	p.nodes.Forget()
	p.contacts.Store(p.directoryOf(nil, p.store.Get()))
	_ = p.loop.ask(ctx, func() error {
		m := &p.m
		p.judgeEncryption()
		m.account.State, m.account.Node, m.account.Exophone, m.account.ValidUntil = SignedOut, "", "", time.Time{}
		m.deviceTokenSent, m.inbox = false, push.Status{}
		m.contactsRevision++
		p.forgetColleagues()
		p.forgetAgentRules()
		m.ready.Forget()
		m.ready.Set(readiness.Push, readiness.Bad(lang.Of("condition.push-signed-out"), readiness.SignIn))
		p.touch()
		return nil
	})
}

// SignOut ends a call, stops the engine and wipes every secret, also from the
// keyring. The call log stays.
func (p *Phone) SignOut(ctx context.Context) error {
	p.stopRestoring()
	unlock, err := p.lockSigning(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	p.awaitHangup(ctx, 3*time.Second)
	p.endSession(ctx)
	p.forgetLines()
	if _, err := p.store.Update(func(st *settings.Settings) {
		st.SignedIn = false
		st.Account.SubscriberName, st.Account.PlatformURL, st.Account.Exophone, st.Account.ContactName = "", "", "", ""
		st.Account.PlatformNodes = nil
	}); err != nil {
		p.notWritten(err)
	}
	directory.RemoveCache(p.cfg.Dir)
	err = p.stored.Forget()
	if derr := p.secrets.Delete(secretProxy); err == nil {
		err = derr
	}
	_ = p.loop.ask(ctx, func() error {
		p.m.account.Err = nil
		p.m.account.State = SignedOut
		p.touch()
		return nil
	})
	p.settingsChanged()
	p.log.Info("signed out")
	if err != nil && p.Snapshot().Account.KeyringMissing {
		return nil // nothing was ever stored there
	}
	if err != nil {
		return fault.Wrap(err, fault.InternalError, "keyring.keeps-password")
	}
	return nil
}
