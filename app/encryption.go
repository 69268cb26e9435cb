package app

import (
	"net/url"
	"slices"

	"offhook/app/readiness"
	"offhook/app/settings"
	"offhook/assets/lang"
	"offhook/voice/cleartext"
	"offhook/voice/fault"
)

// mayClearText reports whether an account that was allowed to go unencrypted may do
// so: a policy can forbid it for all.
func (p *Phone) mayClearText(allowed bool) bool {
	return allowed && p.store.Get().ClearText != settings.ClearTextNever
}

// checkLineClearText says why a SIP account's server can't be used, if it would be
// reached without encryption and nobody has allowed that.
func (p *Phone) checkLineClearText(a SIPAccount) error {
	for _, server := range []string{a.Server, a.OutboundProxy} {
		u, err := url.Parse(server)
		if err != nil || u.Host == "" {
			continue // the account's own check says more
		}
		if err := cleartext.CheckURL(u, p.mayClearText(a.AllowClearText)); err != nil {
			return err
		}
	}
	return nil
}

// IsClearTextRefused reports whether err says that a connection would not be
// encrypted: the user may allow it for the account.
func IsClearTextRefused(err error) bool {
	return err != nil && fault.From(err).Code == cleartext.Code
}

// judgeEncryption remarks on what goes unencrypted, for as long as it does.
func (p *Phone) judgeEncryption() {
	m := &p.m
	m.account.NotEncrypted = false
	host := ""
	note := func(server string) bool {
		if !cleartext.ExposedURL(server) {
			return false
		}
		if u, err := url.Parse(server); err == nil && host == "" {
			host = u.Hostname()
		}
		return true
	}
	if m.session != nil {
		a := m.session.account
		for _, server := range []string{a.Server, a.PlatformURL, m.sipServer} {
			m.account.NotEncrypted = note(server) || m.account.NotEncrypted
		}
	}
	accounts := p.store.Get().SIPAccounts
	for i := range m.lines.list {
		l := &m.lines.list[i]
		server := l.Server
		if at := slices.IndexFunc(accounts, func(a SIPAccount) bool { return a.ID == l.ID }); at >= 0 && accounts[at].OutboundProxy != "" {
			server = accounts[at].OutboundProxy // what the account sends goes there
		}
		l.NotEncrypted = l.State != LineOff && note(server)
	}
	if host == "" {
		m.ready.Set(readiness.Encryption, readiness.Good())
		return
	}
	m.ready.Set(readiness.Encryption, readiness.Bad(lang.Of("condition.not-encrypted", host), ""))
}
