package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
)

// madeColleagues are those to whom a call can be handed, in the order of the directory.
func madeColleagues(p *madePhone) {
	p.colleagues = []app.Colleague{
		{Name: "Tom Becker", Number: "tom", Subscriber: "tom", Group: "Floor team", Presence: "available", Favourite: true},
		{Name: "Rita Primlani", Number: "rita", Subscriber: "rita", Group: "Billing", Presence: "in_call", Favourite: true},
		{Name: "Beckton office", Number: "+44 20 7946 0018", Group: "Offices"},
		{Name: "Prince Samuel", Number: "samuel4", Subscriber: "samuel4", Group: "Floor team", Presence: "available"},
		{Name: "Rebecca Lindqvist", Number: "rebecca", Subscriber: "rebecca", Group: "Returns", Presence: "in_call"},
		{Name: "Sam Okafor", Number: "sam", Subscriber: "sam", Group: "Floor team", Presence: "break", Reason: "lunch", Since: at(ago(12 * time.Minute))},
		{Name: "Dev Patel", Number: "dev", Subscriber: "dev", Group: "Floor team", Presence: "offline"},
	}
}

func transferPage(t *testing.T, change ...func(*madePhone, *harnessOptions)) (*harness, *screen.Transfer) {
	t.Helper()
	s := newHarness(t, madeSIPCall(), append([]func(*madePhone, *harnessOptions){func(p *madePhone, _ *harnessOptions) { madeColleagues(p) }}, change...)...)
	s.tap("Transfer")
	return s, s.pages[screen.PageTransfer].(*screen.Transfer)
}

// People are found as their names are typed, the arrow keys choose, Enter asks first, and
// Ctrl+Enter transfers now.
func TestTransferByKeys(t *testing.T) {
	s, page := transferPage(t)
	if !s.shows("Choose a person, or type a number.") || page.Go.Enabled() || page.Ask.Enabled() {
		t.Error("something can be done before anybody is chosen")
	}
	s.typed("bec")
	if !s.shows("3 matches") || !s.shows("To Tom Becker") || !s.shows("· Available") {
		t.Fatal("nobody is found by a part of the name")
	}
	for range 5 {
		s.press(fyne.KeyDown)
	}
	if !s.shows("To bec") {
		t.Error("what is typed can't be called as it is")
	}
	s.press(fyne.KeyUp)
	if !s.shows("To Rebecca Lindqvist") {
		t.Error("the arrow keys do not choose")
	}
	s.press(fyne.KeyUp)
	s.press(fyne.KeyReturn)
	s.expect("consult:+44 20 7946 0018")
	if s.screenName() != "in-call" {
		t.Errorf("after asking the window shows %q", s.screenName())
	}
	s.show(madeConsultation(200))
	s.shortcut(fyne.KeyReturn, fyne.KeyModifierControl)
	s.shortcut(fyne.KeyBackspace, fyne.KeyModifierControl)
	s.expect("complete end-consult resume")

	s, _ = transferPage(t)
	s.typed("rita")
	s.shortcut(fyne.KeyReturn, fyne.KeyModifierControl)
	s.expect("transfer:rita")
	s, _ = transferPage(t)
	s.typed("0401234567")
	s.press(fyne.KeyReturn)
	s.expect("consult:0401234567") // who is in no list
}

// How everybody stands changes live, and nobody moves; who is away can't be asked, and
// may not answer.
func TestPresenceInTheTransferList(t *testing.T) {
	s, page := transferPage(t)
	s.tap("Sam Okafor. Lunch · 12 min · Floor team")
	if page.Ask.Enabled() || !page.Go.Enabled() || !s.shows("May not be answered.") || !s.shows("Sam is on a break") {
		t.Error("somebody on a break can be asked, or it is not said")
	}
	before := s.placeOf("Dev Patel. Offline · Floor team")
	s.phone.colleagues[6].Presence, s.phone.colleagues[5].Presence, s.phone.colleagues[5].Reason = "available", "offline", ""
	later := madeSIPCall()
	later.ColleaguesRevision = 7
	s.show(later)
	if got := s.placeOf("Dev Patel. Available · Floor team"); got.Y != before.Y {
		t.Errorf("a row moves from %v to %v", before.Y, got.Y)
	}
	if !s.shows("Sam is offline") {
		t.Error("the foot does not follow")
	}
	s.tap("Dev Patel. Available · Floor team")
	s.tap("Transfer now")
	s.expect("transfer:dev")
}

// The page closes with its call, and shows only what the line offers.
func TestTheTransferPageClosesWithItsCall(t *testing.T) {
	s, _ := transferPage(t)
	s.show(madeReady())
	if s.screenName() != "dial" {
		t.Errorf("without a call the window shows %q", s.screenName())
	}
	blind := madeSIPCall()
	blind.Call.Abilities = []app.Ability{app.AbilityTransfer}
	s.show(blind)
	s.tap("Transfer")
	if s.shows("Ask first") {
		t.Error("asking is drawn where the line does not offer it")
	}
	s.typed("tom")
	s.press(fyne.KeyReturn)
	s.expect("transfer:tom")
}
