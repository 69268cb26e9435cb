package widget

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// segmentGap is the space between two segments, in units.
const segmentGap = 3

// segmentRow is a line of n rounded segments with the colours that color gives them, on
// whole pixels: one small picture, since the number of objects in a window is what
// drawing it costs. height and radius are in units.
func segmentRow(n int, height float32, radius float64, color func(i int) color.Color) (*canvas.Raster, fyne.WidgetRenderer) {
	var row *canvas.Raster
	row = canvas.NewRaster(func(w, h int) image.Image {
		return drawSegments(w, h, float64(w)/float64(row.Size().Width), n, radius, color)
	})
	return row, &renderer{
		objects: []fyne.CanvasObject{row},
		layout:  func(s fyne.Size) { place(row, 0, (s.Height-height)/2, s.Width, height) },
		min:     func() fyne.Size { return fyne.NewSize(float32(n)*6, height) },
		refresh: row.Refresh,
	}
}

// drawSegments draws the segments at scale pixels a unit.
func drawSegments(w, h int, scale float64, n int, radius float64, ink func(i int) color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	step := (float64(w) + segmentGap*scale) / float64(n)
	for i := range n {
		left := float64(i) * step
		at := image.Rect(int(math.Round(left)), 0, int(math.Round(left+step-segmentGap*scale)), h)
		drawRounded(img, at, radius*scale, ink(i), color.Transparent, 0)
	}
	return img
}
