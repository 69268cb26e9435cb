package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// presenceSize is the size of the mark on a Presence.
const presenceSize float32 = 18

// Presence is the disc of a person with a mark at its lower right that says how they
// stand; without a mark nothing is known.
type Presence struct {
	fynewidget.BaseWidget
	face  *Avatar
	glyph theme.Glyph
	ink   fyne.ThemeColorName
}

// NewPresence returns a disc of size units with the initials of name.
func NewPresence(name string, size float32) *Presence {
	p := &Presence{face: NewAvatar(name, size)}
	p.ExtendBaseWidget(p)
	return p
}

// Set changes the mark, "" for none.
func (p *Presence) Set(g theme.Glyph, ink fyne.ThemeColorName) {
	if p.glyph != g || p.ink != ink {
		p.glyph, p.ink = g, ink
		p.Refresh()
	}
}

// CreateRenderer is for Fyne.
func (p *Presence) CreateRenderer() fyne.WidgetRenderer {
	ground := newFace(presenceSize / 2)
	img := newImage()
	r := &renderer{objects: []fyne.CanvasObject{p.face, ground.on, img}}
	r.layout = func(s fyne.Size) {
		d := p.face.size
		x, y := (s.Width-d)/2, (s.Height-d)/2
		place(p.face, x, y, d, d)
		x, y = x+d-presenceSize+4, y+d-presenceSize+4
		place(ground.on, x, y, presenceSize, presenceSize)
		place(img, x+2, y+2, presenceSize-4, presenceSize-4)
	}
	r.min = func() fyne.Size { return fyne.NewSquareSize(p.face.size) }
	r.refresh = func() {
		setIcon(p, img, p.glyph, p.ink)
		if p.glyph == "" {
			ground.on.Hide()
		} else {
			ground.paint(p, theme.Surface, theme.Clear, 0)
			ground.on.Show()
		}
	}
	r.refresh()
	return r
}
