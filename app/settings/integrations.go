package settings

import (
	"net/url"
	"slices"
	"strings"
)

// Integrations are what other programs learn of calls.
type Integrations struct {
	// Pops are pages that open in the browser.
	Pops []Pop `json:"pops,omitempty"`
	// Commands are programs that are started, without a shell.
	Commands []Command `json:"commands,omitempty"`
	// Webhooks are servers that are told.
	Webhooks []Webhook `json:"webhooks,omitempty"`
}

// The moments of a call: it begins to ring, is answered, has ended, and the work after
// it is done.
const (
	MomentRing   = "ring"
	MomentAnswer = "answer"
	MomentEnd    = "end"
	MomentWrapUp = "wrap_up"
)

// MomentButton is no moment of a call: a page that opens when the user asks for it.
const MomentButton = "button"

// Moments are all those of a call.
var Moments = []string{MomentRing, MomentAnswer, MomentEnd, MomentWrapUp}

// Pop is a page that opens at a moment of a call, once a call, or by the window's button
// alone. URL is a template such
// as https://crm.example.com/find?number={e164}; Direction is incoming, outgoing or
// both, and "" is incoming.
type Pop struct {
	When      string `json:"when"`
	URL       string `json:"url"`
	Direction string `json:"direction,omitempty"`
}

// Command is a program that starts at a moment of a call. Argv is its path and its
// arguments, which are templates; Direction is as with Pop.
type Command struct {
	When      string   `json:"when"`
	Argv      []string `json:"argv"`
	Direction string   `json:"direction,omitempty"`
}

// Webhook is a server that is told of moments of calls; no Events are all.
type Webhook struct {
	URL    string   `json:"url"`
	Events []string `json:"events,omitempty"`
}

// maxIntegrations bounds each of the lists.
const maxIntegrations = 16

func (i *Integrations) normalise() {
	direction := func(d string) bool { return d == "" || d == "incoming" || d == "outgoing" || d == "both" }
	i.Pops = slices.DeleteFunc(i.Pops, func(p Pop) bool {
		return !slices.Contains(Moments, p.When) && p.When != MomentButton || !direction(p.Direction) || !webURL(p.URL)
	})
	i.Commands = slices.DeleteFunc(i.Commands, func(c Command) bool {
		return !slices.Contains(Moments, c.When) || !direction(c.Direction) || len(c.Argv) == 0 || c.Argv[0] == "" || strings.ContainsAny(c.Argv[0], "{}")
	})
	i.Webhooks = slices.DeleteFunc(i.Webhooks, func(w Webhook) bool {
		return !webURL(w.URL) || strings.ContainsAny(w.URL, "{}") || slices.ContainsFunc(w.Events, func(e string) bool { return !slices.Contains(Moments, e) })
	})
	i.Pops, i.Commands, i.Webhooks = first(i.Pops), first(i.Commands), first(i.Webhooks)
}

func first[T any](list []T) []T { return list[:min(len(list), maxIntegrations)] }

// webURL reports whether text is an http or https address, whose host stands in it as
// it is: templates begin behind it.
func webURL(text string) bool {
	u, err := url.Parse(strings.NewReplacer("{", "x", "}", "x").Replace(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return false
	}
	_, rest, _ := strings.Cut(text, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	host, _, _ = strings.Cut(host, "#")
	return !strings.ContainsAny(host, "{}")
}

func (i Integrations) clone() Integrations {
	i.Pops = slices.Clone(i.Pops)
	i.Commands = slices.Clone(i.Commands)
	for n := range i.Commands {
		i.Commands[n].Argv = slices.Clone(i.Commands[n].Argv)
	}
	i.Webhooks = slices.Clone(i.Webhooks)
	for n := range i.Webhooks {
		i.Webhooks[n].Events = slices.Clone(i.Webhooks[n].Events)
	}
	return i
}
