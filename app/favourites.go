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
	sip := p.Snapshot().defaultSIP(p.store.Get().Calls.DefaultLine)
	clean := cleanNumber
	if sip {
		clean = cleanTarget
	}
	number = clean(number)
	if err := checkNumber(number, "", sip); err != nil {
		return err
	}
	name = display.Name(name)
	if name == "" {
		name = or(p.NameOf(number), number)
	}
	if r := []rune(name); len(r) > maxFavouriteName {
		name = string(r[:maxFavouriteName])
	}
	full := false
	err := p.UpdateSettings(func(s *Settings) {
		for i, f := range s.Favourites {
			if contactKey(f.Number) == contactKey(number) {
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
	key := contactKey(number)
	return p.UpdateSettings(func(s *Settings) {
		var kept []Favourite
		for _, f := range s.Favourites {
			if contactKey(f.Number) != key {
				kept = append(kept, f)
			}
		}
		s.Favourites = kept
	})
}

// IsFavourite reports whether a number is one of the user's own contacts.
func (p *Phone) IsFavourite(number string) bool {
	key := contactKey(number)
	for _, f := range p.store.Get().Favourites {
		if contactKey(f.Number) == key {
			return true
		}
	}
	return false
}
