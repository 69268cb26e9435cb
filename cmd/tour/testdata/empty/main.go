// Command empty is a window of the phone's size with nothing in it: what the
// library costs by itself, beside which the phone's own figures are put.
package main

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

func main() {
	a := app.NewWithID("io.offhook.Empty")
	a.Settings().SetTheme(theme.DefaultTheme())
	w := a.NewWindow("Empty")
	w.SetPadded(false)
	w.SetContent(canvas.NewRectangle(color.NRGBA{R: 0xF4, G: 0xF5, B: 0xF9, A: 0xFF}))
	w.Resize(fyne.NewSize(380, 660))
	w.CenterOnScreen()
	w.ShowAndRun()
}
