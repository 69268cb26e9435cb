package screen

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// ratingDelay is how long after the last press a rating is sent by itself.
const ratingDelay = 5 * time.Second

// soundRating asks how the sound of the last call was: five discs, and once one is
// pressed what was wrong. Nothing is chosen beforehand, but that nothing was wrong
// with a good sound.
type soundRating struct {
	env    *Env
	Discs  *widget.Rating
	Chips  []*widget.Chip
	Note   *widget.Field
	word   *widget.Text
	wrong  *fyne.Container
	object *fyne.Container
	// changed is told of each press, done once the rating is on its way.
	changed, done func()
	// stop keeps a rating from being sent by itself.
	stop func()
}

// newSoundRating returns the question. A rating with a note waits for the user,
// one without is sent when an issue was chosen, or ratingDelay after the last press.
func newSoundRating(env *Env, withNote bool, changed, done func()) *soundRating {
	r := &soundRating{env: env, changed: changed, done: done}
	r.Discs = widget.NewRating(func(n int) string { return env.T("Rating {n}, {word}", "n", n, "word", env.ratingWord(n)) }, env.Tips, r.rate)
	var chips []fyne.CanvasObject
	var members []widget.Grouped
	for i, word := range []string{env.T("No issue"), env.T("Background noise"), env.T("Choppy sound"), env.T("Long delay"), env.T("No sound"), env.T("Echo")} {
		c := widget.NewChip(word, func() { r.choose(i) })
		r.Chips = append(r.Chips, c)
		chips, members = append(chips, c), append(members, c)
	}
	widget.NewGroup(len(members), members...)
	r.word = widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Align: fyne.TextAlignTrailing})
	parts := []fyne.CanvasObject{r.word, widget.Gap(8),
		widget.Row(label(env.T("What was wrong?")), widget.Gap(4), caption(env.T("Choose one"))), widget.Gap(8), widget.Flow(8, chips...)}
	if withNote {
		r.Note = widget.NewField(widget.NewInput(env.T("Note"), env.T("Note")), 44, nil, nil)
		r.Note.Input.OnSubmitted = func(string) { r.send() }
		parts = append(parts, widget.Gap(12), r.Note)
	}
	r.wrong = widget.Column(parts...)
	r.wrong.Hide()
	r.object = widget.Column(widget.Ends(8, caption(env.T("How was the sound?")), r.Discs.Container), widget.Gap(4), r.wrong)
	return r
}

// ratingWord is what a rating means.
func (e *Env) ratingWord(n int) string {
	switch n {
	case 1:
		return e.T("Unusable")
	case 2:
		return e.T("rating::Bad")
	case 3:
		return e.T("rating::Average")
	case 4:
		return e.T("rating::Good")
	default:
		return e.T("rating::Excellent")
	}
}

// rate takes a pressed disc.
func (r *soundRating) rate(n int) {
	r.word.SetText(r.env.T("Rating {n}, {word}", "n", n, "word", r.env.ratingWord(n)))
	r.wrong.Show()
	if n > 3 && r.issue() == "" {
		r.Chips[0].SetChosen(true)
	} else if n <= 3 && r.Chips[0].Chosen() {
		r.Chips[0].SetChosen(false)
	}
	if r.Note == nil {
		r.hold()
		r.stop = r.env.Run.After(ratingDelay, r.send)
	}
	r.changed()
}

func (r *soundRating) choose(i int) {
	for n, c := range r.Chips {
		c.SetChosen(n == i)
	}
	if r.Note == nil {
		r.send()
		return
	}
	r.changed()
}

// issue is the chosen issue, "" if none is.
func (r *soundRating) issue() string {
	for i, c := range r.Chips {
		if c.Chosen() {
			return string(voice.Issues()[i])
		}
	}
	return ""
}

// hold keeps a rating from being sent by itself.
func (r *soundRating) hold() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

// send sends what is chosen, if anything is.
func (r *soundRating) send() {
	r.hold()
	rating, issue, note := r.Discs.Chosen(), r.issue(), ""
	if rating == 0 {
		return
	}
	if issue == "" {
		issue = string(voice.NoIssue)
	}
	if r.Note != nil {
		note = r.Note.Input.Text
	}
	r.Discs.Choose(0) // it is sent once
	r.env.Do(func(ctx context.Context) error { return r.env.Phone.Feedback(ctx, rating, issue, note) })
	r.done()
}

// begin asks about a call for which rating was given, 0 for none.
func (r *soundRating) begin(rating int) {
	r.hold()
	r.Discs.Choose(rating)
	for _, c := range r.Chips {
		c.SetChosen(false)
	}
	if r.Note != nil {
		r.Note.SetText("")
	}
	r.wrong.Hide()
}

// Feedback is the page that rates the last call later, from the menu.
type Feedback struct {
	*frame
	Rating *soundRating
	face   *widget.Avatar
	who    *widget.Text
	how    *widget.Text
	Again  *widget.IconButton
	Done   *widget.PillButton
	// call and number are those of the call that is asked about.
	call, number string
}

// NewFeedback returns the page.
func NewFeedback(env *Env) *Feedback {
	f := &Feedback{face: widget.NewAvatar("", 48), who: widget.NewText("", widget.Style{Size: theme.SizeSub, Bold: true}), how: caption("")}
	f.Rating = newSoundRating(env, true, func() { widget.Relayout(f.object) }, func() {})
	f.Again = widget.NewRoundButton(env.T("Call again"), theme.Phone, theme.SuccessInk, theme.SuccessSoft, 44, env.Tips, func() { env.Dial(f.number, nil) })
	f.Done = widget.NewPill(env.T("Done"), "", widget.Accent, widget.HeightButton, func() {
		f.Rating.send()
		env.Open(PageNone)
	})
	head := widget.Row(f.face, widget.Gap(12), widget.Grow(raised(widget.Column(f.who, f.how))), widget.Gap(8), f.Again)
	f.frame = newFrame(env, env.T("Rate the last call"), PageNone, nil,
		widget.Column(head, widget.Gap(12), widget.NewCard(widget.Inset(12, 12, 12, 12, f.Rating.object))), f.Done)
	return f
}

// Render draws the page.
func (f *Feedback) Render(v View) {
	f.render(v)
	c := v.LastCall
	if c == nil {
		return
	}
	if c.ID != f.call {
		f.call, f.number = c.ID, c.RemoteID
		f.Rating.begin(int(c.Rating))
	}
	name := nameOf(c.RemoteName, c.RemoteID)
	f.face.SetName(name)
	f.who.SetText(name)
	f.how.SetText(f.env.outcomeOf(c).title + " · " + f.env.Length(c.DurationS))
	f.Again.Set(f.env.T("Call {name}", "name", name), theme.Phone)
}
