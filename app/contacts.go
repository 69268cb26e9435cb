package app

import (
	"context"

	"offhook/app/settings"
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
		group := ContactGroup{Name: g.Name, Special: g.Special, Contacts: make([]Contact, 0, len(g.Contacts))}
		for _, c := range g.Contacts {
			group.Contacts = append(group.Contacts, Contact{Name: c.Name, Number: c.Number})
		}
		out = append(out, group)
	}
	dir := newDirectory(out, p.store.Get().Favourites)
	return p.loop.ask(ctx, func() error {
		if p.m.session != s {
			return nil
		}
		p.contacts.Store(dir)
		p.m.contactsRevision++
		if skipped > 0 {
			p.say("warning", "Some groups of the directory could not be loaded.")
		}
		p.touch()
		return nil
	})
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
		return fault.New(fault.Uninitialized, "You are not signed in.", "Sign in first.")
	}
	return s.fetchContacts(ctx)
}

// Contacts returns the directory: the user's favourites, special groups, then
// the others. The slices are shared and must not be written.
func (p *Phone) Contacts() []ContactGroup { return p.contacts.Load().groups }

// Suggest returns the contacts that fit text best, at most 50: first those
// whose name, a word of it, or number begins with text, then those that contain
// it.
func (p *Phone) Suggest(text string) []Contact { return p.contacts.Load().suggest(text, 50) }

// SearchContacts returns the groups with only the contacts that fit text;
// groups without any are left out. An empty text returns all.
func (p *Phone) SearchContacts(text string) []ContactGroup { return p.contacts.Load().search(text) }

// NameOf returns the directory's name of a number or id, or "".
func (p *Phone) NameOf(number string) string { return p.contacts.Load().name(number) }

// favouritesGroup is the name of the group of the user's own contacts.
const favouritesGroup = "Favourites"

func favourites(f []settings.Favourite) ContactGroup {
	g := ContactGroup{Name: favouritesGroup}
	for _, c := range f {
		g.Contacts = append(g.Contacts, Contact{Name: c.Name, Number: c.Number})
	}
	return g
}
