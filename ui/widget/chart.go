package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Chart shows the last values of a figure as bars, the newest on the right.
type Chart struct {
	fynewidget.BaseWidget
	values []float64
	count  int
	top    float64
	// good and fair bound the colours: a value no worse than good is green, no
	// worse than fair is amber. More is better when rising.
	good, fair float64
	rising     bool
}

// NewChart returns an empty chart of count bars. top is the least height of the
// scale; good and fair colour the bars, and rising says that more is better.
func NewChart(count int, top, good, fair float64, rising bool) *Chart {
	c := &Chart{count: count, top: top, good: good, fair: fair, rising: rising}
	c.ExtendBaseWidget(c)
	return c
}

// Add puts a value at the right end.
func (c *Chart) Add(v float64) {
	c.values = append(c.values, v)
	if len(c.values) > c.count {
		c.values = c.values[len(c.values)-c.count:]
	}
	c.Refresh()
}

// Clear takes all values away.
func (c *Chart) Clear() {
	c.values = nil
	c.Refresh()
}

func (c *Chart) role(v float64) fyne.ThemeColorName {
	better := func(a, b float64) bool {
		if c.rising {
			return a >= b
		}
		return a <= b
	}
	switch {
	case better(v, c.good):
		return theme.Success
	case better(v, c.fair):
		return theme.Warning
	default:
		return theme.Danger
	}
}

// CreateRenderer is for Fyne.
func (c *Chart) CreateRenderer() fyne.WidgetRenderer {
	base := newRect(0)
	r := &renderer{objects: []fyne.CanvasObject{base}}
	bars := make([]*canvas.Rectangle, c.count)
	for i := range bars {
		bars[i] = newRect(1)
		r.objects = append(r.objects, bars[i])
	}
	r.layout = func(s fyne.Size) {
		place(base, 0, s.Height-1, s.Width, 1)
		top := c.top
		for _, v := range c.values {
			top = max(top, v)
		}
		w := s.Width / float32(c.count)
		for i, b := range bars {
			n := i - (c.count - len(c.values))
			if n < 0 {
				b.Hide()
				continue
			}
			b.Show()
			h := max(2, float32(c.values[n]/top)*(s.Height-2))
			place(b, float32(i)*w, s.Height-1-h, max(1, w-2), h)
		}
	}
	r.min = func() fyne.Size { return fyne.NewSize(80, 36) }
	r.refresh = func() {
		paint(c, base, theme.Line, theme.Clear, 0)
		for i, b := range bars {
			if n := i - (c.count - len(c.values)); n >= 0 {
				paint(c, b, c.role(c.values[n]), theme.Clear, 0)
			}
		}
		r.layout(c.Size())
	}
	r.refresh()
	return r
}
