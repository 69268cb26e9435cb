package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/ui/screen"
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
