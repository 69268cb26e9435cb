package ui

import (
	"image/color"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// appIcon is the phone's mark in its own colours, whatever the theme.
func appIcon() fyne.Resource {
	return theme.MarkIcon(color.NRGBA{R: 0x42, G: 0x47, B: 0xC4, A: 0xFF}, color.White)
}
