package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"
)

// DragGround lets the user drag its window by the content that lies on it.
type DragGround struct {
	fynewidget.BaseWidget
	content fyne.CanvasObject
	// OnDrag is called for each move of a drag, OnEnd when the drag ends.
	OnDrag, OnEnd func()
}

var _ fyne.Draggable = (*DragGround)(nil)

// NewDragGround returns a ground under content.
func NewDragGround(content fyne.CanvasObject) *DragGround {
	g := &DragGround{content: content}
	g.ExtendBaseWidget(g)
	return g
}

// Parts are what lies on the ground.
func (g *DragGround) Parts() []fyne.CanvasObject { return []fyne.CanvasObject{g.content} }

// CreateRenderer is for Fyne.
func (g *DragGround) CreateRenderer() fyne.WidgetRenderer {
	return fynewidget.NewSimpleRenderer(g.content)
}

// Dragged is for Fyne.
func (g *DragGround) Dragged(*fyne.DragEvent) {
	if g.OnDrag != nil {
		g.OnDrag()
	}
}

// DragEnd is for Fyne.
func (g *DragGround) DragEnd() {
	if g.OnEnd != nil {
		g.OnEnd()
	}
}
