package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Equal returns the parts that are shown beside each other, all of the same width.
func Equal(space float32, parts ...fyne.CanvasObject) *fyne.Container {
	return container.New(&equalLayout{space}, parts...)
}

type equalLayout struct{ space float32 }

func (l *equalLayout) grid(objects []fyne.CanvasObject) *gridLayout {
	list, _ := (&gridLayout{columns: 1}).cells(objects)
	return &gridLayout{columns: max(1, len(list)), space: l.space}
}

func (l *equalLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return l.grid(objects).MinSize(objects)
}

func (l *equalLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	l.grid(objects).Layout(objects, s)
}

// Capped returns o, which scrolls where it is higher than most.
func Capped(most float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&cappedLayout{most, o}, container.NewVScroll(o))
}

type cappedLayout struct {
	most  float32
	inner fyne.CanvasObject
}

func (l *cappedLayout) heightFor(_ []fyne.CanvasObject, width float32) float32 {
	return min(l.most, HeightOf(l.inner, width))
}

func (l *cappedLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	m := l.inner.MinSize()
	return fyne.NewSize(m.Width, min(l.most, m.Height))
}

func (l *cappedLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	place(objects[0], 0, 0, s.Width, s.Height)
}
