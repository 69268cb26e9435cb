package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/widget"
)

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
	return fyne.NewSize(320, 560)
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

// rootLayout fills the window and draws anew when the size changes between
// compact and not.
type rootLayout struct {
	s       *shell
	compact bool
}

func (l *rootLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(320, 560) }

func (l *rootLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	compact := size.Width < 350 || size.Height < 600
	if compact != l.compact && l.s.snap != nil && l.s.shown != nil {
		l.compact = compact
		v := l.s.view()
		v.Compact = compact
		l.s.header.Render(v)
		l.s.shown.Render(v)
	}
	l.compact = compact
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
