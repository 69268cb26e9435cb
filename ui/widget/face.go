package widget

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// face is the filled and outlined shape of a control. Fyne draws the whole
// window for each change in it, and a rounded rectangle by a formula for each of
// its pixels; without a graphics card that is most of what a meter beside it
// costs. A face is computed once and lies ready as a picture.
type face struct {
	on *canvas.Raster // what lies in the window

	radius     float32
	fill, line color.Color
	width      float32 // of the line, within the shape
}

func newFace(radius float32) *face {
	f := &face{radius: radius, fill: color.Transparent, line: color.Transparent}
	f.on = canvas.NewRaster(f.draw)
	f.on.Hide()
	return f
}

// paint sets the colours. It draws only what has changed.
func (f *face) paint(w fyne.Widget, fill, line fyne.ThemeColorName, width float32) {
	f.set(f.radius, ink(w, fill), ink(w, line), width)
}

// round sets the radius of the corners.
func (f *face) round(radius float32) { f.set(radius, f.fill, f.line, f.width) }

func (f *face) set(radius float32, fill, line color.Color, width float32) {
	if f.radius == radius && f.fill == fill && f.line == line && f.width == width {
		return
	}
	f.radius, f.fill, f.line, f.width = radius, fill, line, width
	if fill == color.Transparent && (line == color.Transparent || width == 0) {
		f.on.Hide() // drawing nothing takes as long as drawing something
		return
	}
	f.on.Show()
	f.on.Refresh()
}

func (f *face) draw(w, h int) image.Image {
	if f.radius == 0 && f.width == 0 {
		w, h = 1, 1 // Fyne stretches it
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	scale := float64(w) / float64(f.on.Size().Width)
	drawRounded(img, img.Rect, float64(f.radius)*scale, f.fill, f.line, math.Round(float64(f.width)*scale))
	return img
}

// drawRounded draws a rectangle with round corners into img, over nothing: its
// fill, and a line of a width within its edge. All lengths are in pixels.
func drawRounded(img *image.RGBA, at image.Rectangle, radius float64, fill, line color.Color, width float64) {
	in, out := premultiplied(fill), premultiplied(line)
	if width <= 0 {
		out = in
	}
	halfW, halfH := float64(at.Dx())/2, float64(at.Dy())/2
	radius = min(radius, halfW, halfH)
	for y := at.Min.Y; y < at.Max.Y; y++ {
		row := img.Pix[img.PixOffset(at.Min.X, y):]
		fromMiddleY := math.Abs(float64(y-at.Min.Y) + 0.5 - halfH)
		for x := range at.Dx() {
			fromMiddleX := math.Abs(float64(x) + 0.5 - halfW)
			depth := depthIn(halfW-fromMiddleX, halfH-fromMiddleY, radius)
			shape, inner := covered(depth), covered(depth-width)
			for i := range 4 {
				row[4*x+i] = uint8(in[i]*inner + out[i]*(shape-inner) + 0.5)
			}
		}
	}
}

// depthIn is how deep a point lies within a rounded rectangle, given its depths
// behind the nearer edges of either direction; negative outside.
func depthIn(x, y, radius float64) float64 {
	if x >= radius || y >= radius {
		return min(x, y)
	}
	return radius - math.Hypot(radius-x, radius-y)
}

// covered is how much of a pixel a shape covers whose edge is so far from its
// middle.
func covered(depth float64) float64 { return min(1, max(0, depth+0.5)) }

func premultiplied(c color.Color) [4]float64 {
	r, g, b, a := c.RGBA()
	return [4]float64{float64(r) / 257, float64(g) / 257, float64(b) / 257, float64(a) / 257}
}
