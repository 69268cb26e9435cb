package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// The banner of a call that is over stays for bannerTime; for the sound of calls
// shorter than askFrom nobody is asked.
const (
	bannerTime = 20 * time.Second
	askFrom    = 10
)

// dialBanner is the banner over the number field: how the last call ended, else what
// keeps calls from coming in or going out while the other way works.
type dialBanner struct {
	env    *Env
	slim   *widget.SlimBanner
	Rating *soundRating
	rate   *fyne.Container
	act    func()
	// changed lays the tab out anew.
	changed func()

	view View
	// call is the ended call that is told of, since when; closed one that no more is.
	call, closed string
	since        time.Time
}

func newDialBanner(env *Env, changed func()) *dialBanner {
	b := &dialBanner{env: env, changed: changed}
	b.Rating = newSoundRating(env, false, changed, b.close)
	b.rate = widget.Inset(2, 12, 10, 12, b.Rating.object)
	b.rate.Hide()
	b.slim = widget.NewSlimBanner(env.T("Close"), env.Tips, func() { b.act() }, b.close, b.rate)
	b.slim.Hide()
	return b
}

// asking reports whether the user is being asked about the sound.
func (b *dialBanner) asking() bool { return b.slim.Visible() && b.rate.Visible() }

// close takes the banner of a call away for good. A rating that was given is sent.
func (b *dialBanner) close() {
	if b.call == "" || b.call == b.closed {
		return
	}
	b.closed = b.call
	b.Rating.send()
	b.env.Phone.DismissEnded()
	if b.view.Snapshot != nil {
		b.render(b.view)
	}
	b.changed()
}

// render draws the banner, and hides it when there is nothing to say.
func (b *dialBanner) render(v View) {
	b.view = v
	if c := v.LastCall; c != nil && c.Shown && v.Call == nil && v.WrapUp == nil && c.ID != b.closed {
		if c.ID != b.call {
			b.call, b.since = c.ID, v.Now
			b.Rating.begin(0)
			b.rate.Hide()
		}
		if b.asking() || v.Now.Sub(b.since) < bannerTime {
			b.showCall(v, c)
			return
		}
		b.close()
		return
	}
	b.rate.Hide()
	t := Trouble(v)
	switch {
	case v.OnAnotherPhone:
		b.act = func() { b.env.Complain(b.env.Phone.SetOnAnotherPhone(false)) }
		b.slim.Set(widget.ToneQuiet, theme.Phone, b.env.T("Calls go to your other phone"), b.env.T("You can't call from here."), b.env.T("Use this one"), false)
		b.slim.Show()
		return
	case t == nil:
		b.showLimit(v)
		return
	}
	l := b.env.troubleLook(v, t)
	b.act = l.act
	b.slim.Set(widget.ToneWarning, l.glyph, l.title, l.hint, l.short, false)
	b.slim.Show()
}

// showLimit tells of a break that comes to its limit, or has passed it. Nothing ends it.
func (b *dialBanner) showLimit(v View) {
	e := b.env
	left, near, ok := breakLimit(v)
	if !ok || !near {
		b.slim.Hide()
		return
	}
	word := e.stateWord(v.Availability, v.AgentState.Reason)
	title := e.T("{break} ends in {n} min", "break", word, "n", int((left+time.Minute-1)/time.Minute))
	if left < 0 {
		title = e.T("{break} is {n} min over", "break", word, "n", max(1, int(-left/time.Minute)))
	}
	b.act = func() { e.SetAvailability(app.Available) }
	b.slim.Set(limitTone(v), theme.Stopwatch, title, e.T("Your limit is {span}.", "span", e.Span(v.AgentState.LimitS)), e.T("Available"), false)
	b.slim.Show()
}

func (b *dialBanner) showCall(v View, c *app.EndedCall) {
	o := b.env.outcomeOf(c)
	word := o.again
	b.act = func() { b.env.Dial(c.RemoteID, nil) }
	if v.FeedbackDue && v.Settings.Calls.AskSound && c.DurationS >= askFrom {
		word = b.env.T("Rate sound")
		b.act = b.Rate
	}
	if b.rate.Visible() {
		word = ""
	}
	b.slim.Set(o.tone, o.glyph, o.title, o.text, word, true)
	b.slim.Action.SetLabel(actionLabel(b.env, word, o.again, c))
	b.slim.Show()
}

// Rate asks about the sound of the call that the banner tells of.
func (b *dialBanner) Rate() {
	b.rate.Show()
	b.render(b.view)
	b.changed()
	b.env.focus(b.Rating.Discs.Discs[0])
}

// actionLabel names the call that the banner's action is about.
func actionLabel(e *Env, word, again string, c *app.EndedCall) string {
	if word != again {
		return word
	}
	return e.T("Call {name}", "name", nameOf(c.RemoteName, c.RemoteID))
}
