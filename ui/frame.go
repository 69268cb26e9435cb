package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// leastSize is the smallest window: a screen of 1280×720 at twice the scale has room
// for it.
var leastSize = fyne.NewSize(320, 340)

// tabsBox is header, content and strip below each other. In a wide window the content
// is the phone, in a pane of its own, and beside it is what goes with it.
type tabsBox struct {
	*fyne.Container
	strip fyne.CanvasObject
	side  *fyne.Container
	// line on the phone's upper edge shows its state; rule divides the panes.
	line *widget.Panel
	rule fyne.CanvasObject
	// note is a remark above the phone, in noteBox, which is hidden without one.
	note    *widget.SlimBanner
	noteBox *fyne.Container
}

func newTabsBox(header, middle, strip fyne.CanvasObject, note *widget.SlimBanner) *tabsBox {
	b := &tabsBox{strip: strip, side: container.NewStack(), line: widget.NewPanel(theme.Accent, 0, widget.Gap(0)), rule: widget.NewPanel(theme.Line, 0, widget.Gap(0))}
	b.note, b.noteBox = note, widget.Inset(8, 8, 0, 8, note)
	b.noteBox.Hide()
	b.Container = container.New(b, middle, b.side, header, strip, b.line, b.rule, b.noteBox)
	b.setSide(nil)
	return b
}

// setSide shows what stands beside the phone, nil for nothing.
func (b *tabsBox) setSide(o fyne.CanvasObject) {
	b.side.Objects = nil
	for _, part := range []fyne.CanvasObject{b.side, b.line, b.rule} {
		if o == nil {
			part.Hide()
		} else {
			part.Show()
		}
	}
	if o != nil {
		b.side.Objects = []fyne.CanvasObject{o}
	}
	b.Container.Refresh()
}

// paneWidth is the width of the phone's pane in a window.
func paneWidth(window float32) float32 {
	switch {
	case window < 1100:
		return 380
	case window < 1400:
		return 400
	}
	return 420
}

// setNote shows or hides the remark above the phone.
func (b *tabsBox) setNote(on bool) {
	if on {
		b.noteBox.Show()
	} else {
		b.noteBox.Hide()
	}
	b.Container.Refresh()
	widget.Relayout(b.Container)
}

func (b *tabsBox) setStrip(on bool) {
	if on {
		b.strip.Show()
	} else {
		b.strip.Hide()
	}
	b.Container.Refresh()
}

// MinSize is for Fyne.
func (b *tabsBox) MinSize([]fyne.CanvasObject) fyne.Size { return leastSize }

// Layout keeps the focus order of the design: content, tabs, availability, menu, strip.
func (b *tabsBox) Layout(o []fyne.CanvasObject, s fyne.Size) {
	middle, side, header, strip := o[0], o[1], o[2], o[3]
	h := header.MinSize().Height
	header.Move(fyne.NewPos(0, 0))
	header.Resize(fyne.NewSize(s.Width, h))
	w, top, foot := s.Width, h, float32(0)
	if side.Visible() {
		w = paneWidth(s.Width)
		side.Move(fyne.NewPos(w+1, h))
		side.Resize(fyne.NewSize(s.Width-w-1, s.Height-h))
		b.rule.Move(fyne.NewPos(w, h))
		b.rule.Resize(fyne.NewSize(1, s.Height-h))
		b.line.Move(fyne.NewPos(16, h))
		b.line.Resize(fyne.NewSize(w-32, 3))
		top += 3
	}
	if strip.Visible() {
		foot = widget.StripHeight
		strip.Move(fyne.NewPos(0, s.Height-foot))
		strip.Resize(fyne.NewSize(w, foot))
	}
	if b.noteBox.Visible() {
		note := widget.HeightFor(b.noteBox, w)
		b.noteBox.Move(fyne.NewPos(0, top))
		b.noteBox.Resize(fyne.NewSize(w, note))
		top += note
	}
	middle.Move(fyne.NewPos(0, top))
	middle.Resize(fyne.NewSize(w, s.Height-top-foot))
}

// rootLayout fills the window and draws anew when its size asks for another layout.
type rootLayout struct{ s *shell }

func (l *rootLayout) MinSize([]fyne.CanvasObject) fyne.Size { return l.s.least }

func (l *rootLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	before := l.s.layout
	if l.s.env.Early != nil {
		before = screen.Layout{} // nobody has seen another
	}
	if now := screen.LayoutFor(size, before); now != l.s.layout {
		l.s.layout = now
		if l.s.snap != nil && l.s.shown != nil {
			l.s.render(l.s.view())
		}
	}
	for _, o := range objects {
		if o == fyne.CanvasObject(l.s.fade.veil) {
			continue // it has a place of its own
		}
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

// stripHeight is the height of the strip, 0 while it is hidden.
func (b *tabsBox) stripHeight() float32 {
	if !b.strip.Visible() {
		return 0
	}
	return widget.StripHeight
}
