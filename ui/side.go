package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/ui/widget"
)

// besides reports whether a page leaves room for the phone beside it: all do but those
// of a phone that can't be used yet.
func (s *shell) besides(v screen.View, page screen.Page) bool {
	switch page {
	case screen.PageNone:
		return true
	case screen.PageSignIn, screen.PageAudioCheck:
		return false
	}
	return v.Account.State == app.SignedIn || v.Account.State == app.Expired
}

// sidePart is what stands beside the phone in a wide window, nil before all screens
// are there.
func (s *shell) sidePart(page screen.Page) part {
	switch {
	case s.env.Early != nil:
		return nil
	case page != screen.PageNone:
		return s.pages[page]
	case s.sideTab == sideWrapUp && s.wrapping():
		return s.wrap
	case s.sideTab == screen.TabContacts:
		return s.contacts
	}
	return s.recents
}

// sideTabsLayout makes the tabs of the right pane as wide as they need: with the one that
// is there after a call alone, or without.
type sideTabsLayout struct{ s *shell }

// MinSize is for Fyne.
func (l *sideTabsLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	if l.s.sideTabs.Tabs[2].Visible() {
		return fyne.NewSize(420, 53)
	}
	return fyne.NewSize(296, 53)
}

// Layout is for Fyne.
func (l *sideTabsLayout) Layout(o []fyne.CanvasObject, s fyne.Size) { o[0].Resize(s) }

// sideWrapUp is the list of the right pane that is there after a call alone.
const sideWrapUp = -1

// renderSide shows what stands beside the phone, nil for nothing.
func (s *shell) renderSide(v screen.View, side part, page screen.Page) {
	moved := side != s.side
	if moved {
		if l, ok := s.side.(interface{ Left() }); ok {
			l.Left()
		}
		s.side = side
		switch {
		case side == nil:
			s.tabs.setSide(nil)
		case page != screen.PageNone:
			s.tabs.setSide(side.Object())
		default:
			s.tabs.setSide(container.NewBorder(s.sideHead, nil, nil, nil, side.Object()))
		}
	}
	if side == nil {
		return
	}
	s.sideTabs.Choose(0)
	switch side {
	case part(s.contacts):
		s.sideTabs.Choose(1)
	case part(s.wrap):
		s.sideTabs.Choose(2)
	}
	if wrap := s.sideTabs.Tabs[2]; wrap.Visible() != s.wrapping() {
		wrap.Hidden = !s.wrapping()
		widget.Relayout(s.sideHead)
	}
	recents := s.env.T("Recents")
	if v.MissedUnseen > 0 {
		recents = s.env.T("Recents, {n} missed", "n", v.MissedUnseen)
	}
	s.sideTabs.Tabs[0].SetCount(v.MissedUnseen, recents)
	s.tabs.line.SetRole(s.phase.Line())
	side.Render(v)
	widget.Relayout(side.Object())
	if !moved {
		return
	}
	if e, ok := side.(interface{ Entered() }); ok {
		e.Entered()
	}
	if page != screen.PageNone {
		s.focusOn(side)
	}
}

// sideQuiet is for how long the right pane must not have been used for a call to bring the
// page about its far side there.
const sideQuiet = 5 * time.Second

// followSide remembers when the keyboard came to something in the right pane.
func (s *shell) followSide(v screen.View) {
	if s.canvas == nil || s.side == nil {
		s.sideFocus = nil
		return
	}
	f := s.canvas.Focused()
	if o, ok := f.(fyne.CanvasObject); !ok || !shows(s.tabs.side, o) {
		f = nil
	}
	if f != s.sideFocus {
		s.sideFocus, s.sideAt = f, v.Now
	}
}

// bringCaller shows in the right pane who is at the other end of a call that has just
// begun, unless something else is being used there, and takes it away when the call is
// over. id is the call that has the sound, "" for none.
func (s *shell) bringCaller(id string) {
	switch {
	case id == s.callID:
	case id == "":
		if s.callerFor == s.callID && s.page == screen.PageCaller {
			s.page = screen.PageNone
		}
		s.callerFor = ""
	case s.callID == "" && s.layout.Wide && s.shown != nil && s.page == screen.PageNone && !s.sideBusy():
		s.page, s.callerFor = screen.PageCaller, id
	}
}

// sideBusy reports whether the right pane is being used: something is written there, or
// the keyboard came there just now.
func (s *shell) sideBusy() bool {
	return s.sideFocus != nil && (s.inField() || s.now().Sub(s.sideAt) < sideQuiet)
}
