package widget

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Meter shows a loudness as a line of segments: one small picture, since the
// number of objects in a window is what drawing it costs.
type Meter struct {
	fynewidget.BaseWidget
	segments int
	lit      int
	row      *canvas.Raster
}

// NewMeter returns a dark meter with 14 to 20 segments.
func NewMeter(segments int) *Meter {
	m := &Meter{segments: segments}
	m.ExtendBaseWidget(m)
	return m
}

// SetLevel shows a level of 0 (silence) to 1 (full scale), on a scale of
// decibels from -54 up. It reports whether anything changed.
func (m *Meter) SetLevel(level float64) bool { return m.light(Lit(level, m.segments)) }

// Lit returns how many of n segments a level of 0 to 1 lights.
func Lit(level float64, n int) int {
	if level <= 0 || math.IsNaN(level) {
		return 0
	}
	const floor = 54
	db := 20 * math.Log10(min(level, 1))
	return int(math.Round(max(0, db+floor) / floor * float64(n)))
}

func (m *Meter) light(lit int) bool {
	if lit == m.lit {
		return false
	}
	m.lit = lit
	if m.row != nil {
		m.row.Refresh()
	}
	return true
}

// LitSegments returns how many segments are lit.
func (m *Meter) LitSegments() int { return m.lit }

func (m *Meter) color(i int) color.Color {
	switch {
	case i >= m.lit:
		return ink(m, theme.Line)
	case i*5 >= m.segments*4:
		return ink(m, theme.Warning)
	default:
		return ink(m, theme.Success)
	}
}

// meterHeight is the height of a meter, in units.
const meterHeight = 8

// CreateRenderer is for Fyne.
func (m *Meter) CreateRenderer() fyne.WidgetRenderer {
	var r fyne.WidgetRenderer
	m.row, r = segmentRow(m.segments, meterHeight, 3, m.color)
	return r
}
