package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Mark is the phone's mark: a handset lifted above a line.
type Mark struct {
	fynewidget.BaseWidget
	size float32
}

// NewMark returns the mark, size units wide and high.
func NewMark(size float32) *Mark {
	m := &Mark{size: size}
	m.ExtendBaseWidget(m)
	return m
}

// MinSize is the mark's size.
func (m *Mark) MinSize() fyne.Size { return fyne.NewSquareSize(m.size) }

// CreateRenderer is for Fyne.
func (m *Mark) CreateRenderer() fyne.WidgetRenderer {
	img := &canvas.Image{FillMode: canvas.ImageFillContain}
	r := &markRenderer{m, img}
	r.Refresh()
	return r
}

type markRenderer struct {
	mark *Mark
	img  *canvas.Image
}

func (r *markRenderer) Layout(s fyne.Size)           { r.img.Resize(s) }
func (r *markRenderer) MinSize() fyne.Size           { return r.mark.MinSize() }
func (r *markRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.img} }
func (r *markRenderer) Destroy()                     {}
func (r *markRenderer) Refresh() {
	r.img.Resource = theme.MarkIcon(fynetheme.ColorForWidget(theme.Accent, r.mark), fynetheme.ColorForWidget(theme.OnAccent, r.mark))
	r.img.Refresh()
}
