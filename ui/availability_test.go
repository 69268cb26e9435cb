package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/widget"
)

// A phone at rest is drawn once a minute: only a break is counted to the second.
func TestAvailabilityTimer(t *testing.T) {
	for _, tc := range []struct {
		choice app.Availability
		since  time.Duration
		want   string
	}{
		{app.Available, 41 * time.Second, "00:41"},
		{app.Available, 12*time.Minute + 41*time.Second, "12 min"},
		{app.Available, 65 * time.Minute, "1 h 5"},
		{app.Break, 12*time.Minute + 41*time.Second, "12:41"},
		{app.DoNotDisturb, 65 * time.Minute, "1:05:00"},
	} {
		snap := madeReady()
		snap.Availability, snap.AvailableSince = tc.choice, ago(tc.since)
		if s := newStage(t, snap); !s.draws(tc.want) {
			t.Errorf("%s for %s is not shown as %s", tc.choice, tc.since, tc.want)
		}
	}
}

// draws reports whether a text stands in the window as it is.
func (s *stage) draws(text string) bool {
	found := false
	visible(s.win.Canvas().Content(), fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		t, ok := o.(*widget.Text)
		found = found || ok && t.Text() == text
	})
	return found
}

func TestAvailabilityMenu(t *testing.T) {
	s := newStage(t, madeReady())
	s.tap("Availability: Available")
	s.press(fyne.KeyDown)
	s.press(fyne.KeyReturn)
	s.expect("availability:busy")
	if len(s.win.Canvas().Overlays().List()) != 0 {
		t.Error("the menu stays open")
	}
	s.tap("Availability: Available")
	s.tap("Take calls on another phone, off")
	s.expect("another:on")
	s.tap("Availability: Available")
	s.press(fyne.KeyEscape)
	s.expect("")
	if f, ok := s.win.Canvas().Focused().(*widget.MenuPill); !ok || f != s.header.Pill {
		t.Error("closing the menu does not give the keyboard back to its opener")
	}
}
