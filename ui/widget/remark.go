package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Remark is a passing message that lies over the window. A press on it is for it: it
// never reaches what is hidden below.
type Remark struct {
	fynewidget.BaseWidget
	tone  Tone
	glyph theme.Glyph
	text  *Text
	// OnTap is what a press does.
	OnTap func()
}

var _ fyne.Tappable = (*Remark)(nil)

// Tapped is for Fyne.
func (r *Remark) Tapped(*fyne.PointEvent) {
	if r.OnTap != nil {
		r.OnTap()
	}
}

// NewRemark returns a remark.
func NewRemark(tone Tone, g theme.Glyph, text string) *Remark {
	_, inkRole := tone.Colours()
	r := &Remark{tone: tone, glyph: g, text: NewText(text, Style{Role: inkRole, Wrap: true, Leading: 1.38})}
	r.ExtendBaseWidget(r)
	return r
}

// AccessibilityLabel is the text.
func (r *Remark) AccessibilityLabel() string { return r.text.text }

// AccessibilityRole is text.
func (r *Remark) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// HeightFor returns the height at a width.
func (r *Remark) HeightFor(width float32) float32 { return max(44, r.text.HeightFor(width-56)+24) }

// CreateRenderer is for Fyne.
func (r *Remark) CreateRenderer() fyne.WidgetRenderer {
	box := newRect(theme.RadiusCard)
	img := newImage()
	d := &renderer{objects: []fyne.CanvasObject{box, img, r.text}}
	d.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(img, 12, 12, 20, 20)
		h := r.text.HeightFor(s.Width - 56)
		place(r.text, 44, (s.Height-h)/2, s.Width-56, h)
	}
	d.min = func() fyne.Size { return fyne.NewSize(120, r.HeightFor(max(120, r.Size().Width))) }
	d.refresh = func() {
		soft, inkRole := r.tone.Colours()
		paint(r, box, soft, theme.Line, 1)
		box.Shadow = canvas.Shadow{Color: ink(r, theme.Shadow), BlurRadius: 12, Offset: fyne.NewPos(0, 3)}
		setIcon(r, img, r.glyph, inkRole)
	}
	d.refresh()
	return d
}
