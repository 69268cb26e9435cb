package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Icon is a still picture in a colour of the theme.
type Icon struct {
	fynewidget.BaseWidget
	glyph theme.Glyph
	role  fyne.ThemeColorName
	size  float32
}

// NewIcon returns an icon, size units wide and high.
func NewIcon(g theme.Glyph, role fyne.ThemeColorName, size float32) *Icon {
	i := &Icon{glyph: g, role: role, size: size}
	i.ExtendBaseWidget(i)
	return i
}

// Set shows another icon or colour. It does nothing if both are the same.
func (i *Icon) Set(g theme.Glyph, role fyne.ThemeColorName) {
	if i.glyph == g && i.role == role {
		return
	}
	i.glyph, i.role = g, role
	i.Refresh()
}

// CreateRenderer is for Fyne.
func (i *Icon) CreateRenderer() fyne.WidgetRenderer {
	img := newImage()
	r := &renderer{objects: []fyne.CanvasObject{img}}
	r.layout = func(s fyne.Size) {
		place(img, (s.Width-i.size)/2, (s.Height-i.size)/2, i.size, i.size)
	}
	r.min = func() fyne.Size { return fyne.NewSquareSize(i.size) }
	r.refresh = func() { setIcon(i, img, i.glyph, i.role) }
	r.refresh()
	return r
}
