package ui

import (
	"offhook/ui/screen"
)

// addCall shows the number field beside a call, for another one.
func (s *shell) addCall() {
	s.adding = true
	s.toCall()
	s.render(s.view())
}

// addEnds goes back to the call.
func (s *shell) addEnds() {
	if s.adding {
		s.adding = false
		s.render(s.view())
	}
}

// followCalls ends the adding of a call when one was added, when another rings, or when
// there is none any more.
func (s *shell) followCalls(v screen.View) {
	n := len(v.Calls)
	if n != s.calls || v.Call == nil || screen.SecondRings(v) != nil {
		s.adding = false
	}
	s.calls = n
}
