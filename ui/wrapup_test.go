package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/voice"
)

// madeWrapUp is the work after a call of which 5 of 30 seconds have passed.
func madeWrapUp() *app.Snapshot {
	s := madeEnded("REMOTE_HANGUP", true)
	s.LastCall.Shown = false
	s.Availability, s.AvailableSince = app.AfterCallWork, ago(5*time.Second)
	s.AgentState = app.AgentState{State: app.AfterCallWork, Since: ago(5 * time.Second), Until: at(madeNow.Add(25 * time.Second)), Next: app.Available}
	s.WrapUp = &app.WrapUp{Call: *s.LastCall, Codes: []string{"resolved", "callback", "escalated", "voicemail_left", "Wrong number"},
		Since: ago(5 * time.Second), Ends: at(madeNow.Add(25 * time.Second)), Next: app.Available}
	return s
}

// madeStaying is the work of an agent who has asked for more time.
func madeStaying() *app.Snapshot {
	s := madeWrapUp()
	s.AvailableSince, s.WrapUp.Since, s.WrapUp.Ends, s.WrapUp.Staying = ago(72*time.Second), ago(72*time.Second), nil, true
	s.AgentState.Until = nil
	s.WrapUp.Code, s.WrapUp.Note, s.WrapUp.CallbackAt = "callback", "Refund agreed, she wants a receipt by email.", at(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	return s
}

func wrapUpScenes() []scene {
	return []scene{
		{name: "wrap-up", snap: madeWrapUp},
		{name: "wrap-up-staying", snap: madeStaying},
		{name: "wrap-up-rated", snap: madeWrapUp, play: func(s *harness) { s.wrap.Rating.Discs.Discs[1].Tapped(nil) }},
		{name: "wrap-up-left", snap: madeWrapUp, play: func(s *harness) { s.toNumberField() }},
	}
}

func TestWrapUpPictures(t *testing.T) {
	for _, mode := range []theme.Mode{theme.Light, theme.Dark} {
		for _, sc := range wrapUpScenes() {
			t.Run(string(mode)+"/"+sc.name, func(t *testing.T) {
				sc.window(t, func(o *harnessOptions) { o.mode = mode }).matchPicture(sc.name + "-" + string(mode))
			})
		}
	}
	for _, size := range []fyne.Size{fyne.NewSize(320, 560), fyne.NewSize(1200, 800), fyne.NewSize(640, 340), fyne.NewSize(320, 340)} {
		s := wrapUpScenes()[0].window(t, func(o *harnessOptions) { o.size = size })
		s.matchPicture("wrap-up-" + sizeName(size))
		if !s.seen("Done") || !s.seen("Stay") {
			t.Errorf("at %v Done or Stay is not on the screen", size)
		}
	}
}

// What became of the call is chosen by pointer and by key, written, and saved as it is
// entered; Done ends the work.
func TestWrapUp(t *testing.T) {
	s := newHarness(t, madeCall("ESTABLISHED", time.Minute))
	s.show(madeWrapUp())
	if !s.says("Wrap-up") || !s.shows("Back to Available in 0:25") || !s.draws("After call") || !s.draws("0:25") {
		t.Fatal("the page is not shown")
	}
	s.tap("Resolved")
	s.shortcut(fyne.Key3, fyne.KeyModifierAlt)
	s.shortcut(fyne.Key9, fyne.KeyModifierAlt) // there is no ninth
	s.expect("outcome:resolved outcome:escalated")
	s.win.Canvas().Focus(s.wrap.Note.Input)
	s.typed("ok")
	s.expect("note:o note:ok")
	s.tap("Stay")
	s.expect("stay")
	s.show(madeStaying())
	if !s.shows("Staying after the call: 1:12") || s.shows("Back to Available in") {
		t.Error("staying is not said")
	}
	s.tap("Done, back to Available")
	s.expect("finish")
	s.shortcut(fyne.KeyReturn, fyne.KeyModifierControl)
	s.expect("finish")
	s.show(madeReady())
	if s.screenName() != "dial" {
		t.Errorf("after Done the window shows %q", s.screenName())
	}
}

// An outcome that promises a call asks when; the promise goes with the outcome.
func TestCallback(t *testing.T) {
	s := newHarness(t, madeWrapUp())
	s.tap("Callback")
	s.expect("outcome:callback callback:2026-11-23T10:00")
	s.tap("Day: Tomorrow")
	s.tap("Wed 25 Nov 2026")
	s.expect("stay callback:2026-11-25T10:00")
	s.tap("Time: 10:00")
	s.tap("10:15")
	s.expect("stay callback:2026-11-25T10:15")
	s.tap("Resolved")
	s.expect("outcome:resolved no-callback")
	s.tap("Call back later") // with any outcome
	s.expect("callback:2026-11-23T10:00")
}

// A required outcome is asked for, and has the keyboard.
func TestAnOutcomeIsRequired(t *testing.T) {
	snap := madeWrapUp()
	snap.WrapUp.Required = true
	s := newHarness(t, snap)
	s.tap("Done")
	s.expect("")
	if !s.shows("Choose an outcome.") || s.win.Canvas().Focused() != fyne.Focusable(s.wrap.Outcomes[0]) {
		t.Error("Done without an outcome does not ask for one")
	}
	s.press(fyne.KeyRight)
	s.press(fyne.KeySpace)
	s.tap("Done")
	s.expect("outcome:callback callback:2026-11-23T10:00 finish")
	own := madeWrapUp()
	own.WrapUp.Required, own.WrapUp.Codes, own.WrapUp.Call.ID = true, nil, "c5"
	s.show(own)
	s.tap("Done")
	s.typed("sold")
	s.tap("Done")
	if got := s.phone.asked(); !strings.HasSuffix(got, "outcome:sold finish") {
		t.Errorf("an outcome in own words: %q", got)
	}
}

// The page is no trap: a digit, a letter or Ctrl+K begins the next call, and a bar leads
// back to what was entered. Esc never leaves it.
func TestWrapUpIsNoTrap(t *testing.T) {
	for name, do := range map[string]func(*harness){
		"a digit":  func(s *harness) { s.typed("9") },
		"a letter": func(s *harness) { s.typed("p") },
		"Ctrl+K":   func(s *harness) { s.shortcut(fyne.KeyK, fyne.KeyModifierControl) },
		"a link":   func(s *harness) { s.prefill("9845012345") },
	} {
		s := newHarness(t, madeWrapUp())
		do(s)
		if s.screenName() != "dial" || !s.shows("Back to wrap-up 0:25") {
			t.Errorf("%s leads to %q", name, s.screenName())
		}
		s.tap("Back to wrap-up 0:25")
		if s.screenName() != "wrap-up" {
			t.Errorf("the way back leads to %q", s.screenName())
		}
	}
	s := newHarness(t, madeWrapUp())
	s.win.Canvas().Unfocus()
	s.press(fyne.KeyEscape)
	if s.screenName() != "wrap-up" {
		t.Error("Esc leaves the page")
	}
	ring := madeWrapUp()
	ring.Call = madeLucia(voice.StateIncoming)
	ring.Calls = []*app.Call{ring.Call}
	s.show(ring)
	if s.screenName() != "incoming" {
		t.Errorf("a ring shows %q", s.screenName())
	}
	s.show(madeWrapUp())
	if s.screenName() != "wrap-up" {
		t.Errorf("after a ring the window shows %q", s.screenName())
	}
	s.open(screen.PageStatistics)
	next := madeWrapUp()
	next.WrapUp.Call.ID = "c7"
	s.show(next)
	if s.screenName() != "wrap-up" {
		t.Error("the work after the next call is not shown")
	}
}

// The sound is asked about once, and not after short calls or where the user does not
// want to be asked.
func TestAskAboutSound(t *testing.T) {
	s := newHarness(t, madeWrapUp())
	s.tap("Rating 4, Good")
	s.expect("")
	s.tap("Done")
	s.expect("feedback:4:NO_ISSUE: finish")
	short := madeWrapUp()
	short.WrapUp.Call.DurationS = 9
	rated := madeWrapUp()
	rated.FeedbackDue = false
	for _, snap := range []*app.Snapshot{short, rated} {
		if s := newHarness(t, snap); s.shows("How was the sound?") {
			t.Error("the sound is asked about")
		}
	}
	off := func(p *madePhone, _ *harnessOptions) { p.set.Calls.AskSound = false }
	if s := newHarness(t, madeWrapUp(), off); s.shows("How was the sound?") {
		t.Error("the setting is not obeyed on the page")
	}
	if s := newHarness(t, madeEnded("REMOTE_HANGUP", true), off); s.shows("Rate sound") {
		t.Error("the setting is not obeyed in the banner")
	}
}

// In a wide window the phone is free beside the page.
func TestWrapUpBesideThePhone(t *testing.T) {
	s := newHarness(t, madeCall("ESTABLISHED", time.Minute), func(_ *madePhone, o *harnessOptions) { o.size = fyne.NewSize(1200, 800) })
	s.show(madeWrapUp())
	if !s.shows("Back to Available in 0:25") || !s.shows("Name or number") || s.shows("Back to wrap-up") {
		t.Error("a wide window does not show page and phone")
	}
	s.tap("Contacts")
	if s.shows("Back to Available in") || !s.says("Wrap-up") {
		t.Error("the tabs of the right pane don't lead away")
	}
	s.tap("Wrap-up")
	s.tap("Done")
	s.expect("seen finish")
	s.show(madeReady())
	if s.says("Wrap-up") || !s.shows("Lucía Ortega") {
		t.Error("the right pane keeps the page")
	}
}
