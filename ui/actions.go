package ui

import (
	"context"
	"net/url"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/voice/fault"
)

// The longest that a command may take before the window stops waiting for it.
const (
	commandLimit = 40 * time.Second
	signInLimit  = 60 * time.Second
)

// actions turns what the screens ask for into commands to the phone.
type actions shell

func (a *actions) shell() *shell { return (*shell)(a) }

// command runs work off the window's thread; an error is shown as a notice.
func (a *actions) command(work func(ctx context.Context) error) {
	a.run.Go(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, commandLimit)
		defer cancel()
		return work(ctx)
	}, a.complain)
}

// complain shows the sentence of an error.
func (a *actions) complain(err error) {
	if err != nil {
		a.shell().notify(a.env.Sentence(fault.From(err)))
	}
}

func (a *actions) SignIn(c app.Credentials) {
	a.run.Go(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, signInLimit)
		defer cancel()
		return a.phone.SignIn(ctx, c)
	}, nil) // the reason is in Account.Err
}

func (a *actions) Dial(number string) {
	a.run.Go(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, commandLimit)
		defer cancel()
		return a.phone.Dial(ctx, number, "")
	}, func(err error) {
		if err == nil {
			return
		}
		sentence := a.env.Sentence(fault.From(err))
		s := a.shell()
		if s.shown == part(s.dial) {
			s.dial.Show(sentence)
			return
		}
		s.notify(sentence)
	})
}

func (a *actions) Answer() { a.command(a.phone.Answer) }
func (a *actions) Hangup() { a.command(a.phone.Hangup) }
func (a *actions) Silence() {
	a.phone.Silence()
}

func (a *actions) ToggleMute() {
	c := a.snap.Call
	switch {
	case !screen.Established(a.snap):
	case c.Muted:
		a.complain(a.phone.Unmute())
	default:
		a.complain(a.phone.Mute())
	}
}

func (a *actions) ToggleHold() {
	if !screen.Established(a.snap) {
		return
	}
	switch {
	case a.snap.Call.Consultation.Answered():
		a.command(a.phone.Swap)
	case a.snap.Call.Held:
		a.command(a.phone.Resume)
	default:
		a.command(a.phone.Hold)
	}
}

func (a *actions) SendDTMF(digit rune)   { a.complain(a.phone.SendDTMF(string(digit))) }
func (a *actions) SetRoute(route string) { a.complain(a.phone.SetRoute(route)) }
func (a *actions) Retry()                { a.phone.Retry() }

func (a *actions) SetAvailability(choice app.Availability) {
	a.complain(a.phone.SetAvailability(choice))
}

func (a *actions) EndConsultation() {
	a.command(func(ctx context.Context) error {
		if err := a.phone.EndConsultation(); err != nil {
			return err
		}
		return a.phone.Resume(ctx)
	})
}

func (a *actions) CompleteTransfer() { a.command(a.phone.CompleteTransfer) }

func (a *actions) FollowTransfer()  { a.complain(a.phone.FollowTransfer()) }
func (a *actions) DeclineTransfer() { a.complain(a.phone.DeclineTransfer()) }

// OpenBrowser shows the server's address without encryption: in its place, the
// network shows its own page.
func (a *actions) OpenBrowser() {
	if u, err := url.Parse(a.snap.Account.Server); err == nil && u.Hostname() != "" {
		a.host.OpenURL(&url.URL{Scheme: "http", Host: u.Hostname(), Path: "/"})
	}
}

func (a *actions) OpenSystemSettings() { a.host.OpenSystemSettings() }
func (a *actions) Copy(text string)    { a.host.Copy(text) }

func (a *actions) Feedback(rating int, issue, note string) {
	a.command(func(ctx context.Context) error { return a.phone.Feedback(ctx, rating, issue, note) })
	a.phone.DismissEnded()
}

func (a *actions) SkipFeedback() {
	a.phone.SkipFeedback()
	a.phone.DismissEnded()
}

func (a *actions) SetFavourite(name, number string, on bool) {
	a.run.Go(func(context.Context) error {
		if on {
			return a.phone.AddFavourite(name, number)
		}
		return a.phone.RemoveFavourite(number)
	}, a.complain)
}

func (a *actions) Open(p screen.Page) {
	s := a.shell()
	s.page = p
	if s.snap != nil {
		s.render(s.view())
	}
}

func (a *actions) Menu(from fyne.CanvasObject)             { a.shell().openMenu(from) }
func (a *actions) AvailabilityMenu(from fyne.CanvasObject) { a.shell().openAvailability(from) }

// directory looks up people while the user types.
type directory shell

func (d *directory) CheckNumber(number string) error { return d.phone.CheckNumber(number) }
func (d *directory) NameOf(number string) string     { return d.phone.NameOf(number) }
func (d *directory) IsFavourite(number string) bool  { return d.phone.IsFavourite(number) }

// Suggest finds contacts, and then people of the call log, that fit text.
func (d *directory) Suggest(text string) []screen.Match {
	groups := map[string]string{}
	for _, g := range d.phone.Contacts() {
		for _, c := range g.Contacts {
			if _, ok := groups[c.Number]; !ok {
				groups[c.Number] = g.Name
			}
		}
	}
	var list []screen.Match
	seen := map[string]bool{}
	for _, c := range d.phone.Suggest(text) {
		if !seen[c.Number] {
			seen[c.Number] = true
			list = append(list, screen.Match{Name: c.Name, Number: c.Number, Group: groups[c.Number]})
		}
	}
	for _, r := range d.phone.Recents() {
		if len(list) >= 8 {
			break
		}
		if !seen[r.RemoteID] && (screen.Fits(r.RemoteName, text) || screen.Fits(r.RemoteID, text)) {
			seen[r.RemoteID] = true
			list = append(list, screen.Match{Name: orID(r.RemoteName, r.RemoteID), Number: r.RemoteID, Group: d.env.T("Recent call")})
		}
	}
	return list
}

func orID(name, id string) string {
	if name == "" {
		return id
	}
	return name
}

// lists gives the contacts and the call log.
type lists shell

func (l *lists) Contacts(search string) []app.ContactGroup {
	if search == "" {
		return l.phone.Contacts()
	}
	return l.phone.SearchContacts(search)
}

func (l *lists) Recents() []app.CallRecord { return l.phone.Recents() }
