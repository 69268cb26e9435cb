package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// Selector is a field that opens a list and shows what is chosen in it.
type Selector struct {
	control
	name  string
	glyph theme.Glyph
	// opens is the icon at the end.
	opens theme.Glyph
	value string
}

// NewSelector returns an empty selector. name is what is chosen; g may be "".
func NewSelector(name string, g theme.Glyph, onTap func()) *Selector {
	s := &Selector{name: name, glyph: g, opens: theme.ChevronDown}
	s.init(s, name, onTap)
	return s
}

// NewDaySelector returns an empty selector of a day.
func NewDaySelector(name string, onTap func()) *Selector {
	s := NewSelector(name, "", onTap)
	s.opens = theme.Calendar
	return s
}

// Set shows another value.
func (s *Selector) Set(value string) {
	s.label = s.name + ": " + value
	if s.value != value {
		s.value = value
		s.Refresh()
	}
}

// Word returns the value shown.
func (s *Selector) Word() string { return s.value }

// CreateRenderer is for Fyne.
func (s *Selector) CreateRenderer() fyne.WidgetRenderer {
	box, veil, outline := newRect(theme.RadiusInput), newRect(theme.RadiusInput), newRect(theme.RadiusInput)
	img, down := newImage(), newImage()
	text := NewText("", Style{Least: 10})
	r := &renderer{objects: []fyne.CanvasObject{box, veil, img, text, down, outline}}
	r.layout = func(size fyne.Size) {
		place(box, 0, 0, size.Width, size.Height)
		place(veil, 0, 0, size.Width, size.Height)
		place(outline, 0, 0, size.Width, size.Height)
		x, end := float32(13), float32(29)
		if s.glyph != "" {
			place(img, x, (size.Height-20)/2, 20, 20)
			x, end = 41, 33
		}
		if s.opens == theme.Calendar {
			end = 33
		}
		h := text.MinSize().Height
		place(text, x, (size.Height-h)/2, max(0, size.Width-x-end-4), h)
		place(down, size.Width-end, (size.Height-20)/2, 20, 20)
	}
	r.min = func() fyne.Size { return fyne.NewSize(120, HeightButton) }
	r.refresh = func() {
		paint(s, box, theme.Surface, theme.Clear, 0)
		line, width := theme.Border, float32(1)
		if s.ring {
			line, width = theme.Accent, 2
		}
		paint(s, outline, theme.Clear, line, width)
		setIcon(s, img, s.glyph, theme.Text2)
		setIcon(s, down, s.opens, theme.Text2)
		text.SetText(s.value)
		ring := newRect(0)
		s.paintState(veil, ring)
	}
	r.refresh()
	return r
}
