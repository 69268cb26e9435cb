package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/screen"
	"offhook/ui/widget"
)

// leastSize is the smallest window: a screen of 1280×720 at twice the scale has room
// for it.
var leastSize = fyne.NewSize(320, 340)

// tabsBox is header, content and strip below each other.
type tabsBox struct {
	*fyne.Container
	strip fyne.CanvasObject
}

func newTabsBox(header, middle, strip fyne.CanvasObject) *tabsBox {
	b := &tabsBox{strip: strip}
	b.Container = container.New(&tabsLayout{}, middle, header, strip)
	return b
}

func (b *tabsBox) setStrip(on bool) {
	if on {
		b.strip.Show()
	} else {
		b.strip.Hide()
	}
	b.Container.Refresh()
}

// tabsLayout keeps the focus order of the design: content, tabs, availability,
// menu, strip.
type tabsLayout struct{}

func (tabsLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return leastSize
}

func (tabsLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	middle, header, strip := o[0], o[1], o[2]
	h := header.MinSize().Height
	header.Move(fyne.NewPos(0, 0))
	header.Resize(fyne.NewSize(s.Width, h))
	b := float32(0)
	if strip.Visible() {
		b = widget.StripHeight
		strip.Move(fyne.NewPos(0, s.Height-b))
		strip.Resize(fyne.NewSize(s.Width, b))
	}
	middle.Move(fyne.NewPos(0, h))
	middle.Resize(fyne.NewSize(s.Width, s.Height-h-b))
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
