package screen

import (
	"context"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// callChips are what can be done with the calls beyond the switches: only what the line
// offers is there, and what is not possible now says why.
type callChips struct {
	env                           *Env
	Swap, Merge, Transfer, AddNew *widget.PillButton
	// Customer opens the customer's page in the browser.
	Customer *widget.IconButton
	words    *fyne.Container
	object   *fyne.Container
	view     View
}

func newCallChips(env *Env) *callChips {
	c := &callChips{env: env}
	chip := func(g theme.Glyph, do func()) *widget.PillButton {
		return widget.NewPill("", g, widget.Plain, widget.HeightSmall, do)
	}
	c.Swap = chip(theme.Swap, func() { env.Do(env.Phone.Swap) })
	c.Merge = chip(theme.Merge, func() { env.Merge(c.view) })
	c.Transfer = chip(theme.Send, func() { env.Transfer(c.view) })
	c.Transfer.Guard(env.Now)
	c.AddNew = chip(theme.PersonAdd, func() { env.AddCall() })
	c.Customer = widget.NewRoundButton(env.T("Open record"), theme.OpenNew, theme.Text, theme.Sunken, widget.HeightSmall, env.Tips, func() { env.openCustomer(c.view, c.view.Call) })
	widget.NewGroup(5, c.Swap, c.Merge, c.Transfer, c.AddNew, c.Customer)
	c.words = widget.Equal(8, c.Swap, c.Merge, c.Transfer, c.AddNew)
	c.object = widget.Row(widget.Grow(c.words), widget.Gap(8), c.Customer)
	return c
}

// Transfer does what the chip does: it joins two calls, ends an asking by handing the
// call over, or opens the page that asks to whom a call is handed.
func (e *Env) Transfer(v View) {
	switch mode := modeOf(v); {
	case !can(v.Call, app.AbilityTransfer) || !Established(v.Snapshot):
	case mode == modeTwo, mode == modeAsking:
		e.doTo(v.Call.ID, e.Phone.CompleteTransfer)
	default:
		e.Open(PageTransfer)
	}
}

// Merge makes a conference of the two calls, or of the call and the one who is asked.
func (e *Env) Merge(v View) {
	if !mergeable(v) {
		return
	}
	id, with := v.Call.ID, ""
	if other := waiting(v); other != nil {
		with = other.ID
	}
	e.Do(func(ctx context.Context) error { return e.Phone.Merge(ctx, id, with) })
}

// mergeable reports whether there are two answered calls that can be in a conference.
func mergeable(v View) bool {
	if v.Snapshot == nil || !CanSwap(v.Snapshot) || !can(v.Call, app.AbilityMerge) {
		return false
	}
	other := waiting(v)
	return other == nil || can(other, app.AbilityMerge)
}

// set shows a chip: problem says why it can't be pressed now, "" if it can.
func (c *callChips) set(b *widget.PillButton, there bool, word, label, problem string, g theme.Glyph) {
	setVisible(b, there)
	shown := word
	if c.view.Compact || c.view.Low {
		shown = ""
	}
	b.Set(shown, g, widget.Plain)
	if problem != "" {
		label = problem
	}
	b.SetLabel(label)
	tip := ""
	if shown == "" || problem != "" {
		tip = label
	}
	b.SetTip(c.env.Tips, tip)
	b.SetEnabled(problem == "")
}

// render draws the chips and reports whether there are any.
func (c *callChips) render(v View, mode callMode) bool {
	c.view = v
	e, call := c.env, v.Call
	live := call.Established != nil && PhaseOf(v) != PhaseEnding
	waits := func(word string) string {
		if live {
			return ""
		}
		return e.T("{word}, available once the call is answered", "word", word)
	}
	swap, transfer, add := e.T("Swap"), e.T("Transfer"), e.T("Add call")
	other := waiting(v)
	both := other != nil && other.Established != nil && other.State.Answered()
	swapTo := ""
	switch mode {
	case modeTwo:
		swapTo = callName(other)
	case modeAsking:
		both = call.Consultation.Answered()
		swapTo = callName(call)
		if call.Consultation.OnHold() {
			swapTo = e.partyName(call.Consultation.Target)
		}
	}
	notBoth := ""
	if !both {
		notBoth = e.T("{word}, available once the call is answered", "word", swap)
	}
	c.set(c.Swap, mode == modeTwo || mode == modeAsking, swap, e.T("Swap to {name}", "name", swapTo), notBoth, theme.Swap)
	merge := mode == modeTwo && can(call, app.AbilityMerge) && can(other, app.AbilityMerge) || mode == modeAsking && can(call, app.AbilityMerge)
	if !both {
		notBoth = e.T("{word}, available once the call is answered", "word", e.T("Merge"))
	}
	c.set(c.Merge, merge, e.T("Merge"), e.T("Merge into a conference"), notBoth, theme.Merge)
	problem := waits(transfer)
	if problem == "" && call.Transfer != nil && !call.Transfer.Final {
		problem = e.T("The transfer is under way.")
	}
	label := transfer
	if mode == modeTwo {
		label = e.T("Transfer {name} to {other}", "name", callName(call), "other", callName(other))
		if !both && problem == "" {
			problem = e.T("{word}, available once the call is answered", "word", transfer)
		}
	}
	c.set(c.Transfer, can(call, app.AbilityTransfer) && (mode == modeOne || mode == modeTwo && !inConference(call) && !inConference(other)), transfer, label, problem, theme.Send)
	problem = waits(add)
	word := add
	if mode == modeConference {
		word = e.T("Add")
	}
	c.set(c.AddNew, can(call, app.AbilityAddCall) && (mode == modeOne || mode == modeConference), word, word, problem, theme.PersonAdd)
	any := false
	for _, b := range []*widget.PillButton{c.Swap, c.Merge, c.Transfer, c.AddNew} {
		any = any || b.Visible()
	}
	setVisible(c.words, any)
	// In a wide window the card beside the call has it.
	customer := mode == modeOne && !v.Wide && e.customerURL(v, call) != ""
	setVisible(c.Customer, customer)
	any = any || customer
	return any && mode != modeRings
}
