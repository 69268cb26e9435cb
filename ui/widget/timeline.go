package widget

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// timeLineHeight is the height of a TimeLine, in units.
const timeLineHeight float32 = 4

// TimeLine shows how much of a time is left as a line of segments: one small picture.
type TimeLine struct {
	fynewidget.BaseWidget
	segments, lit int
	role          fyne.ThemeColorName
	row           *canvas.Raster
}

// NewTimeLine returns a line on which nothing is left.
func NewTimeLine(segments int) *TimeLine {
	t := &TimeLine{segments: segments, role: theme.Accent}
	t.ExtendBaseWidget(t)
	return t
}

// Set shows a part from 0 to 1 in a colour. It draws only what has changed.
func (t *TimeLine) Set(part float64, role fyne.ThemeColorName) {
	lit := int(math.Ceil(max(0, min(part, 1)) * float64(t.segments)))
	if lit == t.lit && role == t.role {
		return
	}
	t.lit, t.role = lit, role
	if t.row != nil {
		t.row.Refresh()
	}
}

func (t *TimeLine) draw(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	scale := float64(w) / float64(t.row.Size().Width)
	step := (float64(w) + segmentGap*scale) / float64(t.segments)
	for i := range t.segments {
		left := float64(i) * step
		role := theme.Line
		if i < t.lit {
			role = t.role
		}
		at := image.Rect(int(math.Round(left)), 0, int(math.Round(left+step-segmentGap*scale)), h)
		drawRounded(img, at, 2*scale, ink(t, role), color.Transparent, 0)
	}
	return img
}

// CreateRenderer is for Fyne.
func (t *TimeLine) CreateRenderer() fyne.WidgetRenderer {
	t.row = canvas.NewRaster(t.draw)
	return &renderer{
		objects: []fyne.CanvasObject{t.row},
		layout:  func(s fyne.Size) { place(t.row, 0, (s.Height-timeLineHeight)/2, s.Width, timeLineHeight) },
		min:     func() fyne.Size { return fyne.NewSize(float32(t.segments)*6, timeLineHeight) },
		refresh: t.row.Refresh,
	}
}
