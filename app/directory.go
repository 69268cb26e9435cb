package app

import (
	"sort"
	"strings"

	"offhook/app/settings"
	"offhook/voice/dialplan"
)

// directory is the contacts, made ready to be searched. It is immutable.
type directory struct {
	// numbers is how numbers are compared.
	numbers dialplan.Line
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

func newDirectory(own []ContactGroup, fav []settings.Favourite, numbers dialplan.Line) *directory {
	d := &directory{numbers: numbers, own: own, number: map[string]int{}}
	if len(fav) > 0 {
		d.groups = append(d.groups, favourites(fav))
	}
	sorted := append([]ContactGroup(nil), own...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Special && !sorted[j].Special })
	d.groups = append(d.groups, sorted...)
	for i, g := range d.groups {
		for _, c := range g.Contacts {
			key := d.key(c.Number)
			// The backend's word on a number counts for its name and its kind.
			if at, ok := d.number[key]; !ok || g.Special && !d.entries[at].special {
				d.number[key] = len(d.entries)
			}
			d.entries = append(d.entries, entry{Contact: c, group: i, special: g.Special, folded: fold(c)})
		}
	}
	return d
}

// with is the directory with other favourites, or another way to compare numbers.
func (d *directory) with(fav []settings.Favourite, numbers dialplan.Line) *directory {
	return newDirectory(d.own, fav, numbers)
}

// key is the same for all ways to write one number.
func (d *directory) key(number string) string { return d.numbers.Key(number) }

func fold(c Contact) string {
	return " " + strings.Join(strings.Fields(Fold(c.Name)), " ") + " " + Fold(strings.TrimSpace(c.Number))
}

func (d *directory) name(number string) string {
	if at, ok := d.number[d.key(number)]; ok {
		return d.entries[at].Name
	}
	return ""
}

// special reports whether a number is dialled directly.
func (d *directory) special(number string) bool {
	at, ok := d.number[d.key(number)]
	return ok && d.entries[at].special
}

func query(text string) string { return strings.Join(strings.Fields(Fold(text)), " ") }

// suggest returns at most limit contacts, those whose words begin with the text
// before those that only contain it. A number appears once.
func (d *directory) suggest(text string, limit int) []Contact {
	q := query(text)
	if q == "" {
		return nil
	}
	var first, rest []Contact
	seen := map[string]bool{}
	if at, ok := d.number[d.key(text)]; ok && strings.ContainsAny(q, "0123456789") { // the whole number, however it is written
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
