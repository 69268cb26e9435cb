package widget

import (
	"image"
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
)

var red, blue = color.NRGBA{R: 255, A: 255}, color.NRGBA{B: 255, A: 255}

func TestDrawRounded(t *testing.T) {
	t.Parallel()
	draw := func(fill, line color.Color, radius, width float64) *image.RGBA {
		img := image.NewRGBA(image.Rect(0, 0, 40, 24))
		drawRounded(img, img.Rect, radius, fill, line, width)
		return img
	}
	for _, row := range []struct {
		name string
		img  *image.RGBA
		x, y int
		want color.RGBA
	}{
		{"middle", draw(red, blue, 8, 2), 20, 12, color.RGBA{R: 255, A: 255}},
		{"line", draw(red, blue, 8, 2), 1, 12, color.RGBA{B: 255, A: 255}},
		{"within the line", draw(red, blue, 8, 2), 2, 12, color.RGBA{R: 255, A: 255}},
		{"beyond the corner", draw(red, blue, 8, 2), 0, 0, color.RGBA{}},
		{"square corner", draw(red, blue, 0, 0), 0, 0, color.RGBA{R: 255, A: 255}},
		{"line alone", draw(color.Transparent, blue, 8, 1), 20, 12, color.RGBA{}},
		{"fill that shines through", draw(color.NRGBA{R: 255, A: 128}, blue, 8, 0), 0, 12, color.RGBA{R: 128, A: 128}},
		{"radius over half of the height", draw(red, blue, 100, 0), 39, 0, color.RGBA{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := row.img.RGBAAt(row.x, row.y); got != row.want {
				t.Errorf("%v, want %v", got, row.want)
			}
		})
	}
}

// Half covered pixels weigh half: the area is that of the shape.
func TestDrawRoundedArea(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 72, 72))
	drawRounded(img, img.Rect, 36, red, red, 0)
	area := 0.0
	for i := 3; i < len(img.Pix); i += 4 {
		area += float64(img.Pix[i]) / 255
	}
	if want := math.Pi * 36 * 36; math.Abs(area-want) > want/200 {
		t.Errorf("a disc of %.0f pixels, want %.0f", area, want)
	}
}

// A plain ground is one pixel, whatever its size.
func TestPlainFace(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		radius, width float32
		pixels        int
	}{{0, 0, 1}, {8, 0, 30}, {0, 1, 30}} {
		f := newFace(row.radius)
		f.on.Resize(fyne.NewSize(30, 20))
		f.width = row.width
		if w := f.draw(30, 20).Bounds().Dx(); w != row.pixels {
			t.Errorf("radius %v, line %v: %d pixels wide, want %d", row.radius, row.width, w, row.pixels)
		}
	}
}

func BenchmarkFace(b *testing.B) {
	img := image.NewRGBA(image.Rect(0, 0, 110, 72))
	for b.Loop() {
		drawRounded(img, img.Rect, 16, red, blue, 1)
	}
}
