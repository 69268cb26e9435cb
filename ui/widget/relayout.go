package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Relayout places everything in o anew, because a text became longer or a part
// was hidden. Unlike Refresh it draws nothing that did not move.
func Relayout(o fyne.CanvasObject) {
	if o == nil || !o.Visible() {
		return
	}
	switch o := o.(type) {
	case *fyne.Container:
		if o.Layout != nil && o.Size().Width > 0 {
			o.Layout.Layout(o.Objects, o.Size())
		}
		for _, c := range o.Objects {
			Relayout(c)
		}
	case *container.Scroll:
		if o.Content == nil {
			return
		}
		if m := o.Content.MinSize(); m.Height > o.Size().Height || o.Content.Size().Height > o.Size().Height {
			if o.Content.Size().Height != max(m.Height, o.Size().Height) {
				o.Refresh()
			}
		}
		Relayout(o.Content)
	case *container.ThemeOverride:
		Relayout(o.Content)
	case interface{ Parts() []fyne.CanvasObject }:
		if p, ok := o.(interface{ placeParts() }); ok {
			p.placeParts()
		}
		for _, c := range o.Parts() {
			Relayout(c)
		}
	}
}
