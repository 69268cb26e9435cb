package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// QualityChip says how good the sound of the call is. It can be pressed when
// onTap is not nil.
type QualityChip struct {
	control
	glyph            theme.Glyph
	word, figure     string
	soft, inkRole    fyne.ThemeColorName
	height, iconSize float32
}

// NewQualityChip returns an empty chip.
func NewQualityChip(onTap func()) *QualityChip {
	q := &QualityChip{height: 28, iconSize: 16, soft: theme.Sunken, inkRole: theme.Text2}
	q.init(q, "", onTap)
	return q
}

// Set changes what the chip shows.
func (q *QualityChip) Set(g theme.Glyph, word, figure string, soft, inkRole fyne.ThemeColorName, label string) {
	q.label = label
	if q.glyph == g && q.word == word && q.figure == figure && q.soft == soft {
		return
	}
	q.glyph, q.word, q.figure, q.soft, q.inkRole = g, word, figure, soft, inkRole
	q.Refresh()
}

// Word returns the word shown.
func (q *QualityChip) Word() string { return q.word }

// CreateRenderer is for Fyne.
func (q *QualityChip) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newFace(14), newRect(14), newRect(16)
	img := newImage()
	word := NewText("", Style{Size: theme.SizeCaption, Bold: true})
	figure := NewText("", Style{Size: theme.SizeCaption})
	r := &renderer{objects: []fyne.CanvasObject{box.on, veil, img, word, figure, ring}}
	r.layout = func(s fyne.Size) {
		place(box.on, 0, 0, s.Width, s.Height)
		place(veil, 0, 0, s.Width, s.Height)
		place(ring, -2, -2, s.Width+4, s.Height+4)
		h := word.MinSize().Height
		place(img, 9, (s.Height-q.iconSize)/2, q.iconSize, q.iconSize)
		place(word, 30, (s.Height-h)/2, word.MinSize().Width, h)
		place(figure, 30+word.MinSize().Width+7, (s.Height-h)/2, figure.MinSize().Width, h)
	}
	r.min = func() fyne.Size {
		w := 30 + word.MinSize().Width + 12
		if q.figure != "" {
			w += figure.MinSize().Width + 7
		}
		return fyne.NewSize(w, q.height)
	}
	r.refresh = func() {
		box.paint(q, q.soft, theme.Clear, 0)
		setIcon(q, img, q.glyph, q.inkRole)
		word.text, figure.text = q.word, q.figure
		word.style.Role, figure.style.Role = q.inkRole, q.inkRole
		word.Refresh()
		figure.Refresh()
		q.paintState(veil, ring)
		r.layout(q.Size())
	}
	r.refresh()
	return r
}

// Count is a number on a red disc, such as that of the missed calls.
type Count struct {
	fynewidget.BaseWidget
	n int
}

// NewCount returns a disc with n.
func NewCount(n int) *Count {
	c := &Count{n: n}
	c.ExtendBaseWidget(c)
	c.Hidden = n == 0
	return c
}

// Set changes the number; 0 hides the disc.
func (c *Count) Set(n int) {
	if c.n == n {
		return
	}
	c.n = n
	if n == 0 {
		c.Hide()
	} else {
		c.Show()
	}
	c.Refresh()
}

// CreateRenderer is for Fyne.
func (c *Count) CreateRenderer() fyne.WidgetRenderer {
	box := newFace(10)
	text := NewText("", Style{Size: theme.SizeCaption, Bold: true, Role: theme.OnDanger, Align: fyne.TextAlignCenter})
	r := &renderer{objects: []fyne.CanvasObject{box.on, text}}
	r.layout = func(s fyne.Size) {
		place(box.on, 0, (s.Height-20)/2, s.Width, 20)
		h := text.MinSize().Height
		place(text, 0, (s.Height-h)/2, s.Width, h)
	}
	r.min = func() fyne.Size { return fyne.NewSize(max(20, text.MinSize().Width+10), 20) }
	r.refresh = func() {
		text.SetText(countText(c.n))
		box.paint(c, theme.Danger, theme.Clear, 0)
	}
	r.refresh()
	return r
}

func countText(n int) string {
	switch {
	case n > 99:
		return "99+"
	case n >= 10:
		return string(rune('0'+n/10)) + string(rune('0'+n%10))
	default:
		return string(rune('0' + n))
	}
}
