package app

import (
	"context"
	"time"

	"offhook/app/directory"
	"offhook/app/retry"
	"offhook/app/signin"
	"offhook/assets/lang"
	"offhook/voice/display"
	"offhook/voice/fault"
)

// fetchContacts gets the directory from the backend.
func (s *session) fetchContacts(ctx context.Context) error {
	p := s.p
	groups, skipped, err := s.backend.Contacts(ctx, s.account.AccountSID, s.account.SubscriberName)
	if err != nil {
		return err
	}
	out := make([]ContactGroup, 0, len(groups))
	for _, g := range groups {
		group := ContactGroup{Name: display.Name(g.Name), Special: g.Special, Contacts: make([]Contact, 0, len(g.Contacts))}
		for _, c := range g.Contacts {
			group.Contacts = append(group.Contacts, Contact{Name: display.Name(c.Name), Number: display.Name(c.Number)})
		}
		out = append(out, group)
	}
	dir := p.directoryOf(out, p.store.Get())
	if err := directory.WriteCache(p.cfg.Dir, signin.Owner(s.account), out); err != nil {
		p.log.Warn("contacts can't be kept", "err", err)
	}
	return p.loop.ask(ctx, func() error {
		if p.m.session != s {
			return nil
		}
		p.contacts.Store(dir)
		p.m.contactsRevision++
		for _, c := range p.m.calls {
			c.name = or(dir.Name(c.d.RemoteID), c.name) // it came before the directory
		}
		if skipped > 0 {
			p.say("warning", lang.Of("notice.directory-incomplete"))
		}
		p.touch()
		return nil
	})
}

// directoryOf is the directory of the backend's groups and the user's favourites.
func (p *Phone) directoryOf(groups []ContactGroup, s Settings) *directory.Directory {
	return directory.New(groups, s.Favourites, p.matching(s))
}

// contactsLife is how old the directory gets before it is fetched again.
const contactsLife = 30 * time.Minute

// keepContacts fetches the directory now and from time to time.
func (s *session) keepContacts() {
	p := s.p
	for {
		if p.keepTrying(s.ctx, s.fetchContacts, func(err error, _ time.Time) { p.log.Warn("contacts", "err", err) }) != nil {
			return
		}
		if retry.Wait(s.ctx, contactsLife, nil) != nil {
			return
		}
	}
}

// useCachedContacts shows the directory as it was, until it is fetched.
func (p *Phone) useCachedContacts(s *session) {
	if groups, ok := directory.ReadCache(p.cfg.Dir, signin.Owner(s.account)); ok {
		p.contacts.Store(p.directoryOf(groups, p.m.settings))
		p.m.contactsRevision++
	}
}

// RefreshContacts fetches the directory again.
func (p *Phone) RefreshContacts(ctx context.Context) error {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	var s *session
	if err := p.loop.ask(ctx, func() error { s = p.m.session; return nil }); err != nil {
		return err
	}
	if s == nil {
		return fault.New(fault.Uninitialized, "sign-in.first")
	}
	return s.fetchContacts(ctx)
}

// Contacts returns the directory: the user's favourites, special groups, then
// the others. The slices are shared and must not be written.
func (p *Phone) Contacts() []ContactGroup { return p.contacts.Load().Groups() }

// Suggest returns the contacts that fit text best, at most 50: first those
// whose name, a word of it, or number begins with text, then those that contain
// it.
func (p *Phone) Suggest(text string) []Contact { return p.contacts.Load().Suggest(text, 50) }

// SearchContacts returns the groups with only the contacts that fit text;
// groups without any are left out. An empty text returns all.
func (p *Phone) SearchContacts(text string) []ContactGroup { return p.contacts.Load().Search(text) }

// NameOf returns the directory's name of a number or id, or "".
func (p *Phone) NameOf(number string) string { return p.contacts.Load().Name(number) }

// whoIs is the name to show for the far side of a call: of the user's own contacts,
// else the directory's, else the one that the caller gives.
func (p *Phone) whoIs(id, given string) string { return or(p.NameOf(id), given) }
