package app

import (
	"sort"
	"strings"

	"offhook/app/settings"
)

// directory is the contacts, made ready to be searched. It is immutable.
type directory struct {
	// own is what the backend gave, groups what is shown.
	own    []ContactGroup
	groups []ContactGroup
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

func newDirectory(own []ContactGroup, fav []settings.Favourite) *directory {
	d := &directory{own: own, number: map[string]int{}}
	if len(fav) > 0 {
		d.groups = append(d.groups, favourites(fav))
	}
	sorted := append([]ContactGroup(nil), own...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Special && !sorted[j].Special })
	d.groups = append(d.groups, sorted...)
	for i, g := range d.groups {
		for _, c := range g.Contacts {
			key := contactKey(c.Number)
			// The backend's word on a number counts for its name and its kind.
			if at, ok := d.number[key]; !ok || g.Special && !d.entries[at].special {
				d.number[key] = len(d.entries)
			}
			d.entries = append(d.entries, entry{Contact: c, group: i, special: g.Special, folded: fold(c)})
		}
	}
	return d
}

func (d *directory) withFavourites(fav []settings.Favourite) *directory {
	return newDirectory(d.own, fav)
}

// contactKey is a number as it is dialled, in lower case.
func contactKey(number string) string { return strings.ToLower(cleanNumber(number)) }

func fold(c Contact) string {
	return " " + strings.Join(strings.Fields(strings.ToLower(c.Name)), " ") + " " + strings.ToLower(strings.TrimSpace(c.Number))
}

func (d *directory) name(number string) string {
	if at, ok := d.number[contactKey(number)]; ok {
		return d.entries[at].Name
	}
	return ""
}

// special reports whether a number is dialled directly.
func (d *directory) special(number string) bool {
	at, ok := d.number[contactKey(number)]
	return ok && d.entries[at].special
}

func query(text string) string { return strings.Join(strings.Fields(strings.ToLower(text)), " ") }

// suggest returns at most limit contacts, those whose words begin with the text
// before those that only contain it. A number appears once.
func (d *directory) suggest(text string, limit int) []Contact {
	q := query(text)
	if q == "" {
		return nil
	}
	var first, rest []Contact
	seen := map[string]bool{}
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
			if first = append(first, e.Contact); len(first) == limit {
				break
			}
		} else {
			rest = append(rest, e.Contact)
		}
	}
	out := append(first, rest...)
	return out[:min(len(out), limit)]
}

// search returns the groups with the contacts that contain the text.
func (d *directory) search(text string) []ContactGroup {
	q := query(text)
	if q == "" {
		return d.groups
	}
	var out []ContactGroup
	last := -1
	for i := range d.entries {
		e := &d.entries[i]
		if !strings.Contains(e.folded, q) {
			continue
		}
		if e.group != last {
			last = e.group
			out = append(out, ContactGroup{Name: d.groups[last].Name, Special: d.groups[last].Special})
		}
		g := &out[len(out)-1]
		g.Contacts = append(g.Contacts, e.Contact)
	}
	return out
}
