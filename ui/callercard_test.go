package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/voice"
)

// Ctrl I shows who the far side is and what there was before: over the phone in a narrow
// window, beside it in a wide one; again, it goes.
func TestTheCallersCard(t *testing.T) {
	for size, beside := range map[fyne.Size]bool{fyne.NewSize(380, 660): false, fyne.NewSize(320, 340): false, fyne.NewSize(1200, 800): true} {
		s := newHarness(t, madeCall(voice.StateEstablished, time.Minute), func(p *madePhone, o *harnessOptions) {
			o.size = size
			p.recents[1].Outcome, p.recents[1].OutcomeNote = "sold", "Calls back on Monday"
		})
		s.shortcut(fyne.KeyI, fyne.KeyModifierControl)
		if s.screenName() != "caller" || (s.shown == part(s.call)) != beside {
			t.Fatalf("%v: the window shows %q, the call beside it: %v", size, s.screenName(), s.shown == part(s.call))
		}
		s.tap("Copy the number")
		if s.host.copied != "9845012345" {
			t.Errorf("copied %q", s.host.copied)
		}
		card := s.pages[screen.PageCaller].(*screen.CallerCard)
		if card.Message.Passage.Text() != "Order 4471: delivery is late" {
			t.Errorf("the message is %q", card.Message.Passage.Text())
		}
		if size.Height > 600 && (!s.shows("sold, Today 13:41") || !s.shows("Calls back on Monday")) {
			t.Errorf("%v: %q", size, s.labels())
		}
		s.keep("caller-card")
		s.shortcut(fyne.KeyI, fyne.KeyModifierControl)
		if s.screenName() == "caller" {
			t.Errorf("%v: the card stays", size)
		}
		s.shortcut(fyne.KeyI, fyne.KeyModifierControl)
		s.show(madeReady()) // the call and all memory of it are gone
		if s.screenName() == "caller" {
			t.Errorf("%v: the card is of no call", size)
		}
	}
}

// In a wide window a call brings the page about its far side, unless the right pane is in
// use; with the call it goes, and what the user opened stays.
func TestACallBringsTheCaller(t *testing.T) {
	wide := func(_ *madePhone, o *harnessOptions) { o.size = fyne.NewSize(1200, 800) }
	ring := func() *app.Snapshot {
		snap := madeCall(voice.StateIncoming, 0)
		snap.Call.Direction = voice.Incoming
		return snap
	}
	s := newHarness(t, madeReady(), wide)
	for range 3 {
		s.show(ring())
		if s.screenName() != "caller" || s.shown != part(s.incoming) {
			t.Fatalf("at the ring there is %q", s.screenName())
		}
		s.show(madeCall(voice.StateEstablished, time.Minute))
		s.show(madeReady())
		if s.screenName() == "caller" {
			t.Fatal("the call is over and its caller stays")
		}
	}
	s.win.Canvas().Focus(s.recents.Search.Input)
	s.tick()
	s.show(ring())
	if s.screenName() == "caller" {
		t.Error("the page comes while something is searched for")
	}
	s.show(madeReady())
	s.open(screen.PageSettings)
	s.show(ring())
	if s.screenName() != "settings" {
		t.Errorf("the settings go for %q", s.screenName())
	}
	s.show(madeReady())
	narrow := newHarness(t, madeReady())
	narrow.show(ring())
	if narrow.screenName() != "incoming" {
		t.Errorf("a narrow window shows %q", narrow.screenName())
	}
}
