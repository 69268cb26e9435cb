package ui

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/widget"
)

// placeOf is where something is in the window.
func placeOf(o fyne.CanvasObject) string {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
	return fmt.Sprintf("%.0f,%.0f %.0f×%.0f", at.X, at.Y, o.Size().Width, o.Size().Height)
}

// From the first ring to the end of a call, what can be pressed stays where it is;
// header and tabs also where they were before it.
func TestNothingJumpsWhenACallStarts(t *testing.T) {
	for i, size := range slices.Repeat([]fyne.Size{fyne.NewSize(380, 660), fyne.NewSize(320, 560), fyne.NewSize(1280, 800)}, 2) {
		line := []string{"", "meera@pbx.example.com"}[i/3] // that can be handed on, too
		t.Run(fmt.Sprint(line, size.Width), func(t *testing.T) {
			s := newHarness(t, madeReady(), func(_ *madePhone, o *harnessOptions) { o.size = size })
			frame := func() string { return placeOf(s.header.Tabs.Container) + " " + placeOf(s.header.Menu) }
			before, switches := frame(), ""
			held := madeCall("ESTABLISHED", 20*time.Second)
			held.Call.Held, held.Call.Muted = true, true
			lost := madeCall("MEDIA_DISRUPTED", 30*time.Second)
			lost.Call.SilentSince, lost.Call.GiveUpAt = at(ago(6*time.Second)), at(madeNow.Add(24*time.Second))
			calls := []*app.Snapshot{madeCall("OUTGOING_INITIATED", 0), madeCall("RINGING", 0), madeCall("ESTABLISHED", time.Second),
				madeCall("ESTABLISHED", 20*time.Second), held, lost, madeCall("ENDING", 40*time.Second)}
			if line != "" {
				calls = append(calls, madeConsultation(180), madeConsultation(200), madeConsultation(486))
			}
			for _, snap := range calls {
				snap.Call.Line = line
				s.show(snap)
				if got := frame(); got != before {
					t.Errorf("%s: header and tabs move from %s to %s", snap.Call.State, before, got)
				}
				now := ""
				for _, o := range []fyne.CanvasObject{s.call.Mute, s.call.Hold, s.call.Keypad, s.call.Speaker, s.call.Bluetooth, s.call.Device} {
					now += placeOf(o) + "; "
				}
				if snap.Call.Consultation.Active() { // Transfer and Back take the place of the red button
					at := fyne.CurrentApp().Driver().AbsolutePositionForObject(s.call.Handover.Join)
					now += fmt.Sprintf("%.0f,%.0f", at.X, at.Y)
				} else {
					at := fyne.CurrentApp().Driver().AbsolutePositionForObject(s.call.HangUp)
					now += fmt.Sprintf("%.0f,%.0f", at.X, at.Y)
				}
				if switches == "" {
					switches = now
				}
				if now != switches {
					t.Errorf("%s: the switches move from %s to %s", snap.Call.State, switches, now)
				}
			}
		})
	}
}

// Everything that can be pressed is at least 40 units in both directions, in every
// screen at the smallest size; and a screen reader has a name for it.
func TestTargetsAreLargeAndNamed(t *testing.T) {
	const least = 39.5 // places are rounded
	for _, sc := range scenes() {
		t.Run(sc.name, func(t *testing.T) {
			s := sc.window(t, func(o *harnessOptions) { o.size = fyne.NewSize(320, 560) })
			look := func(o fyne.CanvasObject, _ fyne.Position) {
				_, pressed := o.(fyne.Tappable)
				focus, focused := o.(fyne.Focusable)
				if !pressed || !focused {
					return
				}
				if d, ok := focus.(interface{ Enabled() bool }); ok && !d.Enabled() {
					return
				}
				a, ok := o.(fyne.Accessible)
				if !ok || a.AccessibilityLabel() == "" {
					t.Errorf("a %T has no name", o)
					return
				}
				if _, ok := o.(*widget.Passage); ok {
					return // a text, which is selected
				}
				high := o.Size().Height
				if in, ok := o.(*widget.Input); ok {
					if in.MultiLine {
						return
					}
					high += 4 // within its field, which takes the press too
				}
				if _, ok := o.(*widget.QualityChip); ok {
					high += 12 // read at a glance; the menu has the statistics too
				}
				if o.Size().Width < least || high < least {
					t.Errorf("%q is %.0f×%.0f", a.AccessibilityLabel(), o.Size().Width, o.Size().Height)
				}
			}
			visible(s.win.Canvas().Content(), fyne.NewPos(0, 0), look)
			for _, o := range s.win.Canvas().Overlays().List() {
				visible(o, fyne.NewPos(0, 0), look)
			}
		})
	}
}
