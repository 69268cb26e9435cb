package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"
)

// revealRoom is how much of what stands beside a part is shown with it.
const revealRoom float32 = 12

// ScrollTo moves the content of scroll so that o, which is somewhere in it, is
// seen.
func ScrollTo(scroll *container.Scroll, o fyne.CanvasObject) {
	path := pathTo(scroll.Content, o)
	if path == nil {
		return
	}
	y := float32(0)
	for _, p := range path[1:] {
		y += p.Position().Y
	}
	top, bottom := y-revealRoom, y+o.Size().Height+revealRoom
	at := scroll.Offset.Y
	if bottom > at+scroll.Size().Height {
		at = bottom - scroll.Size().Height
	}
	if top < at {
		at = top
	}
	at = max(0, min(at, scroll.Content.Size().Height-scroll.Size().Height))
	if at != scroll.Offset.Y {
		scroll.Offset.Y = at
		scroll.Refresh()
	}
}

// reveal scrolls the page that o is on so that o is seen, when the keyboard comes
// to it.
func reveal(o fyne.CanvasObject) {
	cv := canvasOf(o)
	if cv == nil {
		return
	}
	root := cv.Content()
	if top := cv.Overlays().Top(); top != nil {
		root = top
	}
	for _, p := range pathTo(root, o) {
		if s, ok := p.(*container.Scroll); ok {
			ScrollTo(s, o)
		}
	}
}

// pathTo is the way from root down to o, both included, or nil.
func pathTo(root, o fyne.CanvasObject) []fyne.CanvasObject {
	if root == o {
		return []fyne.CanvasObject{root}
	}
	for _, c := range PartsOf(root) {
		if c == nil || !c.Visible() {
			continue
		}
		if rest := pathTo(c, o); rest != nil {
			return append([]fyne.CanvasObject{root}, rest...)
		}
	}
	return nil
}

// PartsOf are the parts of o that the phone has put there.
func PartsOf(o fyne.CanvasObject) []fyne.CanvasObject {
	switch o := o.(type) {
	case *fyne.Container:
		return o.Objects
	case *container.Scroll:
		return []fyne.CanvasObject{o.Content}
	case *container.ThemeOverride:
		return []fyne.CanvasObject{o.Content}
	case *fynewidget.PopUp:
		return []fyne.CanvasObject{o.Content}
	case interface{ Parts() []fyne.CanvasObject }:
		return o.Parts()
	}
	return nil
}
