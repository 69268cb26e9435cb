//go:build realwindow && linux

package ui

import (
	"fmt"
	"testing"

	"offhook/internal/drive"
)

// A second call that rings is a card in the window in front, and stands over the bar of
// the live call while other work is in front; Decline leaves the first call alone.
func TestRealWindowSecondCall(t *testing.T) {
	r := openRealUnder(t, drive.Openbox, "in-call", "1")
	r.see("Hang up")
	openOther(t, r.display.Name)
	elsewhere, err := r.display.Window(r.ctx, "Other work")
	r.must(err)
	for round := range 3 {
		when := fmt.Sprintf("round %d", round+1)
		r.must(r.window.Activate(r.ctx))
		r.await(when, func(m AccessMap) bool { return m.Front && m.Bar == nil })
		r.order("beside")
		r.await(when+", in front", func(m AccessMap) bool { return m.Panel == nil && holds(m.Objects, "Answer and hold Priya") })
		r.press("ctrl+shift+d")
		r.expect("hangup second")
		r.await(when+", declined", func(m AccessMap) bool { return !holds(m.Objects, "Answer and hold Priya") })

		r.must(elsewhere.Activate(r.ctx))
		r.must(elsewhere.Click(r.ctx, 20, 20))
		r.await(when+", behind", func(m AccessMap) bool { return !m.Front && m.Bar != nil })
		r.order("beside")
		m := r.await(when+", behind", func(m AccessMap) bool { return m.Panel != nil && m.Bar != nil })
		panel := r.floats(when, "Incoming call")
		r.pressIn(panel, m.Panel, "Decline")
		r.expect("hangup second")
		r.await(when+", declined on the panel", func(m AccessMap) bool { return m.Panel == nil && m.Bar != nil })
	}
}

// holds reports whether something of a label can be seen.
func holds(objects []AccessObject, label string) bool {
	for _, o := range objects {
		if o.Label == label {
			return true
		}
	}
	return false
}
