package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// ToggleState says how a Toggle looks.
type ToggleState int

// Off and On are a switch; InUse marks the route that sound takes now;
// Unavailable cannot be pressed and its word says why.
const (
	Off ToggleState = iota
	On
	InUse
	Unavailable
)

// Toggle is one of the square switches of the call panel.
type Toggle struct {
	control
	glyph  theme.Glyph
	word   string
	state  ToggleState
	height float32
}

// The heights of toggles in the default window and at minimum size.
const (
	ToggleHeight        float32 = 72
	ToggleHeightCompact float32 = 64
)

// NewToggle returns a toggle that is off.
func NewToggle(word string, g theme.Glyph, onTap func()) *Toggle {
	t := &Toggle{word: word, glyph: g, height: ToggleHeight}
	t.init(t, word, onTap)
	return t
}

// Set changes what the toggle shows. label is its accessible name, such as
// "Mute, off".
func (t *Toggle) Set(state ToggleState, word, label string, g theme.Glyph) {
	t.label = label
	if t.state == state && t.word == word && t.glyph == g {
		return
	}
	t.state, t.word, t.glyph = state, word, g
	t.disabled = state == Unavailable
	t.Refresh()
}

// SetHeight changes the height.
func (t *Toggle) SetHeight(h float32) {
	if t.height != h {
		t.height = h
		t.Refresh()
	}
}

// State returns what is shown.
func (t *Toggle) State() ToggleState { return t.state }

// Word returns the word shown.
func (t *Toggle) Word() string { return t.word }

// CreateRenderer is for Fyne.
func (t *Toggle) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newFace(theme.RadiusToggle), newRect(theme.RadiusToggle), newRect(theme.RadiusToggle+3)
	img := newImage()
	word := NewText("", Style{Size: theme.SizeCaption, Align: fyne.TextAlignCenter, Least: 10})
	r := &renderer{objects: []fyne.CanvasObject{box.on, veil, img, word, ring}}
	r.layout = func(s fyne.Size) {
		place(box.on, 0, 0, s.Width, s.Height)
		place(veil, 0, 0, s.Width, s.Height)
		place(ring, -3, -3, s.Width+6, s.Height+6)
		h := word.MinSize().Height
		total := 24 + 4 + h
		y := (s.Height - total) / 2
		place(img, (s.Width-24)/2, y, 24, 24)
		pad := float32(10)
		if s.Width < 104 {
			pad = 5
		}
		place(word, pad, y+27.5, s.Width-2*pad, h)
	}
	r.min = func() fyne.Size { return fyne.NewSize(56, t.height) }
	r.refresh = func() {
		fill, line, text, width, bold := theme.Surface, theme.Line, theme.Text, float32(1), false
		switch t.state {
		case On:
			fill, line, text, width, bold = theme.Accent, theme.Clear, theme.OnAccent, 0, true
		case InUse:
			fill, line, text, width, bold = theme.AccentSoft, theme.Accent, theme.AccentInk, 2, true
		case Unavailable:
			fill, text = theme.Clear, theme.Hint
		}
		box.paint(t, fill, line, width)
		setIcon(t, img, t.glyph, text)
		word.style.Role, word.style.Bold, word.text = text, bold, t.word
		word.Refresh()
		t.paintState(veil, ring)
	}
	r.refresh()
	return r
}
