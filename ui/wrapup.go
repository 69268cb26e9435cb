package ui

import "offhook/ui/screen"

// wrapping reports whether there is work after a call, and all screens are there.
func (s *shell) wrapping() bool {
	return s.snap != nil && s.snap.WrapUp != nil && s.snap.Call == nil && s.wrap != nil
}

// followWrapUp shows the page of a call that has ended, unless the user writes
// something elsewhere.
func (s *shell) followWrapUp(v screen.View) {
	id := ""
	if v.WrapUp != nil {
		id = v.WrapUp.Call.ID
	}
	if id == s.wrapCall {
		return
	}
	s.wrapCall, s.leftWrap = id, false
	switch {
	case id == "":
	case s.layout.Wide:
		s.sideTab = sideWrapUp
	case !s.typing():
		s.toCall()
	}
}

// leaveWrapUp shows the number field in place of the page: nothing keeps the next call
// from beginning.
func (s *shell) leaveWrapUp() {
	if s.wrapping() {
		s.leftWrap = true
	}
}

// goBack goes to what the bar over the number field leads to.
func (s *shell) goBack() {
	s.adding, s.leftWrap = false, false
	s.render(s.view())
}

// confirm ends what is being decided: the work after a call, or a transfer.
func (s *shell) confirm() {
	switch {
	case s.page == screen.PageTransfer:
		s.pages[screen.PageTransfer].(*screen.Transfer).Now()
	case s.snap.Call != nil && s.snap.Call.Consultation.Active():
		s.env.Transfer(s.view())
	default:
		s.inWrapUp((*screen.WrapUp).Finish)()
	}
}

// inWrapUp is what keys do on the page of the work after a call.
func (s *shell) inWrapUp(do func(*screen.WrapUp)) func() {
	return func() {
		if s.wrapping() && (s.shown == part(s.wrap) || s.side == part(s.wrap)) {
			do(s.wrap)
		}
	}
}
