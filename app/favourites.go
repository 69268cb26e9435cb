package app

import (
	"offhook/voice/display"
	"offhook/voice/fault"
)

// The bounds of the user's own contacts: how many, and how long a name may be in
// runes.
const (
	maxFavourites    = 1000
	maxFavouriteName = 100
)

// AddFavourite puts a number under a name into the user's own contacts, which
// are shown before the directory's. A number that is there already gets the new
// name. An empty name is the directory's, else the number itself. The errors are
// those of CheckNumber and of UpdateSettings.
func (p *Phone) AddFavourite(name, number string) error {
	l := p.typedPlan()
	l.Own = ""
	n, err := l.Parse(number)
	if err != nil {
		return err
	}
	number = n.String()
	name = display.Name(name)
	if name == "" {
		name = or(p.NameOf(number), number)
	}
	if r := []rune(name); len(r) > maxFavouriteName {
		name = string(r[:maxFavouriteName])
	}
	full := false
	key := p.contacts.Load().Key
	err = p.UpdateSettings(func(s *Settings) {
		for i, f := range s.Favourites {
			if key(f.Number) == key(number) {
				s.Favourites[i].Name = name
				return
			}
		}
		if full = len(s.Favourites) >= maxFavourites; !full {
			s.Favourites = append(s.Favourites, Favourite{Name: name, Number: number})
		}
	})
	if full {
		return fault.New(fault.InvalidParameter, "contacts.favourites-full")
	}
	return err
}

// RemoveFavourite takes a number out of the user's own contacts; one that is not
// there is no error.
func (p *Phone) RemoveFavourite(number string) error {
	dir := p.contacts.Load()
	key := dir.Key(number)
	return p.UpdateSettings(func(s *Settings) {
		var kept []Favourite
		for _, f := range s.Favourites {
			if dir.Key(f.Number) != key {
				kept = append(kept, f)
			}
		}
		s.Favourites = kept
	})
}

// IsFavourite reports whether a number is one of the user's own contacts.
func (p *Phone) IsFavourite(number string) bool {
	dir := p.contacts.Load()
	key := dir.Key(number)
	for _, f := range p.store.Get().Favourites {
		if dir.Key(f.Number) == key {
			return true
		}
	}
	return false
}
