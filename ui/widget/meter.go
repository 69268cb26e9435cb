package widget

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Meter shows a loudness as a line of segments. Only the segments that change
// are drawn anew.
type Meter struct {
	fynewidget.BaseWidget
	segments int
	lit      int
	rects    []*canvas.Rectangle
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
	from, to := min(lit, m.lit), max(lit, m.lit)
	m.lit = lit
	for i := from; i < to && i < len(m.rects); i++ {
		m.rects[i].FillColor = m.color(i)
		m.rects[i].Refresh()
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

// CreateRenderer is for Fyne.
func (m *Meter) CreateRenderer() fyne.WidgetRenderer {
	r := &renderer{}
	m.rects = nil
	for i := 0; i < m.segments; i++ {
		rect := newRect(3)
		m.rects = append(m.rects, rect)
		r.objects = append(r.objects, rect)
	}
	r.layout = func(s fyne.Size) {
		w := (s.Width - 3*float32(m.segments-1)) / float32(m.segments)
		for i, rect := range m.rects {
			place(rect, float32(i)*(w+3), (s.Height-8)/2, w, 8)
		}
	}
	r.min = func() fyne.Size { return fyne.NewSize(float32(m.segments)*6, 8) }
	r.refresh = func() {
		for i, rect := range m.rects {
			rect.FillColor = m.color(i)
		}
	}
	r.refresh()
	return r
}
