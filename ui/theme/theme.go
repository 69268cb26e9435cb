package theme

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"offhook/assets"
)

// Mode says which of the two sets of colours is shown.
type Mode string

// System follows the desktop; Light and Dark are the user's choice.
const (
	System Mode = "system"
	Light  Mode = "light"
	Dark   Mode = "dark"
)

// The sizes of text, in Fyne's units.
const (
	SizeTimer   float32 = 28
	SizeTitle   float32 = 20
	SizeSub     float32 = 16
	SizeBody    float32 = 14
	SizeCaption float32 = 12
	SizeKey     float32 = 11
	SizeMono    float32 = 11
)

// Leading is the height of a line of text of a size in Fyne's units, or false for
// a size that the design does not name.
func Leading(size float32) (float32, bool) {
	switch size {
	case SizeCaption:
		return 16, true
	case SizeBody:
		return 20, true
	case SizeSub:
		return 24, true
	case SizeTitle:
		return 28, true
	case SizeTimer:
		return 36, true
	}
	return 0, false
}

// The corners, in Fyne's units.
const (
	RadiusInput  float32 = 8
	RadiusCard   float32 = 12
	RadiusToggle float32 = 16
)

// Theme is the phone's fyne.Theme.
type Theme struct {
	// mode is shared with the theme of the number field, which changes with it.
	mode *Mode
	// number makes the text of fields 20 units large: the number field.
	number bool
}

var _ fyne.Theme = (*Theme)(nil)

// New returns the theme in mode; an unknown mode follows the system.
func New(mode Mode) *Theme { return &Theme{mode: &mode} }

// SetMode changes the mode, also of the number field's theme. It must be called on the
// window's thread; what is drawn changes once Fyne is told of its theme again.
func (t *Theme) SetMode(mode Mode) { *t.mode = mode }

// NumberField returns the theme of the number field: the same, with text of 20.
func (t *Theme) NumberField() *Theme { return &Theme{mode: t.mode, number: true} }

// Color returns the colour called name; variant counts only while the theme
// follows the system.
func (t *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	p, variant := t.palette(variant)
	if c, ok := p.color(name); ok {
		return c
	}
	return fynetheme.DefaultTheme().Color(name, variant)
}

func (t *Theme) palette(variant fyne.ThemeVariant) (palette, fyne.ThemeVariant) {
	switch {
	case *t.mode == Light, *t.mode != Dark && variant == fynetheme.VariantLight:
		return light, fynetheme.VariantLight
	default:
		return dark, fynetheme.VariantDark
	}
}

var (
	regularFont = fyne.NewStaticResource("NotoSans-Regular.ttf", assets.Regular())
	boldFont    = fyne.NewStaticResource("NotoSans-Bold.ttf", assets.Bold())
)

// Font returns Noto Sans, for symbols too; fixed-width text is Fyne's own.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource {
	switch {
	case style.Monospace:
		return fynetheme.DefaultTheme().Font(style)
	case style.Bold:
		return boldFont
	default:
		return regularFont
	}
}

// Bundled returns the font that shows all of text by itself, or nil for a text
// that needs others. Naming it saves Fyne from reading the fonts of the whole
// system before the first letter is drawn.
func Bundled(text string, style fyne.TextStyle) fyne.Resource {
	if style.Monospace {
		return nil
	}
	for _, r := range text {
		if !bundled(r) {
			return nil
		}
	}
	if style.Bold {
		return boldFont
	}
	return regularFont
}

// bundled reports whether the phone's own font surely has r: Latin, Devanagari and
// the marks that the phone's words use.
func bundled(r rune) bool {
	switch {
	case r >= 0x20 && r <= 0x7E, r >= 0xA0 && r <= 0x17F, r >= 0x900 && r <= 0x97F:
		return true
	}
	return strings.ContainsRune("–—‘’“”•…₹€", r)
}

// FieldStyle is the style of a text field's letters: with it Fyne takes the
// phone's font and reads others only for letters that it lacks.
var FieldStyle = fyne.TextStyle{Symbol: true}

// Icon returns Fyne's icon, or this theme's own drawing of it.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource {
	if own, ok := fyneIcons[name]; ok {
		return fynetheme.NewThemedResource(fyne.NewStaticResource(string(own)+".svg", source(own, "#000000", "#ffffff")))
	}
	return fynetheme.DefaultTheme().Icon(name)
}

// Size returns the size called name.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case fynetheme.SizeNameText:
		if t.number {
			return SizeTitle
		}
		return SizeBody
	case fynetheme.SizeNameHeadingText:
		return SizeTitle
	case fynetheme.SizeNameSubHeadingText:
		return SizeSub
	case fynetheme.SizeNameCaptionText:
		return SizeCaption
	case fynetheme.SizeNamePadding:
		return 4
	case fynetheme.SizeNameInnerPadding:
		if t.number {
			return 13
		}
		return 12
	case fynetheme.SizeNameInputRadius, fynetheme.SizeNameSelectionRadius:
		return RadiusInput
	case fynetheme.SizeNameInputBorder:
		// The width of the text cursor too; fields draw their own outline.
		return 2
	case fynetheme.SizeNameInlineIcon:
		return 20
	case fynetheme.SizeNameButtonRadius:
		return 22
	case fynetheme.SizeNameCardRadius, fynetheme.SizeNameDialogRadius, fynetheme.SizeNamePopupRadius, fynetheme.SizeNameMenuRadius:
		return RadiusCard
	default:
		return fynetheme.DefaultTheme().Size(name)
	}
}
