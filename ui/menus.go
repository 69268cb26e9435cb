package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// menu is an open menu: rows on a card over the window.
type menu struct {
	shell  *shell
	pop    *fynewidget.PopUp
	card   *widget.MenuCard
	opener fyne.CanvasObject
	rows   []*widget.TapRow
	scroll *container.Scroll
	// render draws what changes by time in an open menu, or is nil.
	render func(screen.View)
}

// openMenuWith shows rows below opener, at the right edge of the window.
func (s *shell) openMenuWith(opener fyne.CanvasObject, width float32, content fyne.CanvasObject, rows []*widget.TapRow, first int) {
	if s.canvas == nil {
		return
	}
	s.closeMenu()
	m := &menu{shell: s, opener: opener, rows: rows}
	s.menu = m
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(opener)
	width = min(width, s.canvas.Size().Width-24)
	card := widget.NewMenuCard(content)
	h, room := card.HeightFor(width), s.canvas.Size().Height-16
	if h > room {
		m.scroll = container.NewVScroll(content)
		card, h = widget.NewMenuCard(m.scroll), room
	}
	var members []widget.Grouped
	for _, c := range widget.Controls(content) {
		c.OnFocus(func() { m.reveal(c) })
	}
	for _, r := range rows {
		members = append(members, r)
	}
	widget.NewGroup(1, members...)
	m.card = card
	m.pop = fynewidget.NewPopUp(card, s.canvas)
	x := s.canvas.Size().Width - 12 - width
	y := min(at.Y+opener.Size().Height+8, max(8, s.canvas.Size().Height-h-8))
	m.pop.Resize(fyne.NewSize(width, h))
	m.pop.ShowAtPosition(fyne.NewPos(x, y))
	if len(rows) > 0 {
		m.reveal(rows[first])
		widget.FocusOn(s.canvas, rows[first])
	}
}

// renderMenu has the open menu draw what changes in it.
func (s *shell) renderMenu(draw func(screen.View)) {
	if s.menu != nil {
		s.menu.render = draw
	}
}

// reveal scrolls a long menu to a row.
func (m *menu) reveal(row fyne.CanvasObject) {
	if m.scroll != nil {
		widget.ScrollTo(m.scroll, row)
	}
}

// closeMenu closes the open menu and gives the keyboard back to its opener. It
// reports whether one was open.
func (s *shell) closeMenu() bool {
	m := s.menu
	if m == nil {
		return false
	}
	s.menu = nil
	open := m.pop.Visible()
	m.pop.Hide()
	if open {
		widget.FocusOn(s.canvas, m.opener)
	}
	return open
}

// overlay is the open menu, or nil.
func (s *shell) overlay() fyne.CanvasObject {
	if s.menu == nil || !s.menu.pop.Visible() {
		return nil
	}
	return s.menu.card
}

type menuItem struct {
	glyph theme.Glyph
	word  string
	do    func()
}

func (s *shell) openMenu(from fyne.CanvasObject) {
	e := s.env
	open := func(p screen.Page) func() { return func() { s.open(p) } }
	items := []menuItem{
		{theme.Gear, e.T("Settings"), open(screen.PageSettings)},
		{theme.Person, e.T("Account"), open(screen.PageAccount)},
		{theme.Pulse, e.T("Diagnostics"), open(screen.PageDiagnostics)},
		{theme.Chart, e.T("Call statistics"), open(screen.PageStatistics)},
	}
	if s.snap != nil && s.snap.LastCall != nil && s.snap.LastCall.Answered && s.snap.Call == nil {
		items = append(items, menuItem{theme.Star, e.T("Rate the last call"), open(screen.PageFeedback)})
	}
	if s.snap != nil && s.snap.Call != nil {
		items = append(items, menuItem{theme.Person, e.T("Caller"), open(screen.PageCaller)})
		items = append(items, menuItem{theme.Headset, e.T("Sound devices"), func() { e.DeviceMenu(s.header.Menu, s.callID) }})
	}
	items = append(items,
		menuItem{theme.Flag, e.T("Report a problem"), open(screen.PageReport)},
		menuItem{theme.Close, e.T("Quit Offhook"), s.quit})
	var rows []*widget.TapRow
	var parts []fyne.CanvasObject
	for _, it := range items {
		row := widget.NewTapRow(it.word, widget.Row44, widget.Inset(0, 12, 0, 12, widget.Row(
			widget.NewIcon(it.glyph, theme.Text2, 20), widget.Gap(12), widget.Grow(widget.NewText(it.word, widget.Style{})))), func() {
			s.closeMenu()
			it.do()
		})
		rows = append(rows, row)
		parts = append(parts, row)
	}
	last := len(parts) - 1 // Quit stays the last
	phone := s.phoneRow()
	rows = slices.Insert(rows, last, phone)
	parts = slices.Insert(parts, last, fyne.CanvasObject(phone))
	lines := e.NewLineRows(s.view())
	if lines != nil {
		parts = append([]fyne.CanvasObject{lines.Object(), widget.Gap(4), widget.NewLine(), widget.Gap(4)}, parts...)
	}
	s.openMenuWith(from, stateMenuWidth, widget.Inset(8, 8, 8, 8, widget.Column(parts...)), rows, 0)
	if lines != nil {
		s.renderMenu(lines.Render)
	}
}
