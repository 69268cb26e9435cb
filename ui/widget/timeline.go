package widget

import (
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

func (t *TimeLine) color(i int) color.Color {
	if i < t.lit {
		return ink(t, t.role)
	}
	return ink(t, theme.Line)
}

// CreateRenderer is for Fyne.
func (t *TimeLine) CreateRenderer() fyne.WidgetRenderer {
	var r fyne.WidgetRenderer
	t.row, r = segmentRow(t.segments, timeLineHeight, 2, t.color)
	return r
}
