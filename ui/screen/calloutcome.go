package screen

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/widget"
	"offhook/voice/wire"
)

// callOutcome says what became of a call of the log, and lets the agent say it later or
// otherwise: by the outcomes that are configured, else in the agent's own words.
type callOutcome struct {
	env    *Env
	save   func(code string, failed func())
	placed func()
	Chips  []*widget.Chip
	// Change shows all outcomes to choose from.
	Change *widget.PillButton
	Own    *widget.Field
	room   *fyne.Container
	object *fyne.Container

	// want is what was chosen last, until the log says the same; changing that all
	// outcomes are shown though one was chosen.
	want     *string
	changing bool
	view     View
	record   app.CallRecord
	codes    []string
	drawn    string
}

// newCallOutcome returns the part; save keeps an outcome, and placed is told that the part
// needs another height.
func newCallOutcome(env *Env, save func(string, func()), placed func()) *callOutcome {
	o := &callOutcome{env: env, save: save, placed: placed, room: widget.Flow(8)}
	o.Change = widget.NewPill(env.T("Change"), "", widget.Bare, widget.HeightSmall, o.change)
	own := widget.NewInput(env.T("Outcome"), env.T("Outcome"))
	own.OnSubmitted = func(text string) { o.choose(strings.TrimSpace(text)) }
	own.OnFocus = func(on bool) {
		if text := strings.TrimSpace(own.Text); !on && text != "" && text != o.code(o.record) {
			o.choose(text)
		}
	}
	o.Own = widget.NewField(own, noteLine, nil, nil)
	o.object = widget.Column(widget.Gap(16), label(env.T("Outcome")), widget.Gap(6), o.room, o.Own)
	return o
}

// begin forgets what was chosen for another call.
func (o *callOutcome) begin() { o.want, o.changing, o.drawn = nil, false, "" }

// code is the outcome that a call has, "" for none.
func (o *callOutcome) code(c app.CallRecord) string {
	if o.want != nil {
		return *o.want
	}
	return setOutcome(c)
}

// setOutcome is the outcome of a call of the log, "" for none.
func setOutcome(c app.CallRecord) string {
	if c.Outcome == wire.OutcomeNotSet {
		return ""
	}
	return c.Outcome
}

// lacksOutcome reports whether an outcome can still be given to a call.
func lacksOutcome(v View, c app.CallRecord) bool {
	return setOutcome(c) == "" && c.DurationS > 0 && v.Snapshot != nil && (len(v.Outcomes) > 0 || c.Outcome == wire.OutcomeNotSet)
}

// choose keeps an outcome.
func (o *callOutcome) choose(code string) {
	was := o.want
	o.want, o.changing = &code, false
	o.render(o.view, o.record)
	o.placed()
	if o.Change.Visible() {
		o.env.focus(o.Change) // what was pressed is gone
	}
	o.save(code, func() {
		o.want = was
		o.render(o.view, o.record)
	})
}

// change shows all outcomes to choose from.
func (o *callOutcome) change() {
	o.changing = true
	o.render(o.view, o.record)
	o.placed()
	o.focus()
}

// focus puts the keyboard on the first outcome.
func (o *callOutcome) focus() {
	switch {
	case len(o.Chips) > 0:
		o.env.focus(o.Chips[0])
	case o.Own.Visible():
		o.env.focus(o.Own.Input)
	}
}

// render draws the part for a call of the log.
func (o *callOutcome) render(v View, c app.CallRecord) {
	o.view, o.record = v, c
	code := o.code(c)
	if o.want != nil && setOutcome(c) == *o.want {
		o.want = nil
	}
	setVisible(o.object, code != "" || lacksOutcome(v, c))
	chosen := code != "" && !o.changing
	setVisible(o.Own, !chosen && len(v.Outcomes) == 0)
	codes := v.Outcomes
	if chosen {
		codes = []string{code}
	}
	state := code + "\x00" + strings.Join(codes, "\x00")
	if o.drawn == state {
		return
	}
	o.drawn, o.Chips, o.codes = state, nil, slices.Clone(codes)
	var parts []fyne.CanvasObject
	for _, choice := range o.codes {
		do := func() { o.choose(choice) }
		if chosen {
			do = o.change
		}
		chip := widget.NewChip(CodeWord(choice), do)
		chip.SetChosen(choice == code)
		o.Chips, parts = append(o.Chips, chip), append(parts, chip)
	}
	setVisible(o.Change, chosen && c.DurationS > 0)
	if len(parts) > 0 {
		widget.GroupRows(widget.Row(parts...))
	}
	o.room.Objects = append(parts, o.Change)
	setVisible(o.room, len(parts) > 0)
	o.room.Refresh()
}
