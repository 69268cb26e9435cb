package ui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/voice"
	"offhook/voice/wire"
)

// said gathers what a screen reader is told of a harness.
func said(s *harness) (take func() []string) {
	var list []string
	s.speak = func(text string, urgent bool) {
		if urgent {
			text += "!"
		}
		list = append(list, text)
	}
	s.render(s.view())
	take = func() []string {
		got := list
		list = nil
		return got
	}
	take()
	return take
}

// A screen reader is told each change of a call once, in the order of what matters.
func TestAScreenReaderHearsOfCalls(t *testing.T) {
	s := newHarness(t, madeReady())
	heard := said(s)
	expect := func(what string, want ...string) {
		t.Helper()
		s.tick()
		got := slices.DeleteFunc(heard(), func(text string) bool { return text == s.heard.focus || text == s.heard.focus+", text field" })
		if !slices.Equal(got, want) {
			t.Errorf("%s: it hears %q, not %q", what, got, want)
		}
	}
	ring := madeCall(voice.StateIncoming, 0)
	ring.Call.Direction = voice.Incoming
	s.show(ring)
	expect("ring", "Incoming call, Priya Nair!")
	talk := func(change func(c *app.Call)) {
		snap := madeCall(voice.StateEstablished, time.Minute)
		snap.Call.Direction = voice.Incoming
		change(snap.Call)
		s.show(snap)
	}
	talk(func(*app.Call) {})
	expect("answer", "In a call, Priya Nair")
	talk(func(c *app.Call) { c.Muted = true })
	expect("mute", "Muted")
	talk(func(c *app.Call) { c.Held = true })
	expect("hold", "On hold", "Not muted")
	talk(func(c *app.Call) { c.Recording = &app.Recording{State: wire.RecordingOn} })
	expect("recording", "Off hold", "The call is recorded")
	talk(func(c *app.Call) { c.Recording = &app.Recording{State: wire.RecordingPaused} })
	expect("pause", "The recording is paused")
	s.show(madeSecondRings())
	if got := heard(); !slices.Contains(got, "Second call, Lucía Ortega!") {
		t.Errorf("of a second call it hears %q", got)
	}
	s.show(madeEnded(voice.EndRemoteHangup, true))
	expect("end", "Priya Nair hung up, 12 min 48 s")
	s.notify("The call list can't be saved.")
	expect("remark", "The call list can't be saved.")
}

// The control that has the keyboard is told by its name, again when that changes.
func TestAScreenReaderHearsTheFocus(t *testing.T) {
	s := newHarness(t, madeCall(voice.StateEstablished, time.Minute))
	heard := said(s)
	s.tellFocus() // nothing has changed
	muted := madeCall(voice.StateEstablished, time.Minute)
	muted.Call.Muted = true
	s.show(muted)
	s.open(screen.PageTransfer)
	got := heard()
	if want := []string{"Muted", "Mute, on", "Transfer to, text field"}; !slices.Equal(got, want) {
		t.Errorf("it hears %q, not %q", got, want)
	}
}

// The page about web pages keeps the sites that may ask, refuses what is none, and shows
// the code of one that asks.
func TestWebPagesMayAsk(t *testing.T) {
	s := newHarness(t, madeReady())
	s.open(screen.PageDesk)
	desk := s.pages[screen.PageDesk].(*screen.Desk)
	write := func(text string) {
		s.win.Canvas().Focus(desk.Origins.Input)
		desk.Origins.Input.SetText(text)
		s.press(fyne.KeyReturn)
	}
	write("https://CRM.example.com/ crm.example.org:8443, not a site/x")
	if !s.shows("site/x isn’t the address of a site") || s.phone.set.DeskAPI.Origins != nil {
		t.Errorf("what is no site is kept: %q, %q", s.phone.set.DeskAPI.Origins, s.labels())
	}
	write("https://CRM.example.com/ crm.example.org:8443")
	if want := []string{"https://crm.example.com", "https://crm.example.org:8443"}; !slices.Equal(s.phone.set.DeskAPI.Origins, want) {
		t.Errorf("kept are %q, not %q", s.phone.set.DeskAPI.Origins, want)
	}
	asks := madeReady()
	asks.Pairing = &app.Pairing{Name: "Customers", Origin: "https://crm.example.com", Code: "401702", Until: madeNow.Add(83 * time.Second)}
	s.show(asks)
	if !s.shows("401702") || !s.shows("1:23 left") {
		t.Errorf("the page shows %q", s.labels())
	}
	s.keep("settings-desk")
	s.show(madeReady())
	if s.shows("401702") {
		t.Error("the code stays")
	}
}
