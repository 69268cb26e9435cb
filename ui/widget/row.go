package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Card is the white ground with a thin line that rows and forms lie on.
type Card struct {
	fynewidget.BaseWidget
	content fyne.CanvasObject
}

// NewCard returns a card around content.
func NewCard(content fyne.CanvasObject) *Card {
	c := &Card{content: content}
	c.ExtendBaseWidget(c)
	return c
}

// HeightFor returns the height at a width.
func (c *Card) HeightFor(width float32) float32 { return HeightOf(c.content, width-2) + 2 }

// CreateRenderer is for Fyne.
func (c *Card) CreateRenderer() fyne.WidgetRenderer {
	box := newRect(theme.RadiusCard)
	r := &renderer{objects: []fyne.CanvasObject{box, c.content}}
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(c.content, 1, 1, s.Width-2, s.Height-2)
	}
	r.min = func() fyne.Size { return c.content.MinSize().Add(fyne.NewSize(2, 2)) }
	r.refresh = func() { paint(c, box, theme.Surface, theme.Line, 1) }
	r.refresh()
	return r
}

// CardOf returns a card with rows, and a thin line between them.
func CardOf(rows ...fyne.CanvasObject) *Card {
	for i, o := range rows {
		if t, ok := o.(*TapRow); ok {
			t.squareTop, t.squareBottom = i > 0, i < len(rows)-1
		}
	}
	return NewCard(container.New(&linedLayout{}, withLines(rows)...))
}

func withLines(rows []fyne.CanvasObject) []fyne.CanvasObject {
	var parts []fyne.CanvasObject
	for i, row := range rows {
		if i > 0 {
			parts = append(parts, NewLine())
		}
		parts = append(parts, row)
	}
	return parts
}

// linedLayout puts rows below each other; a line is shown only between two
// visible rows.
type linedLayout struct{ width float32 }

func (l *linedLayout) walk(objects []fyne.CanvasObject, width float32, f func(o fyne.CanvasObject, y, h float32)) float32 {
	y := float32(0)
	any := false
	var line *LineMark
	for _, o := range objects {
		if ln, ok := o.(*LineMark); ok {
			line = ln
			ln.Hidden = true
			continue
		}
		if !o.Visible() {
			continue
		}
		if any && line != nil {
			line.Hidden = false
			f(line, y, 1)
			y++
		}
		h := HeightOf(o, width)
		f(o, y, h)
		y += h
		any = true
	}
	return y
}

func (l *linedLayout) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return l.walk(objects, width, func(fyne.CanvasObject, float32, float32) {})
}

func (l *linedLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := float32(0)
	for _, o := range objects {
		w = max(w, o.MinSize().Width)
	}
	return fyne.NewSize(w, l.heightFor(objects, l.width))
}

func (l *linedLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	l.walk(objects, s.Width, func(o fyne.CanvasObject, y, h float32) { place(o, 0, y, s.Width, h) })
}

// LineMark is a thin line across its place.
type LineMark struct{ fynewidget.BaseWidget }

// NewLine returns a thin line.
func NewLine() *LineMark {
	l := &LineMark{}
	l.ExtendBaseWidget(l)
	return l
}

// CreateRenderer is for Fyne.
func (l *LineMark) CreateRenderer() fyne.WidgetRenderer {
	line := newRect(0)
	r := &renderer{objects: []fyne.CanvasObject{line}}
	r.layout = func(s fyne.Size) { place(line, 0, 0, s.Width, max(1, s.Height)) }
	r.min = func() fyne.Size { return fyne.NewSize(1, 1) }
	r.refresh = func() { paint(l, line, theme.Line, theme.Clear, 0) }
	r.refresh()
	return r
}

// Panel paints a role behind content, such as the header's white.
type Panel struct {
	fynewidget.BaseWidget
	role    fyne.ThemeColorName
	radius  float32
	content fyne.CanvasObject
}

// NewPanel returns content on a ground with corners of radius.
func NewPanel(role fyne.ThemeColorName, radius float32, content fyne.CanvasObject) *Panel {
	p := &Panel{role: role, radius: radius, content: content}
	p.ExtendBaseWidget(p)
	return p
}

// SetRole changes the colour of the ground.
func (p *Panel) SetRole(role fyne.ThemeColorName) {
	if p.role != role {
		p.role = role
		p.Refresh()
	}
}

// HeightFor returns the height at a width.
func (p *Panel) HeightFor(width float32) float32 { return HeightOf(p.content, width) }

// CreateRenderer is for Fyne.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer {
	box := newFace(p.radius)
	r := &renderer{objects: []fyne.CanvasObject{box.on, p.content}}
	r.layout = func(s fyne.Size) {
		place(box.on, 0, 0, s.Width, s.Height)
		place(p.content, 0, 0, s.Width, s.Height)
	}
	r.min = func() fyne.Size { return p.content.MinSize() }
	r.refresh = func() { box.paint(p, p.role, theme.Clear, 0) }
	r.refresh()
	return r
}

// Row56 and Row44 are the heights of rows in lists and in settings.
const (
	Row56 float32 = 56
	Row44 float32 = 44
)

// TapRow is a row that can be pressed as a whole: content on a veil.
type TapRow struct {
	control
	content fyne.CanvasObject
	height  float32
	marked  bool
	// squareTop and squareBottom are set where the row meets another on a card.
	squareTop, squareBottom bool
}

// NewTapRow returns a row with an accessible name.
func NewTapRow(label string, height float32, content fyne.CanvasObject, onTap func()) *TapRow {
	t := &TapRow{content: content, height: height}
	t.init(t, label, onTap)
	return t
}

// SetMarked paints the row as the chosen one.
func (t *TapRow) SetMarked(on bool) {
	if t.marked != on {
		t.marked = on
		t.Refresh()
	}
}

// HeightFor returns the height at a width.
func (t *TapRow) HeightFor(width float32) float32 { return max(t.height, HeightOf(t.content, width)) }

// square takes the corners away that lie inside of a card.
func (t *TapRow) square(r *canvas.Rectangle) {
	top, bottom := r.CornerRadius, r.CornerRadius
	if t.squareTop {
		top = 0
	}
	if t.squareBottom {
		bottom = 0
	}
	if top == bottom {
		r.CornerRadius = top
		return
	}
	r.CornerRadius = 0
	r.TopLeftCornerRadius, r.TopRightCornerRadius = top, top
	r.BottomLeftCornerRadius, r.BottomRightCornerRadius = bottom, bottom
}

// CreateRenderer is for Fyne.
func (t *TapRow) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newRect(theme.RadiusCard-1), newRect(theme.RadiusCard-1), newRect(theme.RadiusCard-1)
	for _, o := range []*canvas.Rectangle{box, veil, ring} {
		t.square(o)
	}
	r := &renderer{objects: []fyne.CanvasObject{box, veil, t.content, ring}}
	r.layout = func(s fyne.Size) {
		for _, o := range []fyne.CanvasObject{box, veil, t.content} {
			place(o, 0, 0, s.Width, s.Height)
		}
		place(ring, 1, 1, s.Width-2, s.Height-2)
	}
	r.min = func() fyne.Size {
		m := t.content.MinSize()
		return fyne.NewSize(m.Width, max(t.height, m.Height))
	}
	r.refresh = func() {
		role := theme.Clear
		if t.marked {
			role = theme.AccentSoft
		}
		paint(t, box, role, theme.Clear, 0)
		t.paintState(veil, ring)
	}
	r.refresh()
	return r
}

// StatusRow is a row of a check: an icon on a soft disc, a title, a figure, and
// a word with an icon.
type StatusRow struct {
	fynewidget.BaseWidget
	disc           *Avatar
	title, caption *Text
	word           *Text
	icon           *Icon
	box            *fyne.Container
}

// NewStatusRow returns a row.
func NewStatusRow(g theme.Glyph, title string) *StatusRow {
	s := &StatusRow{
		disc:    NewDisc(g, 36, theme.Sunken, theme.Text2),
		title:   NewText(title, Style{Bold: true, Wrap: true, Least: 11}),
		caption: NewText("", Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true}),
		word:    NewText("", Style{Size: theme.SizeCaption, Bold: true}),
		icon:    NewIcon("", theme.Text2, 18),
	}
	s.box = Inset(0, 12, 0, 12, Row(s.disc, Gap(12), Grow(Column(s.title, s.caption)), Gap(8), s.word, Gap(4), s.icon))
	s.ExtendBaseWidget(s)
	return s
}

// Set changes figure, word and tone; g is the icon on the disc.
func (s *StatusRow) Set(g theme.Glyph, caption, word string, tone Tone) {
	soft, inkRole := tone.Colours()
	mark := theme.CheckCircle
	switch tone {
	case ToneWarning:
		mark = theme.WarningIcon
	case ToneDanger:
		mark = theme.ErrorIcon
	case ToneInfo:
		soft, inkRole, mark = theme.Sunken, theme.Text2, ""
	}
	s.disc.SetIcon(g, soft, inkRole)
	s.caption.SetText(caption)
	s.word.SetText(word)
	s.word.SetRole(inkRole)
	s.icon.Set(mark, inkRole)
	s.Refresh()
}

// HeightFor returns the height at a width: a long sentence takes more lines.
func (s *StatusRow) HeightFor(width float32) float32 {
	return max(Row56-1, HeightOf(s.box, width)+19) // with its line
}

// AccessibilityLabel is title, figure and word.
func (s *StatusRow) AccessibilityLabel() string {
	return s.title.text + ", " + s.word.text + ". " + s.caption.text
}

// AccessibilityRole is text.
func (s *StatusRow) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is for Fyne.
func (s *StatusRow) CreateRenderer() fyne.WidgetRenderer {
	r := &renderer{objects: []fyne.CanvasObject{s.box}}
	r.layout = func(size fyne.Size) { place(s.box, 0, 0, size.Width, size.Height) }
	r.min = func() fyne.Size { return fyne.NewSize(s.box.MinSize().Width, s.HeightFor(s.Size().Width)) }
	return r
}

// SetShortcuts sets what gets the shortcuts that are pressed while the row has the
// keyboard; it returns false to pass them on to the window.
func (t *TapRow) SetShortcuts(keys func(fyne.Shortcut) bool) { t.onShortcut = keys }

// Parts are what lies in the row.
func (t *TapRow) Parts() []fyne.CanvasObject { return []fyne.CanvasObject{t.content} }

// Parts are what lies on the card.
func (c *Card) Parts() []fyne.CanvasObject { return []fyne.CanvasObject{c.content} }

// Parts are what lies on the panel.
func (p *Panel) Parts() []fyne.CanvasObject { return []fyne.CanvasObject{p.content} }

// Parts are what lies in the row.
func (s *StatusRow) Parts() []fyne.CanvasObject { return []fyne.CanvasObject{s.box} }

// Framed paints the surface and a thin line around content, without corners: a
// window without decoration.
type Framed struct {
	fynewidget.BaseWidget
	content fyne.CanvasObject
}

// NewFramed returns content in a frame.
func NewFramed(content fyne.CanvasObject) *Framed {
	f := &Framed{content: content}
	f.ExtendBaseWidget(f)
	return f
}

// Parts are what lies in the frame.
func (f *Framed) Parts() []fyne.CanvasObject { return []fyne.CanvasObject{f.content} }

// CreateRenderer is for Fyne.
func (f *Framed) CreateRenderer() fyne.WidgetRenderer {
	box := newRect(0)
	r := &renderer{objects: []fyne.CanvasObject{box, f.content}}
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(f.content, 1, 1, s.Width-2, s.Height-2)
	}
	r.min = func() fyne.Size { return fyne.NewSize(10, 10) }
	r.refresh = func() { paint(f, box, theme.Surface, theme.Line, 1) }
	r.refresh()
	return r
}
