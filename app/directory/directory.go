// Package directory finds contacts by name and number: those of the backend and the
// user's own.
package directory

import (
	"sort"
	"strings"

	"offhook/app/settings"
	"offhook/voice/dialplan"
	"offhook/voice/display"
)

// Group is one group of the directory. Special groups are dialled directly, not
// through the exophone.
type Group struct {
	Name     string    `json:"group"`
	Special  bool      `json:"is_special"`
	Contacts []Contact `json:"contacts"`
}

// Contact is one person or number of a group.
type Contact struct {
	Name   string `json:"contact_name"`
	Number string `json:"contact_number"`
}

// Directory is the contacts, made ready to be searched. It is immutable.
type Directory struct {
	// numbers is how numbers are compared.
	numbers dialplan.Line
	// own is what the backend gave, groups what is shown.
	own    []Group
	groups []Group
	// entries are all contacts of groups in order; number finds one.
	entries []entry
	number  map[string]int
}

type entry struct {
	Contact
	group   int
	special bool
	// folded is the name and the number in lower case, each word after a blank:
	// " anna bo 1234" holds " bo" where a word begins with bo.
	folded string
}

// New makes the directory of the backend's groups and the user's favourites, whose
// numbers are compared as on that line.
func New(own []Group, fav []settings.Favourite, numbers dialplan.Line) *Directory {
	d := &Directory{numbers: numbers, own: own, number: map[string]int{}}
	if len(fav) > 0 {
		d.groups = append(d.groups, favourites(fav))
	}
	sorted := append([]Group(nil), own...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Special && !sorted[j].Special })
	d.groups = append(d.groups, sorted...)
	for i, g := range d.groups {
		for _, c := range g.Contacts {
			key := d.Key(c.Number)
			// The backend's word on a number counts for its name and its kind.
			if at, ok := d.number[key]; !ok || g.Special && !d.entries[at].special {
				d.number[key] = len(d.entries)
			}
			d.entries = append(d.entries, entry{Contact: c, group: i, special: g.Special, folded: fold(c)})
		}
	}
	return d
}

// Groups are all groups: the favourites, special groups, then the others. The slices
// are shared and must not be written.
func (d *Directory) Groups() []Group { return d.groups }

// With is the directory with other favourites, or another way to compare numbers.
func (d *Directory) With(fav []settings.Favourite, numbers dialplan.Line) *Directory {
	return New(d.own, fav, numbers)
}

// Key is the same for all ways to write one number.
func (d *Directory) Key(number string) string { return d.numbers.Key(number) }

func fold(c Contact) string {
	return " " + strings.Join(strings.Fields(Fold(c.Name)), " ") + " " + Fold(strings.TrimSpace(c.Number))
}

// Name is the contact's name of a number or id, or "".
func (d *Directory) Name(number string) string {
	if at, ok := d.number[d.Key(number)]; ok {
		return d.entries[at].Name
	}
	return ""
}

// Special reports whether a number is dialled directly.
func (d *Directory) Special(number string) bool {
	at, ok := d.number[d.Key(number)]
	return ok && d.entries[at].special
}

func query(text string) string { return strings.Join(strings.Fields(Fold(text)), " ") }

// Suggest returns at most limit contacts, those whose words begin with the text
// before those that only contain it. A number appears once.
func (d *Directory) Suggest(text string, limit int) []Contact {
	q := query(text)
	if q == "" {
		return nil
	}
	var first, rest []Contact
	seen := map[string]bool{}
	if at, ok := d.number[d.Key(text)]; ok && strings.ContainsAny(q, "0123456789") { // the whole number, however it is written
		first = append(first, d.entries[at].Contact)
		seen[d.entries[at].Number] = true
	}
	for i := range d.entries {
		e := &d.entries[i]
		at := strings.Index(e.folded, q)
		if at < 0 {
			continue
		}
		begins := at > 0 && e.folded[at-1] == ' ' || strings.Contains(e.folded, " "+q)
		if !begins && len(rest) >= limit || seen[e.Number] {
			continue
		}
		seen[e.Number] = true
		if begins {
			if first = append(first, e.Contact); len(first) >= limit {
				break
			}
		} else {
			rest = append(rest, e.Contact)
		}
	}
	out := append(first, rest...)
	return out[:min(len(out), limit)]
}

// Search returns the groups with the contacts that contain the text.
func (d *Directory) Search(text string) []Group {
	q := query(text)
	if q == "" {
		return d.groups
	}
	var out []Group
	last := -1
	for i := range d.entries {
		e := &d.entries[i]
		if !strings.Contains(e.folded, q) {
			continue
		}
		if e.group != last {
			last = e.group
			out = append(out, Group{Name: d.groups[last].Name, Special: d.groups[last].Special})
		}
		g := &out[len(out)-1]
		g.Contacts = append(g.Contacts, e.Contact)
	}
	return out
}

// FavouritesGroup is the name of the group of the user's own contacts.
const FavouritesGroup = "Favourites"

func favourites(f []settings.Favourite) Group {
	g := Group{Name: FavouritesGroup}
	for _, c := range f {
		g.Contacts = append(g.Contacts, Contact{Name: display.Name(c.Name), Number: c.Number})
	}
	return g
}
