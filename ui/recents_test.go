package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/app/settings"
	"offhook/ui/screen"
	"offhook/voice"
	"offhook/voice/wire"
)

// recentsHarness is a harness with the list of calls on it.
func recentsHarness(t *testing.T, size fyne.Size, change func(*madePhone)) *harness {
	t.Helper()
	s := newHarness(t, madeReady(), func(p *madePhone, o *harnessOptions) {
		o.size = size
		if change != nil {
			change(p)
		}
	})
	s.toTab(screen.TabRecents)
	s.phone.forget()
	return s
}

// row is a part of the window by the beginning of its label.
func (s *harness) part(label string) (found fyne.CanvasObject) {
	s.t.Helper()
	visible(s.win.Canvas().Content(), fyne.NewPos(0, 0), func(o fyne.CanvasObject, _ fyne.Position) {
		if a, ok := o.(fyne.Accessible); ok && found == nil && strings.HasPrefix(a.AccessibilityLabel(), label) {
			if _, ok := o.(fyne.Focusable); ok {
				found = o
			}
		}
	})
	if found == nil {
		s.t.Fatalf("no %q in %q", label, s.labels())
	}
	return found
}

// A call of the list has a menu, by the other button of the pointer and by the menu key,
// and the keyboard comes back from it.
func TestTheMenuOfACall(t *testing.T) {
	for what, open := range map[string]func(s *harness, row fyne.CanvasObject){
		"pointer": func(_ *harness, row fyne.CanvasObject) { row.(fyne.SecondaryTappable).TappedSecondary(nil) },
		"menu key": func(s *harness, row fyne.CanvasObject) {
			s.win.Canvas().Focus(row.(fyne.Focusable))
			s.press(desktop.KeyMenu)
		},
	} {
		s := recentsHarness(t, fyne.NewSize(380, 660), nil)
		row := s.part("Lucía Ortega.")
		open(s, row)
		s.tap("Copy the number")
		if s.host.copied != "9880030021" {
			t.Errorf("%s: copied %q", what, s.host.copied)
		}
		if s.win.Canvas().Focused() != row.(fyne.Focusable) {
			t.Errorf("%s: the keyboard does not come back", what)
		}
		open(s, row)
		s.tap("Add note")
		s.typed("Wants a refund")
		s.phone.forget()
		s.press(fyne.KeyEscape)
		s.open(screen.PageNone)
		s.expect("outcome:6:not_set:Wants a refund")
		row = s.part("Lucía Ortega.")
		open(s, row)
		s.tap("Remove from the list")
		s.expect("delete:6")
		open(s, row)
		s.press(fyne.KeyReturn) // the first is the call
		s.expect("dial:9880030021")
	}
}

// In a wide window the list is a table, with the columns that there is room for.
func TestTheTableOfCalls(t *testing.T) {
	for width, want := range map[float32][2]bool{920: {false, false}, 1040: {true, false}, 1200: {true, true}} {
		s := recentsHarness(t, fyne.NewSize(width, 800), func(p *madePhone) {
			p.recents[0].Outcome, p.recents[1].OutcomeNote = "sold", "Calls back on Monday"
		})
		if got := [2]bool{s.shows("98800 30021"), s.shows("sold")}; got != want {
			t.Errorf("at %v: number and outcome are %v, want %v", width, got, want)
		}
		s.tap("With a note")
		if s.shows("Lucía Ortega.") || !s.shows("Priya Nair.") {
			t.Errorf("at %v: calls with a note are %q", width, s.labels())
		}
	}
}

// Notes and outcomes are found, whatever their accents and letters.
func TestNotesAndOutcomesAreFound(t *testing.T) {
	s := recentsHarness(t, fyne.NewSize(380, 660), func(p *madePhone) {
		p.recents[0].Outcome, p.recents[1].OutcomeNote = "Verkauft", "Devolución का आदेश"
	})
	for text, name := range map[string]string{"VERKAUFT": "Lucía Ortega.", "devolucion": "Priya Nair.", "आदेश": "Priya Nair."} {
		s.recents.Search.Input.SetText(text)
		if !s.shows(name) || s.shows("Sam Okafor.") {
			t.Errorf("%q finds %q", text, s.labels())
		}
	}
}

// The list is saved where the user says, as the file's ending wants it.
func TestCallsAreExported(t *testing.T) {
	s := recentsHarness(t, fyne.NewSize(380, 1400), func(p *madePhone) { p.recents[0].RemoteName = "नमस्ते, \"x\"" })
	for ending, want := range map[string]string{".csv": "\"नमस्ते, \"\"x\"\"\"", ".json": "\"remote_name\": \"नमस्ते, \\\"x\\\"\""} {
		s.host.ending = ending
		s.tap("Export (6)")
		if !strings.Contains(s.host.saved, want) {
			t.Errorf("%s has no %s:\n%s", ending, want, s.host.saved)
		}
	}
	s.host.refused, s.host.saved = true, ""
	s.clearRemark()
	s.tap("Export (6)")
	if s.host.saved != "" || s.shows("Saved as") {
		t.Error("a dialog that was closed saves")
	}
}

// A call that was answered and has no outcome can still get one, by pointer and by keys;
// one that has an outcome can get another. The note goes with it.
func TestAnOutcomeIsGivenLater(t *testing.T) {
	s := newHarness(t, madeReady(), func(p *madePhone, _ *harnessOptions) {
		p.snap.Outcomes = []string{"resolved", "wrong_number"}
		p.recents[1].Outcome = wire.OutcomeNotSet
	})
	s.toTab(screen.TabRecents)
	if !s.shows("Incoming · 12 min 48 s · no outcome") || s.shows("No answer · no outcome") {
		t.Errorf("the list shows %q", s.labels())
	}
	s.part("Priya Nair.").(fyne.SecondaryTappable).TappedSecondary(nil)
	s.phone.forget()
	s.tap("Add outcome")
	s.press(fyne.KeySpace) // the first outcome has the keyboard
	s.expect("outcome:5:resolved:")
	s.phone.recents[1].Outcome = "resolved"
	s.snap.RecentsRevision++
	s.show(s.snap)
	if s.shows("Wrong number") {
		t.Error("an outcome was chosen, and the others stay")
	}
	s.detail().Note.SetText("Refund agreed")
	s.tap("Change")
	s.tap("Wrong number")
	s.expect("outcome:5:wrong_number:Refund agreed")
	s.phone.fail = errMade
	s.tap("Change")
	s.tap("Resolved")
	s.phone.forget()
	if s.shows("Resolved") && !s.shows("Change") {
		t.Error("an outcome that was not kept stays chosen")
	}
	s.phone.fail = nil
	s.open(screen.PageNone)

	for _, c := range []int{0, 2} { // missed, not answered
		s.recents.Open(s.phone.recents[c])
		if s.shows("Resolved") || s.shows("Outcome") {
			t.Errorf("call %d was not answered and asks for an outcome", c)
		}
	}
	s.snap.Outcomes = nil
	s.recents.Open(s.phone.recents[4])
	if s.shows("Outcome") {
		t.Error("an outcome is asked for where none is configured")
	}
	s.phone.recents[4].Outcome = wire.OutcomeNotSet
	s.recents.Open(s.phone.recents[4])
	s.part("Outcome").(fyne.Focusable).FocusGained()
	s.win.Canvas().Focus(s.part("Outcome").(fyne.Focusable))
	s.typed("Sold")
	s.press(fyne.KeyReturn)
	s.expect("outcome:2:Sold:")
}

// detail is the page of a call of the log.
func (s *harness) detail() *screen.CallDetail { return s.pages[screen.PageCall].(*screen.CallDetail) }

// The customer's page opens from the call, the caller's card, the list and the page of a
// call, where the settings have one; else nothing is drawn for it.
func TestTheCustomersPage(t *testing.T) {
	pop := func(p *madePhone, o *harnessOptions) {
		p.set.Integrations.Pops = []settings.Pop{{When: settings.MomentRing, URL: "https://crm.example.com/{name}?n={e164}&u={user}"}}
	}
	const want = "https://crm.example.com/Priya%20Nair?n=%2B919845012345&u=meera"
	s := newHarness(t, madeCall(voice.StateEstablished, time.Minute), pop)
	for _, open := range []func(){
		func() { s.tap("Open record") },
		func() { s.open(screen.PageCaller); s.tap("Open record") },
		func() { s.recents.Open(s.phone.recents[1]); s.tap("Open record") },
		func() {
			s.show(madeReady())
			s.toTab(screen.TabRecents)
			s.part("Priya Nair.").(fyne.SecondaryTappable).TappedSecondary(nil)
			s.tap("Open record")
		},
	} {
		s.host.copied = ""
		open()
		if s.host.copied != want {
			t.Errorf("it opens %q", s.host.copied)
		}
	}
	s = newHarness(t, madeCall(voice.StateEstablished, time.Minute))
	if s.shows("Open record") {
		t.Error("a page that is not set is offered")
	}
}
