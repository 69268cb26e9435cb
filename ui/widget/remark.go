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
	// action is what the remark offers, nil for nothing.
	action *PillButton
	// OnTap is what a press beside the action does.
	OnTap func()
}

var _ fyne.Tappable = (*Remark)(nil)

// Tapped is for Fyne.
func (r *Remark) Tapped(*fyne.PointEvent) {
	if r.OnTap != nil {
		r.OnTap()
	}
}

// NewRemark returns a remark; with a word it has a button, which does act.
func NewRemark(tone Tone, g theme.Glyph, text, word string, act func()) *Remark {
	_, inkRole := tone.Colours()
	r := &Remark{tone: tone, glyph: g, text: NewText(text, Style{Role: inkRole, Wrap: true, Leading: 1.38})}
	if word != "" {
		fill := map[Tone]Fill{ToneWarning: RaisedWarning, ToneDanger: RaisedDanger}[tone]
		if fill == Plain {
			fill = Raised
		}
		r.action = NewPill(word, "", fill, HeightSmall, act)
	}
	r.ExtendBaseWidget(r)
	return r
}

// AccessibilityLabel is the text.
func (r *Remark) AccessibilityLabel() string { return r.text.text }

// AccessibilityRole is text.
func (r *Remark) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// HeightFor returns the height at a width.
func (r *Remark) HeightFor(width float32) float32 {
	return max(44, r.text.HeightFor(width-56-r.actionWidth())+24)
}

// actionWidth is the room that the button takes.
func (r *Remark) actionWidth() float32 {
	if r.action == nil {
		return 0
	}
	return r.action.MinSize().Width + 4
}

// Parts are what it consists of.
func (r *Remark) Parts() []fyne.CanvasObject {
	if r.action == nil {
		return nil
	}
	return []fyne.CanvasObject{r.action}
}

// CreateRenderer is for Fyne.
func (r *Remark) CreateRenderer() fyne.WidgetRenderer {
	box := newRect(theme.RadiusCard)
	img := newImage()
	d := &renderer{objects: []fyne.CanvasObject{box, img, r.text}}
	if r.action != nil {
		d.objects = append(d.objects, r.action)
	}
	d.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(img, 12, 12, 20, 20)
		w := s.Width - 56 - r.actionWidth()
		h := r.text.HeightFor(w)
		place(r.text, 44, (s.Height-h)/2, w, h)
		if r.action != nil {
			m := r.action.MinSize()
			place(r.action, s.Width-m.Width-4, (s.Height-m.Height)/2, m.Width, m.Height)
		}
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
