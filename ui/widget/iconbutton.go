package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// IconButton is a round button with an icon and no word.
type IconButton struct {
	control
	glyph theme.Glyph
	role  fyne.ThemeColorName
	fill  fyne.ThemeColorName
	size  float32
	icon  float32
}

// NewIconButton returns a button of 40 units. label is its accessible name and
// its tip.
func NewIconButton(label string, g theme.Glyph, role fyne.ThemeColorName, tips *Tips, onTap func()) *IconButton {
	b := &IconButton{glyph: g, role: role, fill: theme.Clear, size: 40, icon: 20}
	b.init(b, label, onTap)
	b.SetTip(tips, label)
	return b
}

// NewRoundButton returns a filled round button of size units.
func NewRoundButton(label string, g theme.Glyph, role, fill fyne.ThemeColorName, size float32, tips *Tips, onTap func()) *IconButton {
	b := NewIconButton(label, g, role, tips, onTap)
	b.fill, b.size = fill, size
	return b
}

// SetIconSize changes how large the icon is; it is 20 units else.
func (b *IconButton) SetIconSize(size float32) { b.icon = size }

// Set changes name and icon.
func (b *IconButton) Set(label string, g theme.Glyph) {
	b.label, b.tipText = label, label
	if b.glyph != g {
		b.glyph = g
		b.Refresh()
	}
}

// SetFill changes the colours of icon and ground.
func (b *IconButton) SetFill(role, fill fyne.ThemeColorName) {
	if b.role != role || b.fill != fill {
		b.role, b.fill = role, fill
		b.Refresh()
	}
}

// CreateRenderer is for Fyne.
func (b *IconButton) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newRect(b.size/2), newRect(b.size/2), newRect(b.size/2)
	img := newImage()
	r := &renderer{objects: []fyne.CanvasObject{box, veil, img, ring}}
	r.layout = func(s fyne.Size) {
		x, y := (s.Width-b.size)/2, (s.Height-b.size)/2
		place(box, x, y, b.size, b.size)
		place(veil, x, y, b.size, b.size)
		place(ring, x, y, b.size, b.size)
		place(img, (s.Width-b.icon)/2, (s.Height-b.icon)/2, b.icon, b.icon)
	}
	r.min = func() fyne.Size { return fyne.NewSquareSize(b.size) }
	r.refresh = func() {
		role := b.role
		if b.disabled {
			role = theme.Disabled
		}
		paint(b, box, b.fill, theme.Clear, 0)
		setIcon(b, img, b.glyph, role)
		b.paintState(veil, ring)
	}
	r.refresh()
	return r
}
