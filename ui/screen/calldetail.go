package screen

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
	"offhook/voice/wire"
)

// PageCall is the page of one call of the log.
const PageCall Page = "call"

// CallDetail is the page of one call of the log: when, how long, how it ended, how it
// sounded, and what was noted.
type CallDetail struct {
	*frame
	face          *widget.Avatar
	name, number  *widget.Text
	values        []*widget.Text
	rows          []fyne.CanvasObject
	outcome       *callOutcome
	message, note *widget.Text
	messageBox    *fyne.Container
	noteBox       *fyne.Container
	Copy          *widget.IconButton
	// Customer opens the customer's page in the browser.
	Customer          *widget.IconButton
	Remove            *widget.IconButton
	Export, CallAgain *widget.PillButton
	// Note is what the agent has noted about the call, dirty that it was changed by hand.
	Note   *widget.Field
	dirty  bool
	record app.CallRecord
	view   View
	play   *playRow
}

func newCallDetail(env *Env) *CallDetail {
	d := &CallDetail{face: widget.NewAvatar("", 48), name: widget.NewText("", widget.Style{Size: theme.SizeSub, Bold: true}), number: caption("")}
	d.Copy = widget.NewRoundButton(env.T("Copy the number"), theme.Copy, theme.Text, theme.Sunken, 44, env.Tips, func() { env.Host.Copy(d.record.RemoteID) })
	d.Customer = widget.NewRoundButton(env.T("Open record"), theme.OpenNew, theme.Text, theme.Sunken, 44, env.Tips, func() { env.openCustomer(d.view, loggedCall(d.record)) })
	d.Remove = widget.NewIconButton(env.T("Remove from the list"), theme.Trash, theme.Text2, env.Tips, d.remove)
	var parts []fyne.CanvasObject
	for _, title := range []string{env.T("When"), env.T("Length"), env.T("call::Ended"), env.T("Came by"), env.T("call::Sound"), env.T("call::Recording")} {
		v := widget.NewText("", widget.Style{Wrap: true})
		row := widget.Inset(5, 0, 5, 0, widget.Row(widget.Fixed(80, 0, widget.NewText(title, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Least: 10})), widget.Grow(v)))
		d.values, d.rows, parts = append(d.values, v), append(d.rows, row), append(parts, row)
	}
	card := widget.NewCard(widget.Inset(7, 16, 7, 16, widget.Column(parts...)))
	d.message = widget.NewText("", widget.Style{Role: theme.AccentInk, Wrap: true})
	d.messageBox = widget.Column(widget.Gap(16), label(env.T("Message")), widget.Gap(6), widget.NewPanel(theme.AccentSoft, theme.RadiusCard,
		widget.Inset(12, 14, 12, 14, widget.Row(widget.NewIcon(theme.Note, theme.AccentInk, 18), widget.Gap(10), widget.Grow(d.message)))))
	d.note = widget.NewText("", widget.Style{Wrap: true})
	d.noteBox = widget.Column(widget.Gap(16), label(env.T("Note on the sound")), widget.Gap(6), widget.NewCard(widget.Inset(12, 14, 12, 14, d.note)))
	note := widget.NewNote(env.T("Note"), env.T("What the next person should know"))
	d.Note = widget.NewField(note, noteHigh, nil, nil)
	note.OnChanged = func(string) { d.dirty = true }
	note.OnFocus = func(on bool) {
		if !on {
			d.save()
		}
	}
	d.outcome = newCallOutcome(env, d.saveAs, func() { widget.Relayout(d.object) })
	own := widget.Column(widget.Gap(16), label(env.T("Note")), widget.Gap(6), d.Note)
	d.Export = widget.NewPill(env.T("Export"), theme.Download, widget.Plain, widget.HeightButton, func() { env.export([]app.CallRecord{d.record}) })
	d.CallAgain = widget.NewPill(env.T("Call back"), theme.Phone, widget.Success, widget.HeightButton, func() { env.Dial(d.record.RemoteID, nil) })
	head := widget.Row(d.face, widget.Gap(12), widget.Grow(raised(widget.Column(d.name, d.number))), widget.Gap(8), d.Customer, widget.Gap(8), d.Copy)
	d.play = newPlayRow(env)
	d.frame = newFrame(env, env.T("tab::Call"), PageNone, d.Remove, widget.Column(head, widget.Gap(12), card, d.play.object, d.messageBox, d.outcome.object, own, d.noteBox), widget.Grid(2, 8, d.Export, d.CallAgain))
	return d
}

// show opens the page of a call.
func (d *CallDetail) show(c app.CallRecord) {
	d.record = c
	d.Note.SetText(c.OutcomeNote)
	d.dirty = false
	d.outcome.begin()
	d.env.Open(PageCall)
}

// Left keeps what was noted.
func (d *CallDetail) Left() { d.save() }

// save keeps the note, if it was changed.
func (d *CallDetail) save() {
	if d.dirty {
		d.saveAs(d.outcome.code(d.record), nil)
	}
}

// saveAs keeps an outcome, "" for none, with the note; failed is told, if there is one,
// that it was not kept.
func (d *CallDetail) saveAs(code string, failed func()) {
	d.dirty = false
	c := d.record
	o := app.Outcome{Code: code, Note: strings.TrimSpace(d.Note.Input.Text)}
	if o.Code == "" {
		o.Code = wire.OutcomeNotSet
	}
	if c.CallbackAt != nil {
		o.CallbackAt = *c.CallbackAt
	}
	d.env.within(commandLimit, func(ctx context.Context) error { return d.env.Phone.SaveOutcome(ctx, c.ID, o) }, func(err error) {
		if err != nil && failed != nil {
			failed()
		}
		d.env.Complain(err)
	})
}

func (d *CallDetail) remove() {
	id := d.record.ID
	d.env.Do(func(ctx context.Context) error { return d.env.Phone.DeleteRecent(ctx, id) })
	d.env.Open(PageNone)
}

// Render draws the page.
func (d *CallDetail) Render(v View) {
	d.render(v)
	d.view = v
	e, c := d.env, d.record
	if r, ok := e.recordOf(c.ID); ok {
		d.record, c = r, r // its rating may have come since
	}
	name := nameOf(c.RemoteName, c.RemoteID)
	d.face.SetName(name)
	d.name.SetText(name)
	d.number.SetText(Number(c.RemoteID))
	when := e.Day(c.Started, v.Now) + " " + hhmm(c.Started)
	length := ""
	if c.DurationS > 0 {
		when += " – " + hhmm(c.Started.Add(secondsOf(c.RangS+c.DurationS)))
		length = e.Length(c.DurationS)
	}
	if c.RangS > 0 {
		if length != "" {
			length += ", "
		}
		length += lowerFirst(e.T("Rang {time}", "time", e.Length(c.RangS)))
	}
	how := e.recordOutcome(c).title
	if c.Direction == voice.Incoming && c.DurationS == 0 {
		how = e.RecordLine(c)
	}
	for i, text := range []string{when, length, how, c.Line, e.soundOf(c), e.recordedWord(c)} {
		d.values[i].SetText(text)
		setVisible(d.rows[i], text != "")
	}
	d.outcome.render(v, c)
	setVisible(d.Customer, e.customerURL(v, loggedCall(c)) != "")
	d.play.render(v, c)
	d.message.SetText(c.Message)
	setVisible(d.messageBox, c.Message != "")
	d.note.SetText(c.Note)
	setVisible(d.noteBox, c.Note != "")
	d.CallAgain.SetLabel(e.T("Call {name}", "name", name))
	widget.Relayout(d.object)
}

// recordedWord says that a call was recorded.
func (e *Env) recordedWord(c app.CallRecord) string {
	if c.Recorded {
		return e.T("Recorded")
	}
	return ""
}

// soundOf says how a call sounded: what was measured, and what the user said.
func (e *Env) soundOf(c app.CallRecord) string {
	if c.MOS == 0 {
		return ""
	}
	word := e.T("Poor")
	switch {
	case c.MOS >= voice.GoodMOS:
		word = e.T("Good")
	case c.MOS >= voice.FairMOS:
		word = e.T("Fair")
	}
	word += " · " + e.T("MOS {x}", "x", oneDecimal(float64(c.MOS)))
	if c.Rating > 0 {
		word += " · " + e.T("you rated {n}", "n", c.Rating)
	}
	return word
}
