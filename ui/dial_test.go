package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

func TestDialByPadKeyboardAndName(t *testing.T) {
	s := newHarness(t, madeReady())
	for _, k := range []string{"1", "8", "0", "0"} {
		s.tap(k)
	}
	s.typed("5")
	if got := s.dial.Field.Input.Text; got != "18005" {
		t.Fatalf("pad and keyboard wrote %q", got)
	}
	s.tap("Delete the last character")
	s.tap("Call Supervisor line")
	s.expect("dial:1800")

	s.dial.Clear()
	s.typed("pri")
	if s.shows("Key 5") || !s.shows("Call Prince Samuel") {
		t.Error("letters do not show people instead of the pad")
	}
	s.press(fyne.KeyDown)
	s.press(fyne.KeyReturn)
	s.expect("dial:samuel4")
	s.press(fyne.KeyUp)
	s.press(fyne.KeyReturn)
	s.expect("dial:9845012345")

	s.dial.SetNumber("newagent")
	s.press(fyne.KeyReturn)
	s.expect("dial:newagent") // nobody has that name: it is dialled as it was typed
}

func TestAnEmptyFieldBringsTheLastNumberBack(t *testing.T) {
	s := newHarness(t, madeReady())
	s.press(fyne.KeyReturn)
	s.expect("")
	if got := s.dial.Field.Input.Text; got != "9845012345" {
		t.Fatalf("Enter brought back %q", got)
	}
	s.press(fyne.KeyReturn)
	s.expect("dial:9845012345")
	s.dial.Clear()
	s.tap("Redial")
	s.expect("dial:9845012345")

	none := madeReady()
	none.LastDialled, none.LastDialledName = "", ""
	s.show(none)
	s.dial.Clear()
	s.tap("Call")
	s.press(fyne.KeyReturn)
	s.expect("")
}

func TestWhatCannotBeDialledIsSaid(t *testing.T) {
	s := newHarness(t, madeReady())
	s.dial.SetNumber("12!4")
	if !s.shows("Enter a name, a number or an address.") {
		t.Error("a wrong character is not named")
	}
	s.press(fyne.KeyReturn)
	s.expect("")
	s.phone.fail = errMade
	s.dial.SetNumber("1800")
	s.press(fyne.KeyReturn)
	s.phone.forget()
	if !s.shows("It did not work. Try again.") {
		t.Error("the reason why a call does not begin is not shown")
	}
}

func TestPasteTakesANumberOutOfText(t *testing.T) {
	s := newHarness(t, madeReady())
	clip := test.NewClipboard()
	for in, want := range map[string]string{
		" +44 (20) 7946-0018\n": "+442079460018", "tel:+15551234": "+15551234", "sip:bob@example.com": "sip:bob@example.com",
		"Priya Nair\r\n": "Priya Nair", "\u202a98450 12345\u202c": "9845012345",
	} {
		clip.SetContent(in)
		s.dial.Clear()
		s.dial.Field.Input.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clip})
		if got := s.dial.Field.Input.Text; got != want {
			t.Errorf("pasting %q gives %q, not %q", in, got, want)
		}
	}
}
