package widget

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// tipDelay is how long the pointer rests before its tip appears.
const tipDelay = 600 * time.Millisecond

// Tips is the layer of a window on which the words beside the pointer appear. It
// takes no taps.
type Tips struct {
	layer *fyne.Container
	// after runs f on the window's thread once d has passed, unless stop is
	// called before.
	after func(d time.Duration, f func()) (stop func())
	stop  func()
}

// NewTips returns an empty layer. after runs a function on the window's thread
// later; nil shows no tips at all.
func NewTips(after func(time.Duration, func()) (stop func())) *Tips {
	return &Tips{layer: container.NewWithoutLayout(), after: after}
}

// Layer is what the window puts over its content.
func (t *Tips) Layer() fyne.CanvasObject { return t.layer }

// Show shows text near o after a short rest.
func (t *Tips) Show(o fyne.CanvasObject, text string) {
	t.Hide()
	if t.after == nil {
		return
	}
	t.stop = t.after(tipDelay, func() { t.put(o, text) })
}

func (t *Tips) put(o fyne.CanvasObject, text string) {
	cv := canvasOf(o)
	if cv == nil || !o.Visible() {
		return
	}
	b := newBubble(text)
	m := b.MinSize()
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
	x := at.X + (o.Size().Width-m.Width)/2
	x = max(4, min(x, cv.Size().Width-m.Width-4))
	y := at.Y + o.Size().Height + 4
	if y+m.Height > cv.Size().Height-4 {
		y = at.Y - m.Height - 4
	}
	place(b, x, y, m.Width, m.Height)
	t.layer.Objects = []fyne.CanvasObject{b}
	t.layer.Refresh()
}

// Hide takes the tip away.
func (t *Tips) Hide() {
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
	if len(t.layer.Objects) > 0 {
		t.layer.Objects = nil
		t.layer.Refresh()
	}
}

// bubble is one tip.
type bubble struct {
	fynewidget.BaseWidget
	text *Text
}

func newBubble(text string) *bubble {
	b := &bubble{text: NewText(text, Style{Size: theme.SizeCaption, Role: theme.Window})}
	b.ExtendBaseWidget(b)
	return b
}

func (b *bubble) CreateRenderer() fyne.WidgetRenderer {
	box := newRect(6)
	r := &renderer{objects: []fyne.CanvasObject{box, b.text}}
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(b.text, 8, (s.Height-b.text.MinSize().Height)/2, s.Width-16, b.text.MinSize().Height)
	}
	r.min = func() fyne.Size { return b.text.MinSize().Add(fyne.NewSize(16, 8)) }
	r.refresh = func() { paint(b, box, theme.Text, theme.Clear, 0) }
	r.refresh()
	return r
}
