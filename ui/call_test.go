package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/ui/screen"
	"offhook/ui/widget"
)

func TestIncoming(t *testing.T) {
	ring := madeCall("INCOMING", 0)
	ring.Call.Direction = "INCOMING"
	s := newHarness(t, madeReady())
	s.typed("99")
	s.show(ring)
	if got := s.screenName(); got != "incoming" {
		t.Fatalf("a ringing phone shows %q", got)
	}
	// No key that was meant for the field answers, declines or hangs up.
	s.typed("98 ad")
	for _, k := range []fyne.KeyName{fyne.KeyReturn, fyne.KeySpace, fyne.KeyEnter, fyne.KeyDelete} {
		s.press(k)
	}
	s.expect("")
	s.press(fyne.KeyEscape)
	s.expect("silence")
	s.shortcut(fyne.KeyD, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("hangup")
	s.shortcut(fyne.KeyA, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("answer")
	s.tap("Answer Priya Nair")
	s.tap("Decline Priya Nair")
	s.tap("Silence")
	s.expect("answer hangup silence")

	// A caller who gave up closes it; what was typed is still there.
	s.show(madeReady())
	if got := s.screenName(); got != "dial" || s.dial.Field.Input.Text != "99" {
		t.Errorf("after the ring the window shows %q with %q", got, s.dial.Field.Input.Text)
	}
	s.shortcut(fyne.KeyA, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("")
}

func TestACallTakesNoTextFieldAway(t *testing.T) {
	ring := madeCall("INCOMING", 0)
	ring.Call.Direction = "INCOMING"
	s := newHarness(t, madeReady())
	s.toTab(screen.TabContacts)
	s.typed("luc")
	s.show(ring)
	if got := s.screenName(); got != "contacts" {
		t.Fatalf("a call changed the page under the user's hands to %q", got)
	}
	s.typed("ía")
	if got := s.contacts.Search.Input.Text; got != "lucía" {
		t.Errorf("the search holds %q", got)
	}
	s.shortcut(fyne.KeyA, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("answer")
}

func TestInCall(t *testing.T) {
	s := newHarness(t, madeReady())
	s.show(madeCall("RINGING", 0))
	if got := s.screenName(); got != "outgoing" {
		t.Fatalf("a dialled call shows %q", got)
	}
	for _, name := range []string{"Mute", "Hold", "Keypad"} {
		s.tap(name) // they wait for the answer
	}
	s.expect("")
	s.tap("Cancel call")
	s.expect("hangup")

	// A far end that speaks before it answers may ask for digits.
	s.show(madeCall("EARLY", 0))
	s.typed("1")
	s.tap("Keypad")
	if !s.call.KeypadShown() {
		t.Error("no keypad in early media")
	}
	s.tap("Key star")
	s.expect("dtmf:1 dtmf:*")
	s.press(fyne.KeyEscape)

	talk := madeCall("ESTABLISHED", 20*time.Second)
	s.show(talk)
	s.tap("Mute, off")
	s.tap("Hold, off")
	s.tap("Speaker")
	s.tap("No Bluetooth")
	s.typed("12#")
	s.shortcut(fyne.KeyM, fyne.KeyModifierControl)
	s.shortcut(fyne.KeyH, fyne.KeyModifierControl)
	s.expect("mute hold route:SPEAKER dtmf:1 dtmf:2 dtmf:# mute hold")
	s.press(fyne.KeyEscape)
	s.call.Focus()
	s.press(fyne.KeyReturn) // Mute has the keyboard
	s.expect("mute")

	held := madeCall("ESTABLISHED", 21*time.Second)
	held.Call.Muted, held.Call.Held, held.Call.Route = true, true, "SPEAKER"
	s.show(held)
	if s.call.Mute.Word() != "Muted" || s.call.Hold.Word() != "On hold" || s.call.Speaker.State() != widget.InUse {
		t.Errorf("the switches show %q, %q, %v", s.call.Mute.Word(), s.call.Hold.Word(), s.call.Speaker.State())
	}
	s.tap("Mute, on")
	s.tap("Hold, on")
	s.tap("Speaker, in use")
	s.expect("unmute resume route:EARPIECE")

	s.tap("Keypad")
	if got := s.screenName(); got != "in-call-keypad" {
		t.Fatalf("Keypad shows %q", got)
	}
	s.tap("Key star")
	s.typed("7")
	s.expect("dtmf:* dtmf:7")
	s.press(fyne.KeyEscape)
	if got := s.screenName(); got != "in-call" {
		t.Errorf("Esc leaves %q", got)
	}
	s.tap("Hang up")
	s.expect("hangup")
}

func TestTheSwitchesStayWhereTheyAre(t *testing.T) {
	s := newHarness(t, madeReady())
	place := func(name string) (o AccessObject) {
		for _, o := range mapOf(s.win.Canvas(), "", s.overlay()).Objects {
			if o.Name == name {
				return o
			}
		}
		t.Fatalf("there is no %q", name)
		return o
	}
	s.show(madeCall("RINGING", 0))
	before := place("Hold")
	s.show(madeCall("ESTABLISHED", time.Second))
	after := place("Hold")
	gone := madeCall("MEDIA_DISRUPTED", time.Second)
	s.show(gone)
	lost := place("Hold")
	if before.X != after.X || before.Y != after.Y || before.Y != lost.Y || before.H != lost.H {
		t.Errorf("Hold moves: %+v, %+v, %+v", before, after, lost)
	}
}

func TestOtherTabsStayUsableInACall(t *testing.T) {
	s := newHarness(t, madeReady())
	s.show(madeCall("ESTABLISHED", 252*time.Second))
	s.shortcut(fyne.Key2, fyne.KeyModifierControl)
	if s.screenName() != "contacts" || !s.shows("Call 04:12") {
		t.Errorf("the window shows %q", s.screenName())
	}
	s.open(screen.PageSettings)
	s.tap("Back to call 04:12")
	s.shortcut(fyne.Key1, fyne.KeyModifierControl)
	if s.screenName() != "in-call" {
		t.Errorf("Ctrl 1 shows %q", s.screenName())
	}
}

// A message that has no room on its line opens in its place, and closes again.
func TestALongMessageInACall(t *testing.T) {
	talk := madeCall("ESTABLISHED", 20*time.Second)
	talk.Call.Message = "Order 4471: delivery is late.\nThe customer has called three times since Monday and was promised a refund."
	s := newHarness(t, talk)
	before := s.placeOf("Hang up")
	s.tap(talk.Call.Message)
	if !s.draws("The customer has called three") && !s.shows("refund") {
		t.Error("the message is not shown whole")
	}
	if after := s.placeOf("Hang up"); after != before {
		t.Errorf("Hang up moves from %v to %v", before, after)
	}
	next := madeCall("ESTABLISHED", 20*time.Second)
	next.Call.ID, next.Call.Message = "c9", ""
	s.show(next)
	if s.shows("refund") {
		t.Error("the message of the call before is shown")
	}
}

// Boxes are no name: where no font has a caller's letters the number stands in their
// place and the window says why. The name itself stays with the call.
func TestANameThatNoFontHas(t *testing.T) {
	name := "\U000F1234\U000F1235"
	ring := madeCall("INCOMING", 0)
	ring.Call.Direction, ring.Call.RemoteName = "INCOMING", name
	s := newHarness(t, ring)
	if !s.shows("Name can’t be shown") || !s.shows("98450 12345") || s.shows(name) {
		t.Errorf("ringing: %q", s.labels())
	}
	talk := madeCall("ESTABLISHED", time.Minute)
	talk.Call.RemoteName = name
	s.show(talk)
	if !s.shows("Name can’t be shown") || !s.shows("98450 12345") || s.shows(name) {
		t.Errorf("talking: %q", s.labels())
	}
	talk.Call.RemoteName = "नेहा शर्मा"
	s.show(talk)
	if !s.shows("नेहा शर्मा") || s.shows("Name can’t be shown") {
		t.Errorf("a name that has a font: %q", s.labels())
	}
}
