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
		if s := newHarness(t, snap); !s.draws(tc.want) {
			t.Errorf("%s for %s is not shown as %s", tc.choice, tc.since, tc.want)
		}
	}
}

// draws reports whether a text stands in the window as it is.
func (s *harness) draws(text string) bool {
	found := false
	visible(s.win.Canvas().Content(), fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		t, ok := o.(*widget.Text)
		found = found || ok && t.Text() == text
	})
	return found
}

func TestAvailabilityMenu(t *testing.T) {
	s := newHarness(t, madeReady())
	s.tap("Availability: Available")
	s.press(fyne.KeyDown)
	s.press(fyne.KeyReturn)
	s.expect("availability:busy")
	if len(s.win.Canvas().Overlays().List()) != 0 {
		t.Error("the menu stays open")
	}
	s.tap("Menu")
	s.tap("Take calls on another phone, off")
	s.expect("another:on")
	s.tap("Availability: Available")
	s.press(fyne.KeyEscape)
	s.expect("")
	if f, ok := s.win.Canvas().Focused().(*widget.MenuPill); !ok || f != s.header.Pill {
		t.Error("closing the menu does not give the keyboard back to its opener")
	}
}

// madeBreak is a break for lunch that has lasted some time, of half an hour at most.
func madeBreak(lasted time.Duration) *app.Snapshot {
	s := madeReady()
	s.Availability, s.AvailableSince = app.Break, ago(lasted)
	s.AgentState = app.AgentState{State: app.Break, Reason: "lunch", Since: ago(lasted), LimitS: 1800,
		Reasons: []app.BreakReason{{Reason: "lunch", LimitS: 1800}, {Reason: "short_break", LimitS: 600}, {Reason: "Training"}}}
	return s
}

// The reasons of a break are open while the agent is on one, and open in place else;
// where there is one or none, Break has no rows below it.
func TestReasonsOfABreak(t *testing.T) {
	s := newHarness(t, madeBreak(12*time.Minute+41*time.Second))
	if !s.draws("Lunch") || !s.draws("12:41") || !s.shows("No calls") {
		t.Error("the header does not name the break")
	}
	s.tap("Availability: Lunch")
	if !s.shows("12:41 of 30 min") || !s.shows("Short break. 10 min") {
		t.Error("the reasons are not shown with their limits")
	}
	s.tap("Training")
	s.expect("break:Training")

	ready := madeReady()
	ready.AgentState.Reasons = madeBreak(0).AgentState.Reasons
	s = newHarness(t, ready)
	s.tap("Availability: Available")
	if s.shows("Training") {
		t.Error("the reasons are open before they are asked for")
	}
	s.tap("Break. No calls. Choose a reason")
	s.tap("Short break. 10 min")
	s.expect("break:short_break")

	ready.AgentState.Reasons = ready.AgentState.Reasons[:1]
	s = newHarness(t, ready)
	s.tap("Availability: Available")
	s.tap("Break. No calls")
	s.expect("availability:break")
	s.tap("Availability: Available")
	s.tap("After-call work. No calls until you are done")
	s.expect("availability:after_call_work")
}

// A break that comes to its limit is told of in the pill and over the number field; it
// is never ended by force.
func TestTheLimitOfABreak(t *testing.T) {
	for lasted, want := range map[time.Duration]string{
		26 * time.Minute: "", 28*time.Minute + 4*time.Second: "Lunch ends in 2 min", 30*time.Minute + 5*time.Second: "Lunch is 1 min over",
		32*time.Minute + 10*time.Second: "Lunch is 2 min over",
	} {
		s := newHarness(t, madeBreak(lasted))
		if s.shows(" ends in ") || s.shows(" over") {
			if want == "" || !s.shows(want) {
				t.Errorf("after %v the banner says something else than %q", lasted, want)
			}
		} else if want != "" {
			t.Errorf("after %v there is no banner", lasted)
		}
		if want != "" {
			s.tap("Available")
			s.expect("availability:available")
		}
	}
	s := newHarness(t, madeBreak(26*time.Minute))
	s.shell.now = func() time.Time { return madeNow.Add(2 * time.Minute) }
	s.tick()
	if !s.shows("Lunch ends in 2 min") {
		t.Error("time alone does not bring the banner")
	}
}

// Available can't be chosen while no call would ring, and the menu says why.
func TestAvailableWaitsForThePhone(t *testing.T) {
	snap := madeBreak(time.Minute)
	snap.Ready = false
	s := newHarness(t, snap)
	s.tap("Availability: Lunch")
	s.tap("Available. This phone isn’t ready")
	s.expect("")
	s.phone.set.Agent.AvailableUnready = true
	s.settingsChanged()
	s.closeMenu()
	s.tap("Availability: Lunch")
	s.tap("Available. Calls ring")
	s.expect("availability:available")
}
