package app

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"offhook/app/directory"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/sip"
)

// Extensions of SIP accounts: how they stand (RFC 4235), and taking a call that rings
// at one of them.

// watchExtensions has the server of a line asked how its extensions stand. On the loop.
func (p *Phone) watchExtensions(id string) {
	m := &p.m
	i := slices.IndexFunc(m.settings.SIPAccounts, func(a SIPAccount) bool { return a.ID == id })
	if i < 0 {
		return
	}
	a := m.settings.SIPAccounts[i]
	users := slices.Clone(a.Watch)
	if line, sip := m.lineFor(""); sip && line == id {
		for _, f := range m.settings.Favourites {
			if isExtension(f.Number) {
				users = append(users, f.Number)
			}
		}
	}
	if len(users) == 0 && len(m.lines.find(id).Extensions) == 0 {
		return
	}
	p.background(func(context.Context) { _ = p.engine.Watch(id, users) }) // it may be gone by now
}

// watchAllExtensions is watchExtensions for all lines. On the loop.
func (p *Phone) watchAllExtensions() {
	for _, l := range p.m.lines.list {
		if l.State != LineOff {
			p.watchExtensions(l.ID)
		}
	}
}

// isExtension reports whether a number is one that a PBX knows rather than one of the
// telephone network: a name, or up to six digits.
func isExtension(number string) bool {
	digits := strings.IndexFunc(number, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
	return !strings.HasPrefix(number, "+") && !strings.HasPrefix(number, "tel:") && (!digits || len(number) <= 6)
}

// extensionPresences is how the watched extensions stand, by the key of their number
// in a directory.
func extensionPresences(d *directory.Directory, lines []Line) map[string]directory.Watched {
	words := map[sip.ExtensionState]directory.Presence{
		sip.ExtensionFree: directory.PresenceFree, sip.ExtensionRinging: directory.PresenceRinging, sip.ExtensionBusy: directory.PresenceInCall,
	}
	out := map[string]directory.Watched{}
	for _, l := range lines {
		for _, e := range l.Extensions {
			out[d.Key(e.User)] = directory.Watched{Number: e.User, Presence: words[e.State], Since: e.Since}
		}
	}
	return out
}

// PickUp takes the call that rings at an extension, which a line watches, over that
// line: by the account's code, or by the call's own name. It returns when the call
// exists. The errors are NO_CALL if nothing rings there or the server does not say
// enough, and those of Dial.
func (p *Phone) PickUp(ctx context.Context, extension string) error {
	key := p.contacts.Load().Key
	for _, l := range p.Snapshot().Lines {
		for _, e := range l.Extensions {
			if e.State != sip.ExtensionRinging || key(e.User) != key(extension) {
				continue
			}
			i := slices.IndexFunc(p.store.Get().SIPAccounts, func(a SIPAccount) bool { return a.ID == l.ID })
			if i < 0 {
				continue
			}
			code := p.store.Get().SIPAccounts[i].PickupCode
			switch {
			case strings.Contains(code, "{extension}"):
				return p.dial(ctx, l.ID, strings.ReplaceAll(code, "{extension}", e.User), "")
			case code != "":
				return p.dial(ctx, l.ID, code+e.User, "")
			case e.Replaces != "":
				return p.dial(ctx, l.ID, e.User, "", voice.TakingUp(e.Replaces))
			}
			return fault.New(fault.NoCall, "pickup.impossible")
		}
	}
	return fault.New(fault.NoCall, "pickup.nothing")
}
