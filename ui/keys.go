package ui

import (
	"runtime"
	"unicode"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
)

const onMac = runtime.GOOS == "darwin"

// bindKeys gives the window its keys. No single key answers, declines or hangs
// up.
func (s *shell) bindKeys(cv fyne.Canvas) {
	s.canvas = cv
	s.bindCommands()
	cv.AddShortcut(&fyne.ShortcutPaste{}, func(sc fyne.Shortcut) {
		if s.snap != nil && (s.snap.Call == nil || s.adding) && s.snap.Account.State == app.SignedIn && s.beginNumber() {
			s.dial.Field.Input.TypedShortcut(sc)
		}
	})
	cv.SetOnTypedRune(func(r rune) { s.typedRune(r) })
	cv.SetOnTypedKey(s.typedKey)
}

func (s *shell) toTab(i int) {
	s.page = screen.PageNone
	s.header.Tabs.Choose(i)
	s.tabTaken(i)
}

// toNumberField goes to the number field, or to the call while there is one.
func (s *shell) toNumberField() {
	s.leaveWrapUp()
	s.toTab(screen.TabDial)
	if s.shown == part(s.dial) {
		s.dial.FocusField()
	}
}

// typedDigit takes a key of the digit row while no text field has the keyboard, and
// reports whether it had a use for it.
func (s *shell) typedDigit(d rune) bool {
	if s.menu != nil && s.snap.Call == nil {
		return false
	}
	return s.typedRune(d)
}

// typedRune sends a digit into the call, or begins a number: without a call, what is
// typed outside a text field leads to the number field from every page. It reports
// whether it had a use for r.
func (s *shell) typedRune(r rune) bool {
	switch {
	case s.snap == nil || s.menu != nil && s.snap.Call == nil:
		return false
	case s.snap.Call != nil && !s.adding:
		return s.call != nil && s.call.Typed(r)
	case s.shown == part(s.contacts) && unicode.IsLetter(r):
		s.contacts.Focus()
		s.contacts.Search.Input.TypedRune(r)
		return true
	case !beginsCall(r) || s.snap.Account.State != app.SignedIn:
		return false
	}
	if !s.beginNumber() {
		return false
	}
	s.dial.Field.Input.TypedRune(r)
	return true
}

// beginNumber gives the keyboard to the number field, from whatever page; what stood
// in a field that was not shown is selected, so that typing replaces it. It reports
// whether there is a number field now.
func (s *shell) beginNumber() bool {
	if s.shown == part(s.dial) {
		s.dial.Focus()
		return true
	}
	s.toNumberField()
	return s.shown == part(s.dial)
}

// beginsCall reports whether a character can begin a name or a number.
func beginsCall(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '+' || r == '*' || r == '#'
}

// typedKey silences, closes and goes back on Esc; it never declines or hangs up.
func (s *shell) typedKey(e *fyne.KeyEvent) {
	if do := s.keys[(chord{key: e.Name}).shortcut().ShortcutName()]; do != nil {
		s.act(do)
		return
	}
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
		s.phone.Silence("")
	case s.adding:
		s.addEnds()
	case s.shown == part(s.call) && s.call.KeypadShown():
		s.call.ShowKeypad(false)
	case s.page != screen.PageNone && s.page != screen.PageAudioCheck:
		s.open(screen.PageNone)
	}
}
