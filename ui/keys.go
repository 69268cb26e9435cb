package ui

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/ui/screen"
)

const onMac = runtime.GOOS == "darwin"

// bindKeys gives the window its keys. No single key answers, declines or hangs
// up.
func (s *shell) bindKeys(cv fyne.Canvas) {
	s.canvas = cv
	s.keys = map[string]func(){}
	main := fyne.KeyModifierControl
	if onMac {
		main = fyne.KeyModifierSuper
	}
	bind := func(key fyne.KeyName, mod fyne.KeyModifier, do func()) {
		sc := &desktop.CustomShortcut{KeyName: key, Modifier: mod}
		s.keys[sc.ShortcutName()] = do
		cv.AddShortcut(sc, func(fyne.Shortcut) { do() })
	}
	bind(fyne.KeyA, main|fyne.KeyModifierShift, func() {
		if s.phase == screen.PhaseIncoming {
			s.env.Answer()
		}
	})
	bind(fyne.KeyD, main|fyne.KeyModifierShift, func() {
		if s.phase == screen.PhaseIncoming {
			s.env.Hangup()
		}
	})
	// On macOS Cmd M and Cmd H belong to the system.
	bind(fyne.KeyM, fyne.KeyModifierControl, func() { s.env.ToggleMute(s.snap) })
	bind(fyne.KeyH, fyne.KeyModifierControl, func() { s.env.ToggleHold(s.snap) })
	bind(fyne.KeyK, main, s.toNumberField)
	bind(fyne.Key1, main, func() { s.toTab(screen.TabDial) })
	bind(fyne.Key2, main, func() { s.toTab(screen.TabContacts) })
	bind(fyne.Key3, main, func() { s.toTab(screen.TabRecents) })
	cv.SetOnTypedRune(s.typedRune)
	cv.SetOnTypedKey(s.typedKey)
}

func (s *shell) toTab(i int) {
	s.page = screen.PageNone
	s.header.Tabs.Choose(i)
	s.tabTaken(i)
}

// toNumberField goes to the number field, or to the call while there is one.
func (s *shell) toNumberField() {
	s.toTab(screen.TabDial)
	if s.shown == part(s.dial) {
		s.dial.FocusField()
	}
}

// typedRune sends a digit into the call, or begins a number.
func (s *shell) typedRune(r rune) {
	switch s.shown {
	case part(s.call):
		s.call.Typed(r)
	case part(s.dial):
		s.dial.Focus()
		s.dial.Field.Input.TypedRune(r)
	case part(s.contacts):
		s.contacts.Focus()
		s.contacts.Search.Input.TypedRune(r)
	default:
		if s.phase == screen.PhaseTalking {
			s.call.Typed(r)
		}
	}
}

// typedKey silences, closes and goes back on Esc; it never declines or hangs up.
func (s *shell) typedKey(e *fyne.KeyEvent) {
	if e.Name != fyne.KeyEscape {
		if s.shown == part(s.dial) && (e.Name == fyne.KeyBackspace || e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter) && s.canvas.Focused() == nil {
			s.dial.Focus()
			s.dial.Field.Input.TypedKey(e)
		}
		return
	}
	switch {
	case s.closeMenu():
	case s.phase == screen.PhaseIncoming:
		s.phone.Silence()
	case s.shown == part(s.call) && s.call.KeypadShown():
		s.call.ShowKeypad(false)
	case s.page != screen.PageNone && s.page != screen.PageAudioCheck:
		s.open(screen.PageNone)
	}
}
