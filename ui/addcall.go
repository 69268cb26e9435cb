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
	second := ""
	if c := screen.SecondRings(v); c != nil {
		second = c.ID
	}
	if second != "" && second != s.second && !s.typing() {
		s.toCall()
		s.call.ShowKeypad(false)
	}
	s.second = second
	if n != s.calls || v.Call == nil || screen.SecondRings(v) != nil {
		s.adding = false
	}
	s.calls = n
}
