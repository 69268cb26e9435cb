package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Progress is a thin bar that fills.
type Progress struct {
	fynewidget.BaseWidget
	part float64
}

// NewProgress returns an empty bar.
func NewProgress() *Progress {
	p := &Progress{}
	p.ExtendBaseWidget(p)
	return p
}

// Set fills the bar to part, 0 to 1.
func (p *Progress) Set(part float64) {
	p.part = max(0, min(1, part))
	p.Refresh()
}

// CreateRenderer is for Fyne.
func (p *Progress) CreateRenderer() fyne.WidgetRenderer {
	track, bar := newRect(4), newRect(4)
	r := &renderer{objects: []fyne.CanvasObject{track, bar}}
	r.layout = func(s fyne.Size) {
		place(track, 0, (s.Height-8)/2, s.Width, 8)
		place(bar, 0, (s.Height-8)/2, s.Width*float32(p.part), 8)
	}
	r.min = func() fyne.Size { return fyne.NewSize(60, 8) }
	r.refresh = func() {
		paint(p, track, theme.Line, theme.Clear, 0)
		paint(p, bar, theme.Accent, theme.Clear, 0)
		r.layout(p.Size())
	}
	r.refresh()
	return r
}
