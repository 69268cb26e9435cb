package widget

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Avatar is a disc with the initials of a person, or an icon.
type Avatar struct {
	fynewidget.BaseWidget
	initials      string
	glyph         theme.Glyph
	size          float32
	soft, inkRole fyne.ThemeColorName
}

// NewAvatar returns a disc of size units with the initials of name.
func NewAvatar(name string, size float32) *Avatar {
	a := &Avatar{size: size, soft: theme.AccentSoft, inkRole: theme.AccentInk}
	a.ExtendBaseWidget(a)
	a.SetName(name)
	return a
}

// NewDisc returns a disc of size units with an icon.
func NewDisc(g theme.Glyph, size float32, soft, inkRole fyne.ThemeColorName) *Avatar {
	a := &Avatar{glyph: g, size: size, soft: soft, inkRole: inkRole}
	a.ExtendBaseWidget(a)
	return a
}

// SetName shows the initials of name, or a person for a name without letters.
func (a *Avatar) SetName(name string) {
	in := Initials(name)
	g := theme.Glyph("")
	if in == "" {
		g = theme.Person
	}
	if a.initials == in && a.glyph == g {
		return
	}
	a.initials, a.glyph = in, g
	a.Refresh()
}

// SetSize changes how large the disc is.
func (a *Avatar) SetSize(size float32) {
	if a.size != size {
		a.size = size
		a.Refresh()
	}
}

// SetIcon shows an icon in colours of the theme.
func (a *Avatar) SetIcon(g theme.Glyph, soft, inkRole fyne.ThemeColorName) {
	if a.glyph == g && a.soft == soft && a.inkRole == inkRole {
		return
	}
	a.glyph, a.initials, a.soft, a.inkRole = g, "", soft, inkRole
	a.Refresh()
}

// Initials returns the first letters of the first and last words of name, or the
// first two letters of a single one; "" if it has no letter.
func Initials(name string) string {
	var words [][]rune
	for _, w := range strings.FieldsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	}) {
		if r := []rune(w); unicode.IsLetter(r[0]) {
			words = append(words, r)
		}
	}
	switch len(words) {
	case 0:
		return ""
	case 1:
		w := words[0]
		if joined(w[0]) {
			return string(w[:1])
		}
		if len(w) > 1 && unicode.IsLetter(w[1]) {
			return strings.ToUpper(string(w[:2]))
		}
		return strings.ToUpper(string(w[:1]))
	default:
		if joined(words[0][0]) {
			return string(words[0][:1])
		}
		return strings.ToUpper(string(words[0][:1]) + string(words[len(words)-1][:1]))
	}
}

// joined reports whether a letter belongs to a script whose letters are joined: two
// of them, beside each other, would be read as a word.
func joined(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko, unicode.Mandaic)
}

// initialsSize is how large the letters on a disc are.
func initialsSize(disc float32) float32 {
	switch {
	case disc <= 36:
		return theme.SizeBody
	case disc <= 48:
		return 18
	case disc <= 56:
		return theme.SizeTitle
	case disc <= 72:
		return 26
	default:
		return disc / 3
	}
}

// CreateRenderer is for Fyne.
func (a *Avatar) CreateRenderer() fyne.WidgetRenderer {
	disc := newFace(a.size / 2)
	img := newImage()
	text := NewText("", Style{Bold: true, Align: fyne.TextAlignCenter})
	r := &renderer{objects: []fyne.CanvasObject{disc.on, text, img}}
	r.layout = func(s fyne.Size) {
		place(disc.on, (s.Width-a.size)/2, (s.Height-a.size)/2, a.size, a.size)
		h := text.MinSize().Height
		// Capitals stand above the middle of their line.
		place(text, 0, (s.Height-h)/2-initialsSize(a.size)*0.035, s.Width, h)
		i := a.size * 0.46
		switch {
		case a.size <= 36:
			i = 20
		case a.size <= 48:
			i = 28
		}
		place(img, (s.Width-i)/2, (s.Height-i)/2, i, i)
	}
	r.min = func() fyne.Size { return fyne.NewSquareSize(a.size) }
	r.refresh = func() {
		disc.round(a.size / 2)
		disc.paint(a, a.soft, theme.Clear, 0)
		text.style.Size = initialsSize(a.size)
		text.style.Role, text.text = a.inkRole, a.initials
		text.Refresh()
		setIcon(a, img, a.glyph, a.inkRole)
	}
	r.refresh()
	return r
}
