package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// The colours of the phone. Those that Fyne has a name for carry it, so that
// Fyne's own widgets come out right; the others are this theme's own.
const (
	Window   = fynetheme.ColorNameBackground
	Surface  = fynetheme.ColorNameInputBackground
	Sunken   = fynetheme.ColorNameButton
	Line     = fynetheme.ColorNameSeparator
	Border   = fynetheme.ColorNameInputBorder
	Text     = fynetheme.ColorNameForeground
	Hint     = fynetheme.ColorNamePlaceHolder
	Disabled = fynetheme.ColorNameDisabled

	Accent     = fynetheme.ColorNamePrimary
	OnAccent   = fynetheme.ColorNameForegroundOnPrimary
	AccentInk  = fynetheme.ColorNameHyperlink
	AccentSoft = fynetheme.ColorNameSelection

	Success   = fynetheme.ColorNameSuccess
	OnSuccess = fynetheme.ColorNameForegroundOnSuccess
	Warning   = fynetheme.ColorNameWarning
	OnWarning = fynetheme.ColorNameForegroundOnWarning
	Danger    = fynetheme.ColorNameError
	OnDanger  = fynetheme.ColorNameForegroundOnError

	Text2       fyne.ThemeColorName = "offhook.text2"
	SuccessInk  fyne.ThemeColorName = "offhook.successInk"
	SuccessSoft fyne.ThemeColorName = "offhook.successSoft"
	WarningInk  fyne.ThemeColorName = "offhook.warningInk"
	WarningSoft fyne.ThemeColorName = "offhook.warningSoft"
	DangerInk   fyne.ThemeColorName = "offhook.dangerInk"
	DangerSoft  fyne.ThemeColorName = "offhook.dangerSoft"
	// DangerLine outlines a field with a wrong value.
	DangerLine fyne.ThemeColorName = "offhook.dangerLine"
	// HoverVeil and PressVeil lie over a control under the pointer.
	HoverVeil = fynetheme.ColorNameHover
	PressVeil = fynetheme.ColorNamePressed
	// Shadow lies under menus only; Fyne's own shadows are not drawn.
	Shadow fyne.ThemeColorName = "offhook.shadow"
	// Clear is no colour at all.
	Clear fyne.ThemeColorName = "offhook.clear"
)

// palette is one variant of the colours.
type palette map[fyne.ThemeColorName]color.NRGBA

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xFF}
}

func rgba(v uint32, a uint8) color.NRGBA {
	c := rgb(v)
	c.A = a
	return c
}

var light = palette{
	Window: rgb(0xF4F5F9), Surface: rgb(0xFFFFFF), Sunken: rgb(0xE9EBF2),
	Line: rgb(0xDFE2EB), Border: rgb(0x868CA1),
	Text: rgb(0x1A1D2B), Text2: rgb(0x545A6F), Hint: rgb(0x656B80), Disabled: rgb(0x61677D),
	Accent: rgb(0x4247C4), OnAccent: rgb(0xFFFFFF), AccentInk: rgb(0x383CB0), AccentSoft: rgb(0xE8E9FB),
	Success: rgb(0x17784A), OnSuccess: rgb(0xFFFFFF), SuccessInk: rgb(0x116239), SuccessSoft: rgb(0xDFF3E7),
	Warning: rgb(0xB56A00), OnWarning: rgb(0xFFFFFF), WarningInk: rgb(0x7A4900), WarningSoft: rgb(0xFCEFD3),
	Danger: rgb(0xC22537), OnDanger: rgb(0xFFFFFF), DangerInk: rgb(0xA81B2D), DangerSoft: rgb(0xFCE6E8),
	DangerLine: rgb(0xC22537),
	HoverVeil:  rgba(0x1A1D2B, 0x0D), PressVeil: rgba(0x1A1D2B, 0x1F), Shadow: rgba(0x1A1D2B, 0x38),
}

var dark = palette{
	Window: rgb(0x13151C), Surface: rgb(0x1C1F29), Sunken: rgb(0x2A2E3B),
	Line: rgb(0x2F3340), Border: rgb(0x737A90),
	Text: rgb(0xECEEF5), Text2: rgb(0xA8AEC2), Hint: rgb(0x979DB1), Disabled: rgb(0x969CB0),
	Accent: rgb(0xA7ACFF), OnAccent: rgb(0x15173A), AccentInk: rgb(0xC3C6FF), AccentSoft: rgb(0x292C52),
	Success: rgb(0x58CE8D), OnSuccess: rgb(0x05230F), SuccessInk: rgb(0x7FDFA9), SuccessSoft: rgb(0x16352A),
	Warning: rgb(0xF3BA5E), OnWarning: rgb(0x2A1D05), WarningInk: rgb(0xF7CB83), WarningSoft: rgb(0x3A2D14),
	Danger: rgb(0xC93A4D), OnDanger: rgb(0xFFFFFF), DangerInk: rgb(0xFFA6AC), DangerSoft: rgb(0x41202A),
	DangerLine: rgb(0xFF8790),
	HoverVeil:  rgba(0xFFFFFF, 0x12), PressVeil: rgba(0xFFFFFF, 0x24), Shadow: rgba(0x000000, 0x99),
}

// same gives the Fyne roles that are another role of this theme.
var same = map[fyne.ThemeColorName]fyne.ThemeColorName{
	fynetheme.ColorNameDisabledButton:    Sunken,
	fynetheme.ColorNameFocus:             Accent,
	fynetheme.ColorNameHeaderBackground:  Surface,
	fynetheme.ColorNameMenuBackground:    Surface,
	fynetheme.ColorNameOverlayBackground: Surface,
	fynetheme.ColorNameScrollBar:         Border,
}

func (p palette) color(name fyne.ThemeColorName) (color.NRGBA, bool) {
	if name == Clear || name == fynetheme.ColorNameShadow {
		return color.NRGBA{}, true
	}
	if to, ok := same[name]; ok {
		name = to
	}
	c, ok := p[name]
	return c, ok
}
