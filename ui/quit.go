package ui

import (
	"errors"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/fault"
)

// quit ends the phone. During a call it asks first; leaving the question by Esc
// stays.
func (s *shell) quit() {
	err := s.phone.MayQuit()
	if err == nil {
		s.host.Quit()
		return
	}
	s.host.Raise()
	e := s.env
	title, text := e.T("Quit and hang up?"), e.T("You're in a call.")
	var f *fault.Error
	if errors.As(err, &f) && s.snap != nil && s.snap.Call != nil {
		text = e.T("You're in a call with {name}.", "name", nameOfCall(s.snap.Call.RemoteName, s.snap.Call.RemoteID))
	}
	choice := func(g theme.Glyph, role fyne.ThemeColorName, word string, do func()) *widget.TapRow {
		return widget.NewTapRow(word, widget.Row44, widget.Inset(0, 12, 0, 12, widget.Row(
			widget.NewIcon(g, role, 20), widget.Gap(12), widget.Grow(widget.NewText(word, widget.Style{Role: role})))), func() {
			s.closeMenu()
			do()
		})
	}
	stay := choice(theme.Phone, theme.Text, e.T("Cancel"), func() {})
	leave := choice(theme.HangUp, theme.DangerInk, e.T("Quit"), s.host.Quit)
	words := widget.Column(widget.NewText(title, widget.Style{Bold: true, Wrap: true}),
		widget.NewText(text, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true}))
	s.openMenuWith(s.header.Menu, 296, widget.Inset(8, 8, 8, 8, widget.Column(widget.Inset(4, 12, 8, 12, words), widget.NewLine(), widget.Gap(4), stay, leave)),
		[]*widget.TapRow{stay, leave}, 0)
}

func nameOfCall(name, id string) string {
	if name == "" {
		return id
	}
	return name
}
