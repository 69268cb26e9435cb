package ui

import (
	"offhook/ui/screen"
	"offhook/ui/widget"
	"offhook/voice"
)

// follow does what a change of phase asks for beyond drawing.
func (s *shell) follow(before screen.Phase, v screen.View) {
	id := ""
	if v.Call != nil {
		id = v.Call.ID
	}
	if id != "" && id != s.callID && v.Call.Direction == voice.Outgoing {
		s.dial.Clear()
		s.toCall()
	}
	s.bringCaller(id)
	s.callID = id
	s.followCalls(v)
	s.followWrapUp(v)
	if before != s.phase && s.phase == screen.PhaseIncoming {
		s.clearRemark() // it is of the call before
		if !s.typing() {
			s.toCall()
		}
	}
	offered := v.Call != nil && v.Call.TransferOffer != nil
	switch {
	case !offered || s.offered:
	case s.typing():
		s.say(&remark{tone: widget.ToneInfo, title: s.env.OfferText(v.Call)})
	default:
		s.toCall()
		s.call.ShowKeypad(false)
	}
	s.offered = offered
	if before == screen.PhaseNotReady && s.phase == screen.PhaseIdle && s.page == screen.PageSignIn {
		s.page = screen.PageNone
	}
}

// toCall shows the phone's part; in a wide window it is there already.
func (s *shell) toCall() {
	if s.layout.Wide {
		return
	}
	s.page = screen.PageNone
	s.takeTab(screen.TabDial)
}

// typing reports whether the user writes something outside of the dialling tab:
// then a call takes neither the page nor the tab away.
func (s *shell) typing() bool {
	if s.canvas == nil || s.page == screen.PageNone && s.tab == screen.TabDial {
		return false
	}
	return s.inField()
}
