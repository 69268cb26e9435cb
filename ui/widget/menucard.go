package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// MenuCard is the ground of a menu, the only part of the phone with a shadow.
type MenuCard struct {
	fynewidget.BaseWidget
	content fyne.CanvasObject
}

// NewMenuCard returns content on the ground of a menu.
func NewMenuCard(content fyne.CanvasObject) *MenuCard {
	c := &MenuCard{content: content}
	c.ExtendBaseWidget(c)
	return c
}

// HeightFor returns the height at a width.
func (c *MenuCard) HeightFor(width float32) float32 { return HeightOf(c.content, width) }

// Parts are what lies on the card.
func (c *MenuCard) Parts() []fyne.CanvasObject { return []fyne.CanvasObject{c.content} }

// CreateRenderer is for Fyne.
func (c *MenuCard) CreateRenderer() fyne.WidgetRenderer {
	box := newRect(theme.RadiusCard)
	r := &renderer{objects: []fyne.CanvasObject{box, c.content}}
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(c.content, 0, 0, s.Width, s.Height)
	}
	r.min = func() fyne.Size { return c.content.MinSize() }
	r.refresh = func() {
		paint(c, box, theme.Surface, theme.Line, 1)
		box.Shadow = canvas.Shadow{Color: ink(c, theme.Shadow), BlurRadius: 18, Offset: fyne.NewPos(0, 5)}
	}
	r.refresh()
	return r
}
