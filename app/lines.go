package app

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"offhook/app/readiness"
	"offhook/app/secrets"
	"offhook/app/settings"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/media"
	"offhook/voice/sip"
)

// SIPAccount is a line at any SIP server, as the settings hold it.
type SIPAccount = settings.SIPAccount

// Line is how a SIP account stands.
type Line struct {
	ID string `json:"id"`
	// Address is the account's sip: address.
	Address     string `json:"address"`
	DisplayName string `json:"display_name,omitempty"`
	Server      string `json:"server"`
	// State is registered, unregistered or terminated, or off for an account that
	// the user switched off. Terminated: the server refuses the account.
	State string    `json:"state"`
	Since time.Time `json:"since"`
	// Expires is until when the server has granted the registration, RetryAt when
	// the phone tries again by itself.
	Expires *time.Time `json:"expires,omitempty"`
	RetryAt *time.Time `json:"retry_at,omitempty"`
	// NotEncrypted says that what goes to the server can be read on the way.
	NotEncrypted bool `json:"not_encrypted"`
	// Err is why the line is not registered.
	Err *Problem `json:"error,omitempty"`
	// Messages says that voice messages wait; NewMessages and OldMessages count
	// them, and MessagesAt is what to dial to hear them.
	Messages    bool   `json:"messages,omitempty"`
	NewMessages int    `json:"new_messages,omitempty"`
	OldMessages int    `json:"old_messages,omitempty"`
	MessagesAt  string `json:"messages_at,omitempty"`
	// Extensions is how the extensions stand that are watched on the line.
	Extensions []sip.Extension `json:"extensions,omitempty"`
}

// LineOff is the state of a line that was switched off.
const LineOff = "off"

// lineCondition is the name of the condition of a line.
func lineCondition(id string) string { return "sip:" + id }

// lineSecret is the name of a line's password in the keyring.
func lineSecret(id string) string { return "sip_password:" + id }

// iceSecret is the name of the password at a line's turn: servers.
func iceSecret(id string) string { return "turn_password:" + id }

// lines is the part of the model that holds the SIP accounts.
type lines struct {
	list []Line
}

func (l *lines) find(id string) *Line {
	for i := range l.list {
		if l.list[i].ID == id {
			return &l.list[i]
		}
	}
	return nil
}

// present reports whether there are lines that are not switched off.
func (l *lines) present() bool {
	return slices.ContainsFunc(l.list, func(x Line) bool { return x.State != LineOff })
}

// snapshot returns a copy that nobody writes again.
func (l *lines) snapshot() []Line { return slices.Clone(l.list) }

// sipOnly reports whether the phone has SIP accounts and no subscriber.
func (m *model) sipOnly() bool {
	return m.lines.present() && m.session == nil && m.account.State == SignedOut && !m.settings.SignedIn
}

// lineAccount shows the first line in the place of a subscriber.
func (m *model) lineAccount() Account {
	a := m.account
	for _, l := range m.lines.list {
		if l.State != LineOff {
			user, _, _ := strings.Cut(strings.TrimPrefix(l.Address, "sip:"), "@")
			a.State, a.UserName, a.DisplayName, a.Server = SignedIn, user, or(l.DisplayName, l.ID), l.Server
			a.AccountSID, a.Exophone = "", ""
			break
		}
	}
	return a
}

// startLines registers what the settings hold.
func (p *Phone) startLines(context.Context) {
	for _, a := range p.store.Get().SIPAccounts {
		if !a.On {
			continue
		}
		password, err := p.secrets.Get(lineSecret(a.ID))
		if err != nil && !errors.Is(err, secrets.ErrNotFound) {
			p.noteKeyring()
		}
		if err == nil {
			p.cfg.Protect(password)
		}
		p.background(func(ctx context.Context) { _ = p.registerLine(ctx, a, password) })
	}
}

// registerLine hands a line to the engine, whose events tell the rest.
func (p *Phone) registerLine(ctx context.Context, a SIPAccount, password string) error {
	a.Transfers = p.transferRule(a)
	err := p.engine.Register(ctx, p.voiceAccount(a, password))
	if fault.TypeOf(err) == fault.ConfigurationInvalid {
		p.loop.post(func() {
			if l := p.m.lines.find(a.ID); l != nil && l.State != string(sipaccount.Registered) {
				l.State, l.Err = string(sipaccount.Terminated), problem(err)
				p.judgeLine(*l)
			}
		})
	}
	return err
}

// SaveLine adds a SIP account or changes the one with its ID, and registers it
// if it is on. An empty password leaves the one that is stored. It returns when
// the server has answered for the first time, or with the reason why not, with
// which the account is kept all the same unless it is malformed
// (CONFIGURATION_INVALID) or carries a call (SYSTEM_BUSY).
func (p *Phone) SaveLine(ctx context.Context, a SIPAccount, password string) error {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	a = tidied(a)
	if err := p.checkLineClearText(a); err != nil {
		return err
	}
	if err := p.voiceAccount(a, password).Check(); err != nil {
		return err
	}
	if set := p.store.Get(); set.IsLocked("sip_accounts") {
		i := slices.IndexFunc(set.SIPAccounts, func(b SIPAccount) bool { return b.ID == a.ID })
		if i >= 0 && (password != "" || reflect.DeepEqual(a, set.SIPAccounts[i])) {
			// The account is the administrator's, its passwords are the user's own.
			return p.putLine(ctx, set.SIPAccounts[i], password)
		}
		return fault.New(fault.ConfigurationInvalid, "settings.lines-locked")
	}
	if p.Snapshot().inCall(a.ID) {
		return fault.New(fault.SystemBusy, "line.in-call")
	}
	return p.putLine(ctx, a, password)
}

// putLine keeps an account and registers it.
func (p *Phone) putLine(ctx context.Context, a SIPAccount, password string) error {
	if !a.On {
		p.leaveQueues(ctx, a.ID)
	}
	if password != "" {
		p.cfg.Protect(password)
		_ = p.secrets.Set(lineSecret(a.ID), password)
		p.noteKeyring()
	} else if stored, err := p.secrets.Get(lineSecret(a.ID)); err == nil {
		password = stored
	}
	if _, err := p.store.Update(func(s *settings.Settings) {
		i := slices.IndexFunc(s.SIPAccounts, func(b SIPAccount) bool { return b.ID == a.ID })
		if i < 0 {
			s.SIPAccounts = append(s.SIPAccounts, a)
		} else {
			s.SIPAccounts[i] = a
		}
	}); err != nil {
		p.notWritten(err)
	}
	p.settingsChanged()
	if err := p.Settle(ctx); err != nil {
		return err
	}
	if !a.On {
		_ = p.engine.Unregister(a.ID) // it may never have been there
		return nil
	}
	return p.registerLine(ctx, a, password)
}

// SetLinePassword gives an account another password, also one that an
// administrator has fixed, and registers it.
func (p *Phone) SetLinePassword(ctx context.Context, id, password string) error {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	for _, a := range p.store.Get().SIPAccounts {
		if a.ID == id {
			a.On = true
			return p.putLine(ctx, a, password)
		}
	}
	return fault.New(fault.InvalidParameter, "line.unknown")
}

// voiceAccount is a line of the settings as the engine takes it.
func (p *Phone) voiceAccount(a SIPAccount, password string) voice.SIPAccount {
	out := voice.SIPAccount{
		ID: a.ID, Server: a.Server, OutboundProxy: a.OutboundProxy, User: a.User, Domain: a.Domain,
		AuthUser: a.AuthUser, Password: password, DisplayName: a.DisplayName,
		Expires: time.Duration(a.ExpiresS) * time.Second, Media: line.MediaKind(a.Media), AllowClearText: p.mayClearText(a.AllowClearText),
		Codecs: a.Codecs, RetryPlainRTP: a.RetryPlainRTP, Anonymous: a.HideNumber, AutoAnswer: a.AutoAnswer, Transfers: sipaccount.TransferRule(a.Transfers),
		RelayOnly: a.RelayOnly, OfferICE: a.OfferICE, ThroughProxy: a.ThroughProxy,
	}
	if len(a.ICEServers) > 0 {
		out.ICEServers = []media.ICEServer{{URLs: a.ICEServers, Username: a.ICEUser, Credential: p.icePassword(a)}}
	}
	return out
}

// icePassword is what the keyring holds for an account's turn: servers.
func (p *Phone) icePassword(a SIPAccount) string {
	if a.ICEUser == "" {
		return ""
	}
	stored, err := p.secrets.Get(iceSecret(a.ID))
	if err != nil {
		return ""
	}
	p.cfg.Protect(stored)
	return stored
}

// KeepICEPassword stores the password at the turn: servers of an account, which
// uses it when it is saved next. An empty one leaves what is stored.
func (p *Phone) KeepICEPassword(id, password string) {
	if password == "" {
		return
	}
	p.cfg.Protect(password)
	_ = p.secrets.Set(iceSecret(id), password)
	p.noteKeyring()
}

// tidied is an account without the blanks that come along with what is pasted.
func tidied(a SIPAccount) SIPAccount {
	for _, s := range []*string{&a.Server, &a.OutboundProxy, &a.User, &a.Domain, &a.AuthUser, &a.DisplayName, &a.ICEUser} {
		*s = strings.TrimSpace(*s)
	}
	a.User = strings.TrimPrefix(a.User, "sip:")
	if user, domain, ok := strings.Cut(a.User, "@"); ok && (a.Domain == "" || strings.EqualFold(a.Domain, domain)) {
		a.User, a.Domain = user, domain
	}
	if a.ID == "" && a.User != "" && a.Domain != "" {
		a.ID = a.User + "@" + a.Domain
	}
	return a
}

// RemoveLine removes a SIP account and its password.
func (p *Phone) RemoveLine(ctx context.Context, id string) error {
	if p.store.Get().IsLocked("sip_accounts") {
		return fault.New(fault.ConfigurationInvalid, "settings.lines-locked")
	}
	if p.Snapshot().inCall(id) {
		return fault.New(fault.SystemBusy, "line.in-call")
	}
	p.leaveQueues(ctx, id)
	if err := p.engine.Unregister(id); fault.TypeOf(err) == fault.SystemBusy {
		return err
	}
	_ = p.secrets.Delete(lineSecret(id))
	_ = p.secrets.Delete(iceSecret(id))
	_, err := p.store.Update(func(s *settings.Settings) {
		s.SIPAccounts = slices.DeleteFunc(s.SIPAccounts, func(a SIPAccount) bool { return a.ID == id })
	})
	p.settingsChanged()
	if serr := p.Settle(ctx); serr != nil {
		return serr
	}
	if err != nil {
		return p.notWritten(err)
	}
	return nil
}

// forgetLines is the sign-out of the SIP accounts: they stay in the list,
// switched off and without their passwords.
func (p *Phone) forgetLines() {
	accounts := p.store.Get().SIPAccounts
	if len(accounts) == 0 {
		return
	}
	p.leaveQueues(p.ctx, "")
	var leaving sync.WaitGroup // a server that is gone is waited for
	for _, a := range accounts {
		leaving.Go(crash.Guarded(func() { _ = p.engine.Unregister(a.ID) }))
	}
	leaving.Wait()
	for _, a := range accounts {
		_ = p.secrets.Delete(lineSecret(a.ID))
		_ = p.secrets.Delete(iceSecret(a.ID))
	}
	if _, err := p.store.Update(func(s *settings.Settings) {
		for i := range s.SIPAccounts {
			s.SIPAccounts[i].On = false
		}
	}); err != nil {
		p.notWritten(err)
	}
	p.settingsChanged()
}

// linesChanged brings the model in line with the settings. On the loop.
func (p *Phone) linesChanged() {
	m := &p.m
	var next []Line
	for _, a := range m.settings.SIPAccounts {
		l := Line{
			ID: a.ID, Address: "sip:" + a.User + "@" + a.Domain, DisplayName: a.DisplayName, Server: a.Server,
			State: LineOff, Since: p.cfg.Now().UTC(),
		}
		if old := m.lines.find(a.ID); old != nil {
			display, server, address := l.DisplayName, l.Server, l.Address
			l = *old
			l.DisplayName, l.Server, l.Address = display, server, address
		}
		switch {
		case !a.On:
			if l.State != LineOff {
				l.State, l.Since = LineOff, p.cfg.Now().UTC()
			}
			l.Expires, l.RetryAt, l.Err, l.Messages = nil, nil, nil, false
		case l.State == LineOff:
			l.State, l.Since = string(sipaccount.Unregistered), p.cfg.Now().UTC()
		}
		next = append(next, l)
	}
	for _, old := range m.lines.list {
		if !slices.ContainsFunc(next, func(l Line) bool { return l.ID == old.ID }) {
			m.ready.Drop(lineCondition(old.ID))
		}
	}
	m.lines.list = next
	p.judgeEncryption()
	for _, l := range next {
		p.judgeLine(l)
	}
}

// lineChanged takes the engine's word on a line. On the loop.
func (p *Phone) lineChanged(st voice.LineStatus) {
	l := p.m.lines.find(st.ID)
	if l == nil || l.State == LineOff {
		return // removed or switched off meanwhile
	}
	was := l.State
	l.State, l.Since = string(st.State), st.Since.UTC()
	l.Expires, l.RetryAt, l.Err = moment(st.Expires), moment(st.RetryAt), nil
	if st.Err != nil {
		l.Err = problem(st.Err)
	}
	m := st.Messages
	l.Messages, l.NewMessages, l.OldMessages, l.MessagesAt = m.Waiting, m.New, m.Old, m.Account
	if !slices.Equal(l.Extensions, st.Extensions) {
		l.Extensions = st.Extensions
		p.m.colleaguesRevision++
	}
	p.judgeLine(*l)
	if was != l.State {
		p.tellCodes(*l, true)
		if l.State == string(sipaccount.Registered) {
			p.watchExtensions(l.ID)
		}
	}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// judgeLine writes the condition of a line.
func (p *Phone) judgeLine(l Line) {
	name := lineCondition(l.ID)
	var c readiness.State
	switch {
	case l.State == LineOff:
		p.m.ready.Drop(name)
		p.touch()
		return
	case l.State == string(sipaccount.Registered):
		c = readiness.Good()
	case l.State == string(sipaccount.Terminated):
		c = readiness.Bad(lang.Text{}, readiness.OpenAccounts)
	case l.Err != nil:
		c = readiness.Bad(lang.Text{}, readiness.Retry)
	default:
		c = readiness.Bad(lang.Of("condition.line-registering"), "")
	}
	if l.Err != nil && c.Text.Empty() && !c.OK {
		c.Text = l.Err.Message
	}
	if l.RetryAt != nil {
		c.RetryAt = *l.RetryAt
	}
	p.m.ready.Put(name, c)
	p.touch()
}

// Lines returns how the SIP accounts stand.
func (p *Phone) Lines() []Line { return p.Snapshot().Lines }

// lineFor is the line that a call goes out over: the one asked for, else the
// user's choice, else "" for the subscriber's or, without one, the first that is
// registered. ok says that there is a line at all.
func (m *model) lineFor(asked string) (id string, sip bool) {
	id = or(asked, m.settings.Calls.DefaultLine)
	if l := m.lines.find(id); id != "" && l != nil && l.State != LineOff {
		return id, true
	}
	if asked != "" {
		return asked, true // the engine says that it is not there
	}
	if m.session != nil || m.account.State == Expired || m.settings.SignedIn {
		return "", false
	}
	for _, want := range []string{string(sipaccount.Registered), string(sipaccount.Unregistered), string(sipaccount.Terminated)} {
		for _, l := range m.lines.list {
			if l.State == want {
				return l.ID, true
			}
		}
	}
	return "", false
}

// Transfer hands the call to target: its far side is asked to call there instead
// of this phone. It returns when the far side has taken that on;
// Snapshot.Call.Transfer then tells how it fares. On the subscriber line the
// platform hands the call over, if it can (Snapshot.Call.Transferable).
func (p *Phone) Transfer(ctx context.Context, id, target string) error {
	return p.handTo(ctx, id, target, Controls.Transfer)
}

// DialOn is Dial over the SIP account with that ID.
func (p *Phone) DialOn(ctx context.Context, line, number, message string) error {
	return p.dial(ctx, line, number, message)
}

// defaultSIP returns the SIP account that what is typed will be dialled over; ok is
// false for the subscriber's line.
func (s *Snapshot) defaultSIP(chosen string) (id string, ok bool) {
	first := ""
	for _, l := range s.Lines {
		switch {
		case l.State == LineOff:
		case chosen != "" && l.ID == chosen:
			return l.ID, true
		case first == "":
			first = l.ID
		}
	}
	return first, first != "" && s.Account.AccountSID == "" && s.Account.State == SignedIn
}
