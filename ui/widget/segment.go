package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// Segment is one half of a switch between two lists.
type Segment struct {
	control
	text   string
	glyph  theme.Glyph
	chosen bool
	count  int
}

// NewSegment returns a segment that is not chosen.
func NewSegment(text string, g theme.Glyph, onTap func()) *Segment {
	s := &Segment{text: text, glyph: g}
	s.init(s, text, onTap)
	return s
}

// SetChosen marks the segment.
func (s *Segment) SetChosen(on bool) {
	if s.chosen != on {
		s.chosen = on
		s.Refresh()
	}
}

// SetCount shows a number after the word.
func (s *Segment) SetCount(n int) {
	if s.count != n {
		s.count = n
		s.Refresh()
	}
}

// CreateRenderer is for Fyne.
func (s *Segment) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newRect(20), newRect(20), newRect(20)
	img := newImage()
	text := NewText(s.text, Style{})
	count := NewCount(0)
	r := &renderer{objects: []fyne.CanvasObject{box, veil, img, text, count, ring}}
	r.layout = func(size fyne.Size) {
		place(box, 0, 0, size.Width, size.Height)
		place(veil, 0, 0, size.Width, size.Height)
		place(ring, 0, 0, size.Width, size.Height)
		m := text.MinSize()
		icon := float32(0)
		if s.glyph != "" {
			icon = 24
		}
		c := float32(0)
		if s.count > 0 {
			c = count.MinSize().Width + 6
		}
		x := (size.Width - icon - m.Width - c) / 2
		place(img, x, (size.Height-18)/2, 18, 18)
		place(text, x+icon, (size.Height-m.Height)/2, m.Width, m.Height)
		place(count, x+icon+m.Width+6, (size.Height-20)/2, count.MinSize().Width, 20)
	}
	r.min = func() fyne.Size { return fyne.NewSize(80, 40) }
	r.refresh = func() {
		role := theme.Text2
		if s.chosen {
			role = theme.AccentInk
			paint(s, box, theme.Surface, theme.Accent, 2)
		} else {
			paint(s, box, theme.Clear, theme.Clear, 0)
		}
		text.style.Bold, text.style.Role = s.chosen, role
		text.Refresh()
		setIcon(s, img, s.glyph, role)
		count.Set(s.count)
		s.paintState(veil, ring)
		r.layout(s.Size())
	}
	r.refresh()
	return r
}
