package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// Key is one key of a dialling pad.
type Key struct {
	control
	digit   rune
	letters string
	height  float32
	lit     bool
}

// The heights of keys: in the default window, over a call, and at minimum size.
const (
	KeyHeight        float32 = 70
	KeyHeightCall    float32 = 60
	KeyHeightCompact float32 = 46
)

// NewKey returns the key of a digit with the letters under it.
func NewKey(digit rune, letters, label string, height float32, press func(rune)) *Key {
	k := &Key{digit: digit, letters: letters, height: height}
	k.init(k, label, func() { press(digit) })
	return k
}

// SetHeight changes the height that the key asks for.
func (k *Key) SetHeight(h float32) {
	if k.height != h {
		k.height = h
		k.Refresh()
	}
}

// Word returns the digit shown.
func (k *Key) Word() string { return string(k.digit) }

// SetLit marks the key as the one pressed last.
func (k *Key) SetLit(on bool) {
	if k.lit != on {
		k.lit = on
		k.Refresh()
	}
}

// CreateRenderer is for Fyne.
func (k *Key) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newFace(theme.RadiusCard), newRect(theme.RadiusCard), newRect(theme.RadiusCard)
	digit := NewText(string(k.digit), Style{Size: theme.SizeTitle, Align: fyne.TextAlignCenter})
	letters := NewText(k.letters, Style{Size: theme.SizeKey, Role: theme.Text2, Align: fyne.TextAlignCenter})
	r := &renderer{objects: []fyne.CanvasObject{box.on, veil, digit, letters, ring}}
	r.layout = func(s fyne.Size) {
		place(box.on, 0, 0, s.Width, s.Height)
		place(veil, 0, 0, s.Width, s.Height)
		place(ring, 0, 0, s.Width, s.Height)
		dh, lh := digit.MinSize().Height, letters.MinSize().Height
		if k.letters == "" {
			place(digit, 0, (s.Height-dh)/2, s.Width, dh)
			return
		}
		total := dh + lh - 6
		y := (s.Height - total) / 2
		place(digit, 0, y-2.5, s.Width, dh)
		place(letters, 0, y+dh-5.5, s.Width, lh)
	}
	r.min = func() fyne.Size { return fyne.NewSize(40, k.height) }
	r.refresh = func() {
		fill, line := theme.Surface, theme.Line
		if k.lit || k.pressed {
			fill, line = theme.AccentSoft, theme.Accent
		}
		box.paint(k, fill, line, 1)
		k.paintState(veil, ring)
		if k.pressed {
			veil.Hide()
		}
		role := theme.Text
		if k.disabled {
			role = theme.Disabled
		}
		digit.SetRole(role)
	}
	r.refresh()
	return r
}

// padKeys are the keys of a pad in reading order, with their letters.
var padKeys = []struct {
	digit   rune
	letters string
}{
	{'1', ""}, {'2', "ABC"}, {'3', "DEF"},
	{'4', "GHI"}, {'5', "JKL"}, {'6', "MNO"},
	{'7', "PQRS"}, {'8', "TUV"}, {'9', "WXYZ"},
	{'*', ""}, {'0', "+"}, {'#', ""},
}

// Pad is a dialling pad.
type Pad struct {
	*fyne.Container
	Keys []*Key
}

// NewPad returns a pad with keys of a height; name gives the accessible name of
// a key.
func NewPad(height float32, name func(rune) string, press func(rune)) *Pad {
	p := &Pad{}
	var parts []fyne.CanvasObject
	var members []Grouped
	for _, k := range padKeys {
		key := NewKey(k.digit, k.letters, name(k.digit), height, press)
		p.Keys = append(p.Keys, key)
		parts, members = append(parts, key), append(members, key)
	}
	NewGroup(3, members...)
	p.Container = Grid(3, 8, parts...)
	return p
}

// SetHeight changes the height of all keys.
func (p *Pad) SetHeight(h float32) {
	for _, k := range p.Keys {
		k.SetHeight(h)
	}
}

// Light marks the key of digit, and no other; 0 marks none.
func (p *Pad) Light(digit rune) {
	for _, k := range p.Keys {
		k.SetLit(k.digit == digit)
	}
}
