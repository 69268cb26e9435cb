package directory

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"offhook/voice/wire"
)

// Presence is how a colleague stands, in one word; "" is not known.
type Presence string

// The presences beside those that are called as the states are. In a call is also an
// agent who rings; ringing is an extension of a PBX, whose call can be picked up.
// Offline is who has no phone that is ready, whatever was chosen.
const (
	PresenceInCall  Presence = "in_call"
	PresenceRinging Presence = "ringing"
	PresenceFree             = Presence(wire.AgentAvailable)
	PresenceOffline Presence = "offline"
)

// Colleague is somebody to whom a call can be handed, with how they stand.
type Colleague struct {
	Name   string `json:"name"`
	Number string `json:"number"`
	Group  string `json:"group,omitempty"`
	// Favourite says that the user has put them into the own contacts.
	Favourite bool `json:"favourite,omitempty"`
	// Subscriber is the platform's name for them, "" for a number outside of it.
	Subscriber string   `json:"subscriber,omitempty"`
	Presence   Presence `json:"presence"`
	// Reason is that of a break. Since is when the state was chosen.
	Reason string     `json:"reason,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
}

// Colleagues is what the platform says of the agents of the account, by name. Its
// methods may be called from any goroutine.
type Colleagues struct {
	mu sync.Mutex
	by map[string]wire.Agent
}

// Take takes pictures up; all says that there are no others. It reports whether
// anything changed.
func (c *Colleagues) Take(list []wire.Agent, all bool) (changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := make(map[string]wire.Agent, max(len(list), len(c.by)))
	if !all {
		maps.Copy(next, c.by)
	}
	for _, a := range list {
		next[strings.ToLower(a.Name)] = a
	}
	changed = !maps.Equal(next, c.by)
	c.by = next // a reader may still have the old one
	return changed
}

// All returns the pictures, by name in lower case. The map must not be written.
func (c *Colleagues) All() map[string]wire.Agent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by
}

// presenceOf is how an agent stands, in one word.
func presenceOf(a wire.Agent) Presence {
	switch {
	case a.Doing == wire.AgentInCall, a.Doing == wire.AgentRinging:
		return PresenceInCall
	case a.Doing == wire.AgentNotReady, a.State == wire.AgentOffline:
		return PresenceOffline
	}
	return Presence(a.State)
}

// Watched is how an extension of a PBX stands.
type Watched struct {
	Number   string
	Presence Presence
	Since    time.Time
}

// maxColleagues bounds what Directory gives out.
const maxColleagues = 2000

// Colleagues returns those whose name, number or group holds text, with how they stand
// by what the platform says of them and by the extensions that are watched, by the key of
// their number, and without own, the subscriber who asks: the
// user's own contacts first, then who is available, then by name.
func (d *Directory) Colleagues(text, own string, by map[string]wire.Agent, extensions map[string]Watched) []Colleague {
	own = strings.ToLower(own)
	out, seen := []Colleague{}, map[string]bool{own: true}
	q := query(text)
	for i := range d.entries {
		e := &d.entries[i]
		g := d.groups[e.group]
		c := Colleague{Name: e.Name, Number: e.Number, Group: g.Name, Favourite: e.group == 0 && g.Name == FavouritesGroup}
		name := subscriberIn(e.Number)
		if a, ok := by[name]; ok {
			c.stand(a)
		}
		if w, ok := extensions[d.Key(e.Number)]; ok && c.Presence == "" {
			c.watched(w)
		}
		key := cmp.Or(c.Subscriber, d.Key(e.Number))
		if seen[key] || name == own {
			continue
		}
		seen[key] = true
		if strings.Contains(e.folded, q) || strings.Contains(Fold(g.Name), q) {
			out = append(out, c)
		}
	}
	for name, a := range by {
		if !seen[a.Name] && !seen[name] && strings.Contains(Fold(a.Name), q) {
			c := Colleague{Name: a.Name, Number: "sip:" + a.Name}
			c.stand(a)
			out = append(out, c)
		}
	}
	for key, w := range extensions {
		if !seen[key] && strings.Contains(Fold(w.Number), q) {
			c := Colleague{Name: w.Number, Number: w.Number}
			c.watched(w)
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Colleague) int {
		first := func(x, y bool) int {
			switch {
			case x == y:
				return 0
			case x:
				return -1
			}
			return 1
		}
		if c := first(a.Favourite, b.Favourite); c != 0 {
			return c
		}
		if c := first(a.Presence == Presence(wire.AgentAvailable), b.Presence == Presence(wire.AgentAvailable)); c != 0 {
			return c
		}
		return strings.Compare(Fold(a.Name), Fold(b.Name))
	})
	return out[:min(len(out), maxColleagues)]
}

// stand fills in how the colleague stands.
func (c *Colleague) stand(a wire.Agent) {
	c.Subscriber, c.Presence, c.Reason = a.Name, presenceOf(a), a.Reason
	if c.Presence != Presence(wire.AgentBreak) {
		c.Reason = ""
	}
	if at, err := time.Parse(time.RFC3339Nano, a.Since); err == nil {
		at = at.UTC()
		c.Since = &at
	}
}

// watched fills in how an extension stands.
func (c *Colleague) watched(w Watched) {
	c.Presence = w.Presence
	if w.Presence != "" && !w.Since.IsZero() {
		at := w.Since.UTC()
		c.Since = &at
	}
}

// subscriberIn is the name of the platform's subscriber in an address, in lower case.
func subscriberIn(number string) string {
	name := strings.ToLower(strings.TrimSpace(number))
	name = strings.TrimPrefix(strings.TrimPrefix(name, "sips:"), "sip:")
	name, _, _ = strings.Cut(name, "@")
	return name
}
