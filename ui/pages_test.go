package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/diagnosis"
	"offhook/app/directory"
	"offhook/assets/lang"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

func TestContactsAndRecents(t *testing.T) {
	s := newHarness(t, madeReady())
	s.tap("Contacts")
	s.tap("Call Supervisor line")
	s.expect("dial:1800")
	s.tap("Customers, open")
	if s.shows("Call Tom Becker") {
		t.Error("a closed group shows its people")
	}
	s.typed("nobodyatall") // into the search
	if !s.shows("No contact named “nobodyatall”.") {
		t.Error("an empty search is not said")
	}
	s.tap("Call nobodyatall")
	s.expect("dial:nobodyatall")
	s.tap("Recents, 2 missed")
	s.tap("Missed")
	if s.shows("Tom Becker") || !s.shows("Missed · rang 22 s") {
		t.Error("Missed does not show the missed calls only")
	}
	s.tap("Call Lucía Ortega")
	s.tap("Dial")
	s.expect("dial:9880030021 seen")
	s.toTab(screen.TabRecents)
	s.phone.recents = nil
	empty := madeReady()
	empty.RecentsRevision = 1
	s.toTab(screen.TabRecents)
	s.show(empty)
	if !s.shows("No missed calls.") {
		t.Error("an empty list is not said")
	}
}

// How somebody stands is in the directory, too, and is kept up to date; a call that rings
// at an extension is taken with the button of its row.
func TestContactsStand(t *testing.T) {
	s := newHarness(t, madeReady(), func(p *madePhone, _ *harnessOptions) {
		p.colleagues = []app.Colleague{{Name: "Supervisor line", Number: "1800", Presence: "in_call"}}
	})
	s.tap("Contacts")
	if !s.shows("In a call · 1800 · direct number") {
		t.Error("how a contact stands is not shown")
	}
	stands := func(p directory.Presence) {
		t.Helper()
		s.phone.colleagues[0].Presence = p
		next := madeReady()
		next.ColleaguesRevision = s.phone.snap.ColleaguesRevision + 1
		s.show(next)
	}
	stands("ringing")
	if s.shows("Call Supervisor line") {
		t.Error("a call that rings is not offered")
	}
	s.tap("Take the call that rings at Supervisor line")
	s.expect("pickup:1800")
	stands("available")
	s.tap("Call Supervisor line")
	s.expect("dial:1800")
}

func TestAudioCheck(t *testing.T) {
	s := newHarness(t, madeReady(), func(p *madePhone, _ *harnessOptions) {
		p.set.AudioCheckDone = false
		p.checks = madeChecks()
	})
	if s.screenName() != "audio-check" {
		t.Fatalf("the first run shows %q", s.screenName())
	}
	for i, c := range []struct {
		level float64
		want  string
	}{{0, "Listening"}, {0.006, "Very quiet"}, {0.1, "We hear you"}} {
		s.phone.mic = c.level
		s.levels()
		if !s.shows(c.want) {
			t.Errorf("step %d does not say %q", i, c.want)
		}
	}
	s.tap("Play tone")
	s.tap("Heard it: yes")
	s.phone.forget()
	s.tap("Start working")
	s.expect("settings")
	if s.screenName() != "dial" || !s.phone.set.AudioCheckDone {
		t.Errorf("after the check the window shows %q", s.screenName())
	}
}

// Without a microphone the first run is set up later, and the checks begin anew when one
// is plugged in.
func TestTheFirstRunWithoutAMicrophone(t *testing.T) {
	without := madeReady()
	without.Audio.Microphone, without.Audio.MicrophoneWorks = "", false
	s := newHarness(t, without, func(p *madePhone, _ *harnessOptions) {
		p.set.AudioCheckDone = false
		p.checks = []diagnosis.Check{{Name: "microphone", Title: "Microphone", Status: diagnosis.Fail, Text: lang.Literal("No microphone found."), Remedy: lang.Literal("Plug in a headset.")}}
	})
	if !s.shows("No microphone found. Plug in a headset.") || !s.shows("Set up later") {
		t.Errorf("%q", s.labels())
	}
	s.phone.checks = madeChecks()
	s.show(madeReady())
	if s.shows("No microphone found.") || !s.shows("Start working") {
		t.Errorf("with a headset: %q", s.labels())
	}
	s.phone.checks = s.phone.checks[:0]
	s.show(without)
	s.phone.checks = []diagnosis.Check{{Name: "microphone", Title: "Microphone", Status: diagnosis.Fail, Text: lang.Literal("No microphone found.")}}
	s.open(screen.PageNone)
	s.show(madeReady())
	s.show(without)
	s.tap("Set up later")
	if s.screenName() != "dial" || !s.phone.set.AudioCheckDone {
		t.Errorf("the window shows %q", s.screenName())
	}
}

// While the phone is on its way to the server nothing has failed; when it is there the
// checks begin anew.
func TestTheFirstRunIsLive(t *testing.T) {
	early := madeReady()
	early.Ready, early.Conditions[1].OK = false, false
	s := newHarness(t, early, func(p *madePhone, _ *harnessOptions) {
		p.set.AudioCheckDone = false
		p.checks = []diagnosis.Check{{Name: "push_socket", Title: "Incoming calls", Status: diagnosis.Fail, Text: lang.Of("condition.push-connecting")}}
	})
	if !s.shows("Checking") || !s.shows("Connecting to your server.") || s.shows("Failed") {
		t.Errorf("%q", s.labels())
	}
	s.phone.checks = madeChecks()
	s.show(madeReady())
	if s.shows("Connecting to your server.") || !s.shows("Connected, replies in 24 ms") {
		t.Errorf("once it is there: %q", s.labels())
	}
}

func TestReport(t *testing.T) {
	s := newHarness(t, madeReady())
	s.open(screen.PageReport)
	s.typed("no sound")
	s.phone.fail = errMade
	s.tap("Send report")
	if !s.shows("Not sent. Your report is kept: try again.") {
		t.Error("a failed report is not said")
	}
	s.phone.fail = nil
	s.tap("Try again")
	s.expect("draft report:no sound:log:calls:computer report:no sound:log:calls:computer draft-closed")
	if !s.shows("REF-1") {
		t.Error("the reference is not shown")
	}
	s.tap("Copy the reference")
	if s.host.copied != "REF-1" {
		t.Errorf("copied %q", s.host.copied)
	}
}

func TestSettings(t *testing.T) {
	s := newHarness(t, madeReady())
	s.open(screen.PageSettings)
	s.tap("Ring on: Jabra Evolve2 65")
	s.tap("Computer speakers")
	if got := s.phone.set.Audio.Ring; got != "device:speakers = Computer speakers" {
		t.Errorf("the ring device is %q", got)
	}
	s.tap("Noise and echo removal, On")
	if a := s.phone.set.Audio; a.EchoCancellation || a.NoiseSuppression || a.AutomaticGain {
		t.Errorf("cleaning up is %+v", a)
	}
	s.open(screen.PageAppearance)
	s.tap("Dark")
	if s.phone.set.Appearance.Theme != "dark" || s.host.mode != theme.Dark {
		t.Errorf("the theme is %q", s.phone.set.Appearance.Theme)
	}
	s.tap("Back")
	s.open(screen.PageLanguage)
	s.tap("Español")
	if s.host.language != "es" || !s.shows("Idioma") {
		t.Error("the language did not change")
	}
	s.press(fyne.KeyEscape)
	if s.screenName() != "dial" {
		t.Errorf("Esc leaves %q", s.screenName())
	}
}

func TestSignOutAsksFirst(t *testing.T) {
	s := newHarness(t, madeReady())
	s.open(screen.PageAccount)
	s.tap("Sign out")
	s.expect("")
	s.tap("Cancel")
	s.tap("Sign out")
	s.tap("Sign out")
	s.expect("signout")
	s.tap("Menu")
}

// Targets are at least 40 units high and wide, also at the smallest size.
func TestTargetsAreLargeEnough(t *testing.T) {
	for _, size := range []fyne.Size{fyne.NewSize(380, 660), fyne.NewSize(320, 560)} {
		for _, sc := range scenes() {
			s := sc.window(t, func(o *harnessOptions) { o.size = size })
			visible(s.win.Canvas().Content(), fyne.NewPos(0, 0), func(o fyne.CanvasObject, _ fyne.Position) {
				a, ok := o.(fyne.Accessible)
				if _, tap := o.(fyne.Tappable); !ok || !tap || a.AccessibilityRole() != fyne.AccessibleRoleButton {
					return
				}
				if _, chip := o.(*widget.QualityChip); chip {
					return // 28 units high by design; the statistics are in the menu too
				}
				if o.Size().Height < 40 || o.Size().Width < 40 {
					t.Errorf("%s: %q is %v", sc.name, a.AccessibilityLabel(), o.Size())
				}
			})
		}
	}
}

// The list of calls is searched without accents, narrowed, grouped, and each call has
// a page of its own, from which it is copied, saved and removed.
func TestRecentsAreSearchedAndOpened(t *testing.T) {
	s := newHarness(t, madeReady(), func(p *madePhone, _ *harnessOptions) {
		again := p.recents[0]
		again.ID, again.RangS, again.Started = "7", 18, again.Started.Add(-3*time.Minute)
		p.recents = append([]app.CallRecord{p.recents[0], again}, p.recents[1:]...)
		p.recents[2].MOS, p.recents[2].Rating, p.recents[2].Note = 4.31, 5, "Refund agreed"
	})
	s.toTab(screen.TabRecents)
	s.tap("Lucía Ortega (2). Missed · rang 22 s")
	if !s.shows("Missed · rang 18 s") {
		t.Error("an open group does not show its calls")
	}
	s.tap("Incoming")
	if s.shows("Outgoing · no answer") {
		t.Error("the filter leaves outgoing calls")
	}
	s.tap("All")
	s.recents.FocusSearch()
	s.typed("LUCIA")
	if !s.shows("Lucía Ortega (2)") || s.shows("Tom Becker") {
		t.Error("the search does not ignore accents")
	}
	s.tap("Export (2)")
	if n := strings.Count(s.host.saved, "\n"); n != 3 {
		t.Errorf("the file of two calls has %d lines", n)
	}
	s.tap("Clear the search")
	s.typed("refund")
	s.tap("Priya Nair. Incoming · 12 min 48 s")
	if s.screenName() != "call" {
		t.Fatalf("a call opens %q", s.screenName())
	}
	for _, want := range []string{"Today 13:41 – 13:53", "12 min 48 s", "Priya Nair hung up", "Good · MOS 4.3 · you rated 5", "Refund agreed"} {
		if !s.shows(want) {
			t.Errorf("the page of a call does not say %q", want)
		}
	}
	s.tap("Copy the number")
	s.tap("Call Priya Nair")
	if s.host.copied != "9845012345" {
		t.Errorf("copied %q", s.host.copied)
	}
	s.tap("Remove from the list")
	s.expect("dial:9845012345 delete:5")
	s.recents.Search.Input.SetText("nobody at all")
	if !s.shows("No calls with “nobody at all”.") {
		t.Error("an empty search is not said")
	}
}
