package ui

import (
	"time"

	"offhook/ui/screen"
	"offhook/ui/widget"
)

// addCall shows the number field beside a call, for another one.
func (s *shell) addCall() {
	s.adding = true
	s.toCall()
	s.render(s.view())
}

// undoTime is for how long something can be taken back.
const undoTime = 5 * time.Second

// offerFor shows a remark that does something when its word is pressed, for a while.
func (s *shell) offerFor(sentence, word string, act func()) {
	s.say(&remark{tone: widget.ToneQuiet, title: sentence, word: word, act: act})
	s.noticeStop = s.run.After(undoTime, s.clearRemark)
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
