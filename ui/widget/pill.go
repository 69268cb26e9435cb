package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"offhook/ui/theme"
)

// Fill says how a PillButton is coloured.
type Fill int

// The fills. Plain is sunken; Outline and Bare have none; the raised ones lie on a
// banner.
const (
	Plain Fill = iota
	Accent
	Success
	SuccessSoft
	Danger
	DangerSoft
	Outline
	Bare
	Raised
	RaisedWarning
	RaisedDanger
)

type look struct{ fill, text, line fyne.ThemeColorName }

var fills = map[Fill]look{
	Plain:       {theme.Sunken, theme.Text, theme.Clear},
	Accent:      {theme.Accent, theme.OnAccent, theme.Clear},
	Success:     {theme.Success, theme.OnSuccess, theme.Clear},
	SuccessSoft: {theme.SuccessSoft, theme.SuccessInk, theme.Clear},
	Danger:      {theme.Danger, theme.OnDanger, theme.Clear},
	DangerSoft:  {theme.DangerSoft, theme.DangerInk, theme.Clear},
	Outline:     {theme.Clear, theme.Text, theme.Border},
	Bare:        {theme.Clear, theme.AccentInk, theme.Clear},

	Raised:        {theme.Surface, theme.Text, theme.Clear},
	RaisedWarning: {theme.Surface, theme.WarningInk, theme.Clear},
	RaisedDanger:  {theme.Surface, theme.DangerInk, theme.Clear},
}

// The heights of buttons: Main is the one main action of a screen.
const (
	HeightButton float32 = 44
	HeightMain   float32 = 56
	HeightSmall  float32 = 40
)

// PillButton is a button with round ends: an icon, a word, and sometimes the key
// that does the same.
type PillButton struct {
	control
	text   string
	glyph  theme.Glyph
	fill   Fill
	height float32
	hint   string
	// quiet keeps the word at the size of the body beside a main action.
	quiet bool
}

// NewPill returns a button of a height. text is also its accessible name.
func NewPill(text string, g theme.Glyph, fill Fill, height float32, onTap func()) *PillButton {
	b := &PillButton{text: text, glyph: g, fill: fill, height: height}
	b.init(b, text, onTap)
	return b
}

// NewQuietPill is NewPill for what stands beside a main action of the same height.
func NewQuietPill(text string, g theme.Glyph, fill Fill, height float32, onTap func()) *PillButton {
	b := NewPill(text, g, fill, height, onTap)
	b.quiet = true
	return b
}

// Set changes what the button shows; its accessible name becomes text.
func (b *PillButton) Set(text string, g theme.Glyph, fill Fill) {
	b.label = text
	if b.text == text && b.glyph == g && b.fill == fill {
		return
	}
	b.text, b.glyph, b.fill = text, g, fill
	b.Refresh()
}

// SetHint shows the key that does the same, after the word.
func (b *PillButton) SetHint(hint string) {
	if b.hint != hint {
		b.hint = hint
		b.Refresh()
	}
}

// Text returns the word shown.
func (b *PillButton) Text() string { return b.text }

func (b *PillButton) style() Style {
	s := Style{Bold: true, Least: 11}
	if b.height >= HeightMain && !b.quiet {
		s.Size = theme.SizeSub
	}
	return s
}

// CreateRenderer is for Fyne.
func (b *PillButton) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newFace(0), newRect(0), newRect(0)
	img := newImage()
	text := NewText("", b.style())
	hint := NewText("", Style{Size: theme.SizeCaption, Role: theme.Text2})
	r := &renderer{objects: []fyne.CanvasObject{box.on, veil, img, text, hint, ring}}
	icon := func() float32 {
		switch {
		case b.glyph == "":
			return 0
		case b.height >= HeightMain && !b.quiet:
			return 24
		case b.fill == Bare:
			return 18
		default:
			return 20
		}
	}
	space := func() float32 {
		if b.glyph == "" || b.text == "" {
			return 0
		}
		return 8
	}
	hintWidth := func() float32 {
		if b.hint == "" {
			return 0
		}
		return hint.MinSize().Width + 8
	}
	r.layout = func(s fyne.Size) {
		h := min(s.Height, b.height)
		y := (s.Height - h) / 2
		for _, o := range []fyne.CanvasObject{box.on, veil} {
			place(o, 0, y, s.Width, h)
		}
		place(ring, -3, y-3, s.Width+6, h+6)
		box.round(h / 2)
		veil.CornerRadius, ring.CornerRadius = h/2, h/2+3
		m := text.MinSize()
		room := s.Width - icon() - space() - hintWidth() - 16
		m.Width = min(m.Width, room)
		w := icon() + space() + m.Width + hintWidth()
		x := (s.Width - w) / 2
		place(img, x, (s.Height-icon())/2, icon(), icon())
		x += icon() + space()
		place(text, x, (s.Height-m.Height)/2-0.75, m.Width, m.Height)
		place(hint, x+m.Width+8, (s.Height-hint.MinSize().Height)/2, hint.MinSize().Width, hint.MinSize().Height)
	}
	r.min = func() fyne.Size {
		pad := float32(40)
		switch {
		case b.hint != "":
			pad = 48
		case b.height <= HeightSmall && (b.fill == Plain || b.fill >= Raised):
			pad = 32
		}
		if b.text == "" {
			return fyne.NewSquareSize(b.height)
		}
		return fyne.NewSize(text.MinSize().Width+icon()+space()+hintWidth()+pad, b.height)
	}
	r.refresh = func() {
		l := fills[b.fill]
		if b.disabled {
			l = look{theme.Sunken, theme.Disabled, theme.Clear}
			if b.fill == Outline || b.fill == Bare {
				l.fill = theme.Clear
			}
		}
		text.style = b.style()
		text.style.Role = l.text
		text.text = b.text
		hint.SetText(b.hint)
		setIcon(b, img, b.glyph, l.text)
		width := float32(0)
		if l.line != theme.Clear {
			width = 1
		}
		box.paint(b, l.fill, l.line, width)
		b.paintState(veil, ring)
		text.Refresh()
		r.layout(b.Size())
	}
	r.refresh()
	return r
}

// paintState shows pointer and focus on a control's veil and ring.
func (c *control) paintState(veil, ring *canvas.Rectangle) {
	switch {
	case c.disabled || !c.hovered && !c.pressed:
		veil.Hide()
	default:
		role := theme.HoverVeil
		if c.pressed {
			role = theme.PressVeil
		}
		paint(c.self, veil, role, theme.Clear, 0)
		veil.Show()
	}
	if c.ring {
		paint(c.self, ring, theme.Clear, theme.Accent, 2)
		ring.Show()
	} else {
		ring.Hide()
	}
}
