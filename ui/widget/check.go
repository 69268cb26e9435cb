package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// Check is a line that goes along or not: a box, a word and a figure.
type Check struct {
	control
	text, figure string
	on           bool
	name         func(bool) string
	// OnChanged is called when the user changed the choice; it may be nil.
	OnChanged func()
}

// NewCheck returns a line that is chosen. name gives its accessible name.
func NewCheck(text string, name func(on bool) string) *Check {
	c := &Check{text: text, on: true, name: name}
	c.init(c, name(true), func() {
		c.on = !c.on
		c.label = c.name(c.on)
		c.Refresh()
		if c.OnChanged != nil {
			c.OnChanged()
		}
	})
	return c
}

// Set changes text and figure.
func (c *Check) Set(text, figure string) {
	if c.text != text || c.figure != figure {
		c.text, c.figure = text, figure
		c.Refresh()
	}
}

// On reports whether the line is chosen.
func (c *Check) On() bool { return c.on }

// Word returns the text shown.
func (c *Check) Word() string { return c.text }

// CreateRenderer is for Fyne.
func (c *Check) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newRect(3), newRect(theme.RadiusInput), newRect(theme.RadiusInput)
	tick := newImage()
	text := NewText("", Style{})
	figure := NewText("", Style{Size: theme.SizeCaption, Role: theme.Text2})
	r := &renderer{objects: []fyne.CanvasObject{veil, box, tick, text, figure, ring}}
	r.layout = func(s fyne.Size) {
		place(veil, 0, 0, s.Width, s.Height)
		place(ring, 0, 0, s.Width, s.Height)
		place(box, 14, (s.Height-18)/2, 18, 18)
		place(tick, 14, (s.Height-18)/2, 18, 18)
		f := figure.MinSize()
		place(text, 46, (s.Height-text.MinSize().Height)/2, max(0, s.Width-46-f.Width-20), text.MinSize().Height)
		place(figure, s.Width-f.Width-12, (s.Height-f.Height)/2, f.Width, f.Height)
	}
	r.min = func() fyne.Size { return fyne.NewSize(160, 40) }
	r.refresh = func() {
		text.SetText(c.text)
		figure.SetText(c.figure)
		if c.on {
			paint(c, box, theme.AccentInk, theme.Clear, 0)
			setIcon(c, tick, theme.Check, theme.OnAccent)
		} else {
			paint(c, box, theme.Surface, theme.Border, 2)
			tick.Hide()
		}
		c.paintState(veil, ring)
		r.layout(c.Size())
	}
	r.refresh()
	return r
}
