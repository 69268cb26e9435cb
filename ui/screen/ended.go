package screen

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// Ended is the page after a call: why it ended, call again, and the rating of
// its sound. Nothing is chosen beforehand and nothing must be answered.
type Ended struct {
	env            *Env
	face           *widget.Avatar
	title, reason  *widget.Text
	Again          *widget.IconButton
	card           *widget.Card
	Rating         *widget.Rating
	Chips          []*widget.Chip
	Note           *widget.Field
	Skip, Send     *widget.PillButton
	Close, AgainBt *widget.PillButton
	rate, plain    *fyne.Container
	head, big      *fyne.Container
	bigFace        *widget.Avatar
	bigReason      *widget.Text
	bigWho         *widget.Text
	object         fyne.CanvasObject

	last *app.EndedCall
}

// NewEnded returns the page.
func NewEnded(env *Env) *Ended {
	d := &Ended{env: env}
	d.face = widget.NewAvatar("", 48)
	d.title = widget.NewText(env.T("Call ended"), widget.Style{Size: theme.SizeSub, Bold: true})
	d.reason = caption("")
	d.Again = widget.NewRoundButton(env.T("Call again"), theme.Phone, theme.SuccessInk, theme.SuccessSoft, 44, env.Tips, d.again)

	words := [5]string{env.T("Unusable"), env.T("rating::Bad"), env.T("rating::Average"), env.T("rating::Good"), env.T("rating::Excellent")}
	d.Rating = widget.NewRating(words, func(n int, w string) string { return env.T("Rating {n}, {word}", "n", n, "word", w) },
		func(n int) {
			if d.Send != nil {
				d.Send.SetEnabled(n > 0)
			}
		})
	var chips []fyne.CanvasObject
	for i, w := range []string{env.T("No issue"), env.T("Background noise"), env.T("Choppy audio"), env.T("High latency"), env.T("No audio"), env.T("Echo")} {
		c := widget.NewChip(w, func() { d.choose(i) })
		d.Chips = append(d.Chips, c)
		chips = append(chips, c)
	}
	d.Note = widget.NewField(widget.NewInput(env.T("Note"), env.T("Anything that would help")), 44, nil, nil)
	d.Note.Input.OnSubmitted = func(string) { d.send() }
	d.card = widget.NewCard(widget.Inset(16, 16, 16, 16, widget.Column(
		widget.NewText(env.T("How was the sound?"), widget.Style{Size: theme.SizeSub, Bold: true}),
		widget.Gap(13), d.Rating.Container,
		widget.Gap(15), widget.Row(label(env.T("Anything wrong?")), widget.Gap(3), caption(env.T("Choose one"))),
		widget.Gap(9), widget.Flow(8, chips...),
		widget.Gap(14), widget.Row(label(env.T("Note")), widget.Gap(3), caption(env.T("optional"))),
		widget.Gap(5), d.Note)))
	d.Skip = widget.NewPill(env.T("Skip"), "", widget.Plain, widget.HeightButton, d.skip)
	d.Send = widget.NewPill(env.T("Send rating"), "", widget.Accent, widget.HeightButton, d.send)
	d.Send.SetEnabled(false)
	d.Close = widget.NewPill(env.T("Done"), "", widget.Plain, widget.HeightButton, d.skip)
	d.AgainBt = widget.NewPill(env.T("Call again"), theme.Phone, widget.Success, widget.HeightButton, d.again)
	d.rate = widget.Grid(2, 8, d.Skip, d.Send)
	d.plain = widget.Grid(2, 8, d.Close, d.AgainBt)

	d.head = widget.Row(d.face, widget.Gap(12), widget.Grow(raised(widget.Column(d.title, d.reason))), widget.Gap(8), d.Again)
	d.bigFace = widget.NewAvatar("", 96)
	d.bigReason = widget.NewText("", centred(widget.Style{Size: theme.SizeTitle, Bold: true, Wrap: true}))
	d.bigWho = widget.NewText("", centred(widget.Style{Role: theme.Text2}))
	d.big = widget.Column(widget.Flex(24), widget.CentredRow(d.bigFace), widget.Gap(24), d.bigReason, widget.Gap(6), d.bigWho, widget.Flex(24))
	body := container.NewVScroll(widget.Narrow(widget.Inset(16, 16, 8, 16, container.NewStack(widget.Column(d.head, widget.Gap(12), d.card), d.big))))
	foot := widget.Inset(8, 16, 16, 16, widget.Column(d.rate, d.plain))
	d.object = widget.Centre(520, container.NewBorder(nil, foot, nil, nil, body))
	return d
}

// Object is what the window shows.
func (d *Ended) Object() fyne.CanvasObject { return d.object }

// Focus puts the keyboard on rating 1, or on Done when there is nothing to rate.
func (d *Ended) Focus() {
	if d.card.Visible() {
		d.env.focus(d.Rating.Squares[0])
		return
	}
	d.env.focus(d.Close)
}

func (d *Ended) choose(i int) {
	for n, c := range d.Chips {
		c.SetChosen(n == i && !c.Chosen())
	}
	widget.Relayout(d.object)
}

// Issue is the chosen issue, NO_ISSUE if none is.
func (d *Ended) Issue() string {
	for i, c := range d.Chips {
		if c.Chosen() {
			return app.Issues[i]
		}
	}
	return app.IssueNone
}

func (d *Ended) send() {
	if d.Rating.Chosen() == 0 {
		return
	}
	rating, issue, note := d.Rating.Chosen(), d.Issue(), d.Note.Input.Text
	d.env.Do(func(ctx context.Context) error { return d.env.Phone.Feedback(ctx, rating, issue, note) })
	d.env.Phone.DismissEnded()
}

func (d *Ended) skip() {
	d.env.Phone.SkipFeedback()
	d.env.Phone.DismissEnded()
}

func (d *Ended) again() {
	if d.last != nil {
		d.env.Dial(d.last.RemoteID, nil)
	}
}

// Render draws the page.
func (d *Ended) Render(v View) {
	c := v.LastCall
	if c == nil {
		return
	}
	if d.last == nil || d.last.ID != c.ID {
		d.reset(c)
	}
	d.last = c
	name := nameOf(c.RemoteName, c.RemoteID)
	d.face.SetName(name)
	d.Again.Set(d.env.T("Call {name}", "name", name), theme.Phone)
	d.AgainBt.SetLabel(d.env.T("Call {name}", "name", name))
	reason := d.env.EndedSentence(c)
	if c.Answered {
		d.title.SetText(d.env.T("Call ended"))
		d.reason.SetText(reason + " · " + d.env.Length(c.DurationS))
	} else {
		d.title.SetText(d.env.T("Call ended"))
		d.reason.SetText(reason)
	}
	d.bigFace.SetName(name)
	d.bigReason.SetText(reason)
	d.bigWho.SetText(nameWithID(c.RemoteName, c.RemoteID))
	setVisible(d.head, c.Answered)
	setVisible(d.big, !c.Answered)
	setVisible(d.card, c.Answered)
	setVisible(d.rate, c.Answered)
	setVisible(d.plain, !c.Answered)
	setVisible(d.Again, c.Answered)
	widget.Relayout(d.object)
}

func nameWithID(name, id string) string {
	if name == "" || name == id {
		return Number(id)
	}
	return name + " · " + Number(id)
}

func (d *Ended) reset(c *app.EndedCall) {
	d.Rating.Choose(c.Rating)
	for _, chip := range d.Chips {
		chip.SetChosen(false)
	}
	d.Note.Input.SetText("")
	d.Send.SetEnabled(c.Rating > 0)
}
