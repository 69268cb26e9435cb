package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"

	"offhook/ui/theme"
)

// renderer is a fyne.WidgetRenderer made of functions.
type renderer struct {
	objects []fyne.CanvasObject
	layout  func(fyne.Size)
	min     func() fyne.Size
	refresh func()
	destroy func()
}

func (r *renderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *renderer) Layout(s fyne.Size)           { r.layout(s) }
func (r *renderer) MinSize() fyne.Size           { return r.min() }

func (r *renderer) Refresh() {
	if r.refresh != nil {
		r.refresh()
	}
	for _, o := range r.objects {
		if _, ready := o.(*canvas.Raster); !ready { // a face knows when it changes
			o.Refresh()
		}
	}
}

func (r *renderer) Destroy() {
	if r.destroy != nil {
		r.destroy()
	}
}

// ink returns the colour of a role for w. No colour is color.Transparent itself,
// which alone Fyne does not draw: drawing nothing over half of the window takes
// as long as drawing something.
func ink(w fyne.Widget, role fyne.ThemeColorName) color.Color {
	if role == theme.Clear {
		return color.Transparent
	}
	return fynetheme.ColorForWidget(role, w)
}

func newRect(radius float32) *canvas.Rectangle {
	r := canvas.NewRectangle(color.Transparent)
	r.CornerRadius = radius
	return r
}

// paint sets the colours of a rectangle.
func paint(w fyne.Widget, r *canvas.Rectangle, fill, line fyne.ThemeColorName, width float32) {
	r.FillColor = ink(w, fill)
	r.StrokeColor = ink(w, line)
	r.StrokeWidth = width
	if width == 0 {
		r.StrokeColor = color.Transparent
	}
}

func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
}

// setIcon shows g in the colour of role, or nothing for "".
func setIcon(w fyne.Widget, img *canvas.Image, g theme.Glyph, role fyne.ThemeColorName) {
	if g == "" {
		img.Hide()
		return
	}
	res := theme.Icon(g, ink(w, role))
	if img.Resource == nil || img.Resource.Name() != res.Name() {
		img.Resource = res
		img.Refresh()
	}
	img.Show()
}

func newImage() *canvas.Image {
	img := &canvas.Image{FillMode: canvas.ImageFillContain}
	img.Hide()
	return img
}
