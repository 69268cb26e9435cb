package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// Chip is a choice among several.
type Chip struct {
	control
	text   string
	chosen bool
	pad    float32
}

// NewChip returns a chip that is not chosen.
func NewChip(text string, onTap func()) *Chip {
	c := &Chip{text: text, pad: 30}
	c.init(c, text, onTap)
	return c
}

// NewAnswer returns a short chip, such as yes or no.
func NewAnswer(text string, onTap func()) *Chip {
	c := NewChip(text, onTap)
	c.pad = 24
	return c
}

// SetChosen marks the chip.
func (c *Chip) SetChosen(on bool) {
	if c.chosen != on {
		c.chosen = on
		c.Refresh()
	}
}

// Chosen reports whether the chip is marked.
func (c *Chip) Chosen() bool { return c.chosen }

// CreateRenderer is for Fyne.
func (c *Chip) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newFace(20), newRect(20), newRect(23)
	img := newImage()
	text := NewText(c.text, Style{})
	r := &renderer{objects: []fyne.CanvasObject{box.on, veil, img, text, ring}}
	tick := func() float32 {
		if c.chosen {
			return 24
		}
		return 0
	}
	r.layout = func(s fyne.Size) {
		place(box.on, 0, 0, s.Width, s.Height)
		place(veil, 0, 0, s.Width, s.Height)
		place(ring, -3, -3, s.Width+6, s.Height+6)
		m := text.MinSize()
		x := (s.Width - m.Width - tick()) / 2
		place(img, x-1, (s.Height-20)/2, 20, 20)
		place(text, x+tick(), (s.Height-m.Height)/2, m.Width, m.Height)
	}
	r.min = func() fyne.Size { return fyne.NewSize(text.MinSize().Width+tick()+c.pad, 40) }
	r.refresh = func() {
		text.text = c.text
		text.style.Bold, text.style.Role = c.chosen, theme.Text
		if c.chosen {
			text.style.Role = theme.AccentInk
			box.paint(c, theme.AccentSoft, theme.Accent, 2)
			setIcon(c, img, theme.Check, theme.AccentInk)
		} else {
			box.paint(c, theme.Surface, theme.Border, 1)
			img.Hide()
		}
		text.Refresh()
		c.paintState(veil, ring)
	}
	r.refresh()
	return r
}
