package ui

import (
	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/voice"
)

// madeLucia is a call of Lucía Ortega beside another.
func madeLucia(state voice.State) *app.Call {
	return &app.Call{ID: "c2", SessionID: "s2", Direction: voice.Incoming, State: state, Role: app.RoleSecond, RemoteID: "9880030021", RemoteName: "Lucía Ortega",
		Message: "Return label not received", Started: ago(6 * time.Second), Route: "EARPIECE", Encrypted: true,
		Abilities: []app.Ability{app.AbilityTransfer, app.AbilityMerge, app.AbilityAddCall}}
}

// madeFirst is a call with Priya Nair on a line that takes a second.
func madeFirst() *app.Snapshot {
	s := madeSIPCall()
	s.Call.HasSound, s.Call.Role = true, app.RoleFirst
	s.Call.Abilities = []app.Ability{app.AbilityTransfer, app.AbilityConsult, app.AbilityMerge, app.AbilityAddCall}
	s.Calls = []*app.Call{s.Call}
	return s
}

// madeSecondRings is madeFirst with a second call that rings.
func madeSecondRings() *app.Snapshot {
	s := madeFirst()
	s.Calls = append(s.Calls, madeLucia(voice.StateIncoming))
	return s
}

// madeTwoCalls is the talk with Lucía Ortega while Priya Nair waits.
func madeTwoCalls() *app.Snapshot {
	s := madeFirst()
	first, second := s.Call, madeLucia(voice.StateEstablished)
	first.Held, first.HasSound, first.HeldSince, first.Quality = true, false, at(ago(130*time.Second)), "on_hold"
	second.Established, second.HasSound, second.Quality, second.MOS = at(ago(48*time.Second)), true, "good", 4.2
	s.Call, s.Calls = second, []*app.Call{first, second}
	return s
}

// madeConference is a conference that this phone mixes.
func madeConference() *app.Snapshot {
	s := madeTwoCalls()
	for _, c := range s.Calls {
		c.InConference, c.Hosting, c.Held, c.HasSound, c.HeldSince, c.Quality, c.MOS = true, true, false, true, nil, "good", 4.1
		c.Parties = []app.Party{{ID: "c1", RemoteID: "9845012345", RemoteName: "Priya Nair", Talking: true}, {ID: "c2", RemoteID: "9880030021", RemoteName: "Lucía Ortega", Muted: true}}
	}
	return s
}

func twoCallScenes() []scene {
	return []scene{
		{name: "conference", snap: madeConference, play: func(s *harness) { s.levels() }},
		{name: "call-chips", snap: madeFirst, play: func(s *harness) { s.levels() }},
		{name: "second-rings", snap: madeSecondRings},
		{name: "two-calls", snap: madeTwoCalls, play: func(s *harness) { s.levels() }},
		{name: "add-call", snap: madeFirst, play: func(s *harness) { s.tap(s.env.T("Add call")) }},
	}
}

func TestTwoCallPictures(t *testing.T) {
	for _, mode := range []theme.Mode{theme.Light, theme.Dark} {
		for _, sc := range twoCallScenes() {
			t.Run(string(mode)+"/"+sc.name, func(t *testing.T) {
				sc.window(t, func(o *harnessOptions) { o.mode = mode }).matchPicture(sc.name + "-" + string(mode))
			})
		}
	}
	for _, size := range []fyne.Size{fyne.NewSize(320, 560), fyne.NewSize(640, 340), fyne.NewSize(320, 340)} {
		sc := twoCallScenes()[2]
		s := sc.window(t, func(o *harnessOptions) { o.size = size })
		s.matchPicture(sc.name + "-" + sizeName(size))
		// What answers and what hangs up is on the screen in every size.
		if !s.seen("Hang up on Priya Nair") || !s.seen("Answer and hold Priya") {
			t.Errorf("at %v a button is not on the screen", size)
		}
	}
}

// sizeName names a size in the name of a picture.
func sizeName(s fyne.Size) string { return fmt.Sprintf("%.0fx%.0f", s.Width, s.Height) }

// seen reports whether a button can be pressed where it stands.
func (s *harness) seen(label string) bool {
	for _, o := range mapOf(s.win.Canvas(), "", s.overlay()).Objects {
		if o.Label == label && o.H >= 40 {
			return true
		}
	}
	return false
}

// The second call is answered, declined or ignored by pointer and by key, and moves
// nothing that was under the hand.
func TestASecondCallRings(t *testing.T) {
	s := newHarness(t, madeFirst())
	before := s.placeOf("Hold, off")
	end := s.placeOf("Hang up")
	s.show(madeSecondRings())
	if s.screenName() != "in-call" || !s.shows("Second call") || !s.shows("Return label not received") || !s.shows("Priya Nair") {
		t.Fatalf("%s does not show the second call beside the first", s.screenName())
	}
	if got := s.placeOf("Hold, off"); got.Y != before.Y || got.H != before.H {
		t.Errorf("Hold moves from %v to %v", before, got)
	}
	if got := s.placeOf("Hang up on Priya Nair"); got.Y != end.Y || got.W != end.W {
		t.Errorf("Hang up moves from %v to %v", end, got)
	}
	s.tap("Answer and hold Priya")
	s.tap("Decline Lucía Ortega")
	s.tap("Ignore Lucía Ortega")
	s.shortcut(fyne.KeyA, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.shortcut(fyne.KeyD, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.tap("Hang up on Priya Nair")
	s.expect("answer:c2 hangup:c2 ignore:c2 answer hangup:c2 hangup")
	s.typed("4")
	s.expect("dtmf:4") // into the first call
	ignored := madeSecondRings()
	ignored.Calls[1].Ignored = true
	s.show(ignored)
	if s.shows("Second call") || !s.shows("another call waits") {
		t.Error("a call that is ignored is shown, or forgotten")
	}
	s.shortcut(fyne.KeyA, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("answer") // it can still be answered
}

// Two calls stand below each other, the one that has the sound first; each is ended by
// a button that names it, and what is left waits until it is resumed.
func TestTwoCalls(t *testing.T) {
	s := newHarness(t, madeTwoCalls())
	if !s.shows("Talking for 0:48") || !s.shows("On hold for 2:10") || !s.says("2 calls") {
		t.Error("the two are not shown")
	}
	s.tap("Swap to Priya Nair")
	s.tap("Transfer Lucía Ortega to Priya Nair")
	s.tap("Hang up on Priya Nair")
	s.tap("Hang up on Lucía Ortega")
	s.shortcut(fyne.KeyS, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.shortcut(fyne.KeyH, fyne.KeyModifierControl)
	s.tap("Hold, off")
	s.expect("swap complete hangup:c1 hangup swap swap hold")
	left := madeFirst()
	left.Call.Held, left.Call.HeldSince = true, at(ago(time.Minute))
	s.show(left)
	s.expect("")
	s.tap("Hold, on")
	s.expect("resume")

	dialled := madeTwoCalls()
	dialled.Call.State, dialled.Call.Established, dialled.Call.Direction = voice.StateRinging, nil, voice.Outgoing
	s.show(dialled)
	if !s.shows("Ringing 0:06") || !s.shows("On hold for 2:10") {
		t.Error("a second call that is being placed is not shown beside the first")
	}
}

// A call is added from the number field, which stands under the way back.
func TestAddCall(t *testing.T) {
	s := newHarness(t, madeFirst())
	s.tap("Add call")
	if s.screenName() != "dial" || !s.shows("Back to call 04:12") {
		t.Fatalf("Add call shows %q", s.screenName())
	}
	s.win.Canvas().Unfocus()
	s.typed("1800")
	s.press(fyne.KeyReturn)
	s.expect("dial:1800")
	s.tap("Back to call 04:12")
	if s.screenName() != "in-call" {
		t.Errorf("the way back leads to %q", s.screenName())
	}
	s.tap("Add call")
	s.show(madeSecondRings())
	if s.screenName() != "in-call" {
		t.Error("a second call that rings is not shown")
	}
	s.show(madeFirst())
	s.tap("Add call")
	s.win.Canvas().Unfocus()
	s.press(fyne.KeyEscape)
	if s.screenName() != "in-call" {
		t.Errorf("Esc leads to %q", s.screenName())
	}
	s.tap("Add call")
	s.show(madeReady())
	if s.screenName() != "dial" || s.shows("Back to call") {
		t.Error("the way back to a call that is over stays")
	}
	single := madeCall("ESTABLISHED", time.Minute)
	s.show(single)
	if s.shows("Add call") || s.shows("Transfer") {
		t.Error("what the line does not offer is drawn")
	}
}

// placeOf is where something stands.
func (s *harness) placeOf(label string) AccessObject {
	s.t.Helper()
	for _, o := range mapOf(s.win.Canvas(), "", s.overlay()).Objects {
		if o.Label == label {
			return o
		}
	}
	s.t.Fatalf("there is no %q", label)
	return AccessObject{}
}

// The bar of a live call says who waits, and goes to and fro between the two.
func TestTheBarOfTwoCalls(t *testing.T) {
	s := newHarness(t, madeTwoCalls())
	b := screen.NewMiniBar(s.env, func() {})
	b.Render(s.view())
	b.Hold.Tapped(nil)
	b.HangUp.Tapped(nil)
	s.expect("swap hangup")
}

// Two calls become a conference, whose people are muted and dropped; who was dropped can
// be called again.
func TestConference(t *testing.T) {
	s := newHarness(t, madeTwoCalls())
	s.tap("Merge into a conference")
	s.shortcut(fyne.KeyG, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("merge:c2:c1 merge:c2:c1")
	s.show(madeConference())
	if !s.says("Conference") || !s.shows("3 people · 04:12") || !s.shows("Muted by you") || s.shows("Leave") || s.shows("Swap") {
		t.Error("the conference is not shown")
	}
	s.tap("Mute Priya Nair, off")
	s.tap("Mute Lucía Ortega, on")
	s.tap("Drop Lucía Ortega")
	s.expect("mute-party:c1:true mute-party:c2:false drop:c2")
	s.tap("Undo")
	s.tap("End for all")
	s.expect("dial:9880030021 end-conference")

	// The platform mixes: the others go on when the user leaves.
	there := madeFirst()
	there.Call.Parties, there.Call.Hosting = madeConference().Call.Parties, true
	s.show(there)
	s.tap("Leave")
	s.expect("hangup")
	there = madeFirst()
	there.Call.Parties = madeConference().Call.Parties
	s.show(there)
	if s.shows("End for all") || s.shows("Drop ") {
		t.Error("who is a guest is offered to end the conference")
	}
	s.tap("Leave")
	s.expect("hangup")
	added := madeConference()
	added.Calls = append(added.Calls, &app.Call{ID: "c3", State: voice.StateEstablished, Established: at(ago(time.Second)), Held: true, RemoteID: "tom", RemoteName: "Tom Becker",
		Abilities: []app.Ability{app.AbilityMerge}})
	s.show(added)
	if !s.shows("Tom Becker") || !s.shows("Conference") {
		t.Error("a call beside the conference is not shown")
	}
	s.tap("Merge into a conference")
	s.expect("merge:c2:c3")
}
