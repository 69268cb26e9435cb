package screen

import (
	"context"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/wire"
)

// recentColumns are the columns of the call log in a wide window.
type recentColumns struct{ on, number, outcome bool }

// The widths of a window from which the table has a column of the number and one of the
// outcome.
const (
	numberFrom  float32 = 1000
	outcomeFrom float32 = 1100
)

// columnsFor are the columns that a window has room for.
func (r *Recents) columnsFor(v View) recentColumns {
	if !v.Wide || r.env.Canvas() == nil {
		return recentColumns{}
	}
	width := r.env.Canvas().Size().Width
	return recentColumns{on: true, number: width >= numberFrom, outcome: width >= outcomeFrom}
}

// cells are the columns of a call behind its name: number, length or why there was none,
// outcome, time.
func (r *Recents) cells(c app.CallRecord) (cells []fyne.CanvasObject) {
	add := func(width float32, text string) {
		cells = append(cells, widget.Gap(12), widget.Fixed(width, 0, caption(text)))
	}
	if r.columns.number {
		add(120, Number(c.RemoteID))
	}
	add(146, r.env.recordOutcome(c).short)
	switch {
	case r.columns.outcome && lacksOutcome(r.view, c) && noteOf(c) == "":
		cells = append(cells, widget.Gap(12), widget.Fixed(104, 0, widget.NewPill(r.env.T("Add outcome"), "", widget.Bare, widget.HeightSmall, func() { r.addOutcome(c) })))
	case r.columns.outcome:
		add(104, outcomeText(c))
	}
	add(40, hhmm(c.Started.Local()))
	return cells
}

// outcomeText is what became of a call, or its note.
func outcomeText(c app.CallRecord) string {
	if c.Outcome == "" || c.Outcome == wire.OutcomeNotSet {
		return noteOf(c)
	}
	return c.Outcome
}

// noteOf is what the agent has noted about a call.
func noteOf(c app.CallRecord) string {
	if c.OutcomeNote != "" {
		return c.OutcomeNote
	}
	return c.Note
}

// addOutcome opens the page of a call where its outcome is chosen.
func (r *Recents) addOutcome(c app.CallRecord) {
	r.Open(c)
	r.detail.outcome.focus()
}

// menu offers what can be done with a call of the list.
func (r *Recents) menu(from fyne.CanvasObject, c app.CallRecord) {
	e := r.env
	var rows []*widget.TapRow
	var parts []fyne.CanvasObject
	add := func(g theme.Glyph, word string, do func()) {
		row := widget.NewTapRow(word, widget.Row44, widget.Inset(0, 12, 0, 12, widget.Row(
			widget.NewIcon(g, theme.Text2, 20), widget.Gap(12), widget.Grow(widget.NewText(word, widget.Style{})))), func() {
			e.CloseMenu()
			do()
		})
		rows, parts = append(rows, row), append(parts, row)
	}
	add(theme.Phone, e.T("Call {name}", "name", nameOf(c.RemoteName, c.RemoteID)), func() { e.Dial(c.RemoteID, nil) })
	add(theme.Copy, e.T("Copy the number"), func() { e.Host.Copy(c.RemoteID) })
	if call := loggedCall(c); e.customerURL(r.view, call) != "" {
		add(theme.OpenNew, e.T("Open record"), func() { e.openCustomer(r.view, call) })
	}
	add(theme.Info, e.T("Details"), func() { r.Open(c) })
	if lacksOutcome(r.view, c) {
		add(theme.Check, e.T("Add outcome"), func() { r.addOutcome(c) })
	}
	add(theme.EditNote, e.T("Add note"), func() {
		r.Open(c)
		e.focus(r.detail.Note.Input)
	})
	add(theme.Trash, e.T("Remove from the list"), func() {
		e.Do(func(ctx context.Context) error { return e.Phone.DeleteRecent(ctx, c.ID) })
	})
	e.PopUp(from, 260, widget.Inset(8, 8, 8, 8, widget.Column(parts...)), rows, 0)
}
