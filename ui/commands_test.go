package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/app"
	"offhook/ui/screen"
)

// No two commands have the same keys, and each has a name in the settings.
func TestEachCommandHasKeysOfItsOwn(t *testing.T) {
	s := newHarness(t, madeReady())
	keys, ids := map[chord]string{}, map[string]bool{}
	for _, c := range s.commands() {
		if other := keys[c.keys]; other != "" {
			t.Errorf("%s and %s have the keys %v", c.id, other, c.keys)
		}
		if ids[c.id] || c.id == "" || c.title == "" {
			t.Errorf("a command is called %q, %q", c.id, c.title)
		}
		keys[c.keys], ids[c.id] = c.id, true
	}
}

// The user gives a command other keys; they hold at once, and the old ones do
// nothing any more.
func TestKeysAreChosenInTheSettings(t *testing.T) {
	s := newHarness(t, madeReady())
	open(screen.PageShortcuts)(s)
	typed := func(key fyne.KeyName, mod fyne.KeyModifier) {
		s.win.Canvas().Focused().(fyne.Shortcutable).TypedShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: mod})
	}
	const ctrlShift = fyne.KeyModifierControl | fyne.KeyModifierShift
	s.tap("Hang up, cancel, Ctrl Shift E")
	if !s.shows("New keys…") {
		t.Fatal("the row asks for no keys")
	}
	typed(fyne.KeyA, ctrlShift)
	if !s.shows("Ctrl+Shift+A already does this: Answer.") {
		t.Error("keys of another command are taken")
	}
	typed(fyne.KeyX, fyne.KeyModifierControl)
	if !s.shows("Use Ctrl or Alt with a letter or a digit.") {
		t.Error("keys of text fields are taken")
	}
	typed(fyne.KeyX, ctrlShift)
	s.expect("settings")
	if got := s.phone.set.Shortcuts["hangup"]; got != "Ctrl+Shift+X" {
		t.Fatalf("hangup has the keys %q", got)
	}
	if !s.shows("Hang up, cancel, Ctrl Shift X") {
		t.Error("the page does not show the new keys")
	}
	s.show(madeCall("ESTABLISHED", time.Minute))
	if s.keys[keys("Ctrl+Shift+E").shortcut().ShortcutName()] != nil {
		t.Error("the old keys still do something")
	}
	s.shortcut(fyne.KeyX, ctrlShift)
	s.expect("hangup")
}

// Keys in the settings that are none, or that another command has, are left aside.
func TestWrongKeysAreLeftAside(t *testing.T) {
	for _, chosen := range []string{"", "nonsense", "Ctrl+C", "E", "Ctrl+Shift+A", "Ctrl+Shift+E"} {
		s := newHarness(t, madeReady(), func(p *madePhone, _ *harnessOptions) {
			p.set.Shortcuts = map[string]string{"hangup": chosen, "nobody": "Ctrl+Shift+Q"}
		})
		for _, c := range s.commands() {
			if c.id == "hangup" && c.keys != keys("Ctrl+Shift+E") {
				t.Errorf("with %q, hangup has the keys %v", chosen, c.keys)
			}
		}
	}
}

// What is typed without a call begins the next one from every page, and never lands
// in a field that is not shown.
func TestADigitBeginsTheNextCallFromEveryPage(t *testing.T) {
	pages := map[string]func(*harness){
		"dial": func(*harness) {}, "contacts": func(s *harness) { s.toTab(screen.TabContacts); s.win.Canvas().Unfocus() },
		"recents":  func(s *harness) { s.toTab(screen.TabRecents); s.win.Canvas().Unfocus() },
		"settings": func(s *harness) { open(screen.PageSettings)(s) }, "statistics": func(s *harness) { open(screen.PageStatistics)(s) },
		"ended": func(s *harness) { s.show(madeEnded("REMOTE_HANGUP", true)) }, "missed": func(s *harness) { s.show(madeEnded("BUSY", false)) },
	}
	for name, reach := range pages {
		s := newHarness(t, madeReady())
		reach(s)
		s.typed("42")
		if got := s.screenName(); got != "dial" || s.dial.Field.Input.Text != "42" {
			t.Errorf("%s: 42 leads to %q with %q in the field", name, got, s.dial.Field.Input.Text)
		}
		s.phone.forget()
		s.press(fyne.KeyReturn)
		s.expect("dial:42")
	}
}

func TestDigitsOfACallGoNowhereElse(t *testing.T) {
	for name, begin := range map[string]func(*harness){
		"the field had the keyboard": func(s *harness) { s.dial.Focus() },
		"half a number was typed":    func(s *harness) { s.dial.Focus(); s.typed("98") },
		"a page was open":            func(s *harness) { open(screen.PageSettings)(s) },
	} {
		s := newHarness(t, madeReady())
		begin(s)
		for _, snap := range []*app.Snapshot{madeCall("CONNECTING", 0), madeCall("RINGING", 0), madeCall("ESTABLISHED", time.Second)} {
			s.show(snap)
		}
		before := s.dial.Field.Input.Text
		s.phone.forget()
		s.typed("123")
		s.expect("dtmf:1 dtmf:2 dtmf:3")
		if got := s.dial.Field.Input.Text; got != before {
			t.Errorf("%s: the hidden field says %q", name, got)
		}
	}
}

// A press on what can't be undone counts only when its place has settled.
func TestAPressRightAfterAChangeHangsNothingUp(t *testing.T) {
	s := newHarness(t, madeCall("ESTABLISHED", time.Minute))
	press := func() {
		s.call.HangUp.MouseDown(nil)
		s.call.HangUp.MouseUp(nil)
		s.call.HangUp.Tapped(nil)
	}
	press()
	s.expect("")
	s.passed += 149 * time.Millisecond
	press()
	s.expect("")
	s.passed += time.Millisecond
	press()
	s.expect("hangup")
	open(screen.PageSettings)(s)
	s.open(screen.PageNone)
	s.phone.forget()
	press()
	s.expect("")
}
