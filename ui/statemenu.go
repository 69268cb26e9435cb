package ui

import (
	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// The heights of rows in the menu of states, and of the reasons under Break.
const (
	stateRow  float32 = 52
	reasonRow float32 = 40
)

// stateMenuWidth is the width of the menu.
const stateMenuWidth float32 = 300

// openAvailability opens the menu of what the agent can be. The reasons of a break are
// open while the agent is on one.
func (s *shell) openAvailability(from fyne.CanvasObject) {
	s.openStates(from, s.snap != nil && s.snap.Availability == app.Break)
}

func (s *shell) openStates(from fyne.CanvasObject, reasons bool) {
	if s.snap == nil {
		return
	}
	e, v := s.env, s.view()
	var rows []*widget.TapRow
	var parts []fyne.CanvasObject
	first := 0
	add := func(row *widget.TapRow, chosen bool) {
		if row.SetMarked(chosen); chosen {
			first = len(rows)
		}
		rows, parts = append(rows, row), append(parts, row)
	}
	for _, l := range e.Availabilities() {
		chosen := v.Availability == l.Choice
		branch := l.Choice == app.Break && len(v.AgentState.Reasons) > 1
		do := func() {
			s.closeMenu()
			e.SetAvailability(l.Choice)
		}
		if branch {
			do = func() {
				s.closeMenu()
				s.openStates(from, !reasons)
			}
		}
		row := s.stateRow(v, l, chosen, branch, reasons, do)
		add(row, chosen && !(branch && reasons))
		if branch && reasons {
			for _, r := range v.AgentState.Reasons {
				on := chosen && v.AgentState.Reason == r.Reason
				add(s.reasonRow(v, r, on), on)
			}
		}
	}
	if text := e.Today(v); text != "" {
		parts = append(parts, widget.Gap(8), widget.NewLine(), widget.Inset(12, 12, 8, 12,
			widget.NewText(text, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true})))
	}
	s.openMenuWith(from, stateMenuWidth, widget.Inset(8, 8, 8, 8, widget.Column(parts...)), rows, first)
}

// stateRow is the row of one state: what it means or, where it can't be chosen, why.
func (s *shell) stateRow(v screen.View, l screen.AvailabilityLook, chosen, branch, open bool, do func()) *widget.TapRow {
	e := s.env
	means, blocked := l.Means, l.Choice == app.Available && !e.MayBeAvailable(v)
	if blocked {
		means = e.T("This phone isn't ready")
	}
	if branch {
		means = e.T("No calls. Choose a reason")
	}
	ink := l.Ink
	title := widget.Style{Bold: chosen}
	if blocked {
		ink, title.Role = theme.Hint, theme.Hint
	}
	line := []fyne.CanvasObject{widget.NewIcon(l.Glyph, ink, 22), widget.Gap(12),
		widget.Grow(widget.Column(widget.NewText(l.Word, title), widget.Gap(-1), widget.NewText(means, widget.Style{Size: theme.SizeCaption, Role: theme.Text2}))), widget.Gap(8)}
	label := l.Word + ". " + means
	switch {
	case branch && open:
		line = append(line, widget.NewIcon(theme.ChevronUp, theme.Text2, 20))
	case branch:
		line = append(line, widget.NewIcon(theme.ChevronDown, theme.Text2, 20))
	case chosen:
		line = append(line, widget.NewText(e.StateTime(v), widget.Style{Size: theme.SizeCaption, Role: theme.Text2}), widget.Gap(12), widget.NewIcon(theme.Check, theme.AccentInk, 20))
		label = e.T("{choice}, chosen", "choice", label)
	}
	row := widget.NewTapRow(label, stateRow, widget.Inset(0, 12, 0, 12, widget.Row(line...)), do)
	row.SetEnabled(!blocked)
	return row
}

// reasonRow is the row of one reason of a break, with how long it may last.
func (s *shell) reasonRow(v screen.View, r app.BreakReason, chosen bool) *widget.TapRow {
	e := s.env
	word, limit := screen.CodeWord(r.Reason), ""
	if r.LimitS > 0 {
		limit = e.Span(r.LimitS)
	}
	tail := []fyne.CanvasObject{}
	label := word
	if chosen {
		time := e.StateTime(v)
		if limit != "" {
			time = e.T("{time} of {limit}", "time", time, "limit", limit)
		}
		limit = time
		tail = append(tail, widget.Gap(8), widget.NewIcon(theme.Check, theme.AccentInk, 20))
		label = e.T("{choice}, chosen", "choice", label)
	}
	if limit != "" {
		label += ". " + limit
	}
	line := append([]fyne.CanvasObject{widget.Gap(34), widget.Grow(widget.NewText(word, widget.Style{Bold: chosen})), widget.Gap(8),
		widget.NewText(limit, widget.Style{Size: theme.SizeCaption, Role: theme.Text2})}, tail...)
	return widget.NewTapRow(label, reasonRow, widget.Inset(0, 12, 0, 12, widget.Row(line...)), func() {
		s.closeMenu()
		e.Complain(s.phone.SetBreak(r.Reason))
	})
}

// phoneRow is the row of the main menu that hands calls to another phone.
func (s *shell) phoneRow() *widget.TapRow {
	e := s.env
	on := s.snap != nil && s.snap.OnAnotherPhone
	label, check := e.T("Take calls on another phone, off"), widget.NewIcon("", theme.AccentInk, 20)
	if on {
		label = e.T("Take calls on another phone, on")
		check.Set(theme.Check, theme.AccentInk)
	}
	return widget.NewTapRow(label, widget.Row44, widget.Inset(0, 12, 0, 12, widget.Row(
		widget.NewIcon(theme.Phone, theme.Text2, 20), widget.Gap(12), widget.Grow(widget.NewText(e.T("Take calls on another phone"), widget.Style{Least: 11})), check)), func() {
		s.closeMenu()
		e.Complain(s.phone.SetOnAnotherPhone(!on))
	})
}
