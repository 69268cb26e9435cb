package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Tone is the mood of a message.
type Tone int

// The tones.
const (
	ToneInfo Tone = iota
	ToneGood
	ToneWarning
	ToneDanger
	// ToneQuiet says what is no trouble.
	ToneQuiet
)

// Colours returns the soft ground and the ink of a tone.
func (t Tone) Colours() (soft, inkRole fyne.ThemeColorName) {
	switch t {
	case ToneGood:
		return theme.SuccessSoft, theme.SuccessInk
	case ToneWarning:
		return theme.WarningSoft, theme.WarningInk
	case ToneDanger:
		return theme.DangerSoft, theme.DangerInk
	case ToneQuiet:
		return theme.Sunken, theme.Text
	default:
		return theme.AccentSoft, theme.AccentInk
	}
}

// Banner is a message on a soft ground: an icon, a bold title and a sentence.
type Banner struct {
	fynewidget.BaseWidget
	tone        Tone
	glyph       theme.Glyph
	title, text *Text
}

// NewBanner returns a banner.
func NewBanner(tone Tone, g theme.Glyph, title, text string) *Banner {
	_, inkRole := tone.Colours()
	b := &Banner{tone: tone, glyph: g,
		title: NewText(title, Style{Bold: true, Role: inkRole, Wrap: true}),
		text:  NewText(text, Style{Size: theme.SizeCaption, Role: inkRole, Wrap: true, Leading: 1.3}),
	}
	b.ExtendBaseWidget(b)
	return b
}

// Set changes the words.
func (b *Banner) Set(title, text string) {
	if b.title.text == title && b.text.text == text {
		return
	}
	b.title.SetText(title)
	b.text.SetText(text)
	b.Refresh()
}

// AccessibilityLabel is title and text.
func (b *Banner) AccessibilityLabel() string {
	if b.text.text == "" {
		return b.title.text
	}
	return b.title.text + ". " + b.text.text
}

// AccessibilityRole is text.
func (b *Banner) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// HeightFor returns the height at a width.
func (b *Banner) HeightFor(width float32) float32 {
	h := b.title.HeightFor(width-56) + 24
	if b.text.text != "" {
		h += b.text.HeightFor(width - 56)
	}
	return h
}

// CreateRenderer is for Fyne.
func (b *Banner) CreateRenderer() fyne.WidgetRenderer {
	box := newRect(theme.RadiusCard)
	img := newImage()
	r := &renderer{objects: []fyne.CanvasObject{box, img, b.title, b.text}}
	r.layout = func(s fyne.Size) {
		place(box, 0, 0, s.Width, s.Height)
		place(img, 12, 12, 20, 20)
		h := b.title.HeightFor(s.Width - 56)
		place(b.title, 44, 12, s.Width-56, h)
		place(b.text, 44, 12+h, s.Width-56, b.text.HeightFor(s.Width-56))
	}
	r.min = func() fyne.Size { return fyne.NewSize(120, b.HeightFor(max(120, b.Size().Width))) }
	r.refresh = func() {
		soft, inkRole := b.tone.Colours()
		paint(b, box, soft, theme.Clear, 0)
		setIcon(b, img, b.glyph, inkRole)
		r.layout(b.Size())
	}
	r.refresh()
	return r
}
