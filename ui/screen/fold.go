package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/widget"
)

// sideWidth is the width of the right column of a low window.
const sideWidth float32 = 296

// fold is the content of a tab whose main button is always on the screen: a column
// that scrolls when there is no room for it, over a foot. In a low, broad window a
// part of the column stands to the right of both.
type fold struct {
	object        *fyne.Container
	column        *fyne.Container
	scroll        *container.Scroll
	before, after []fyne.CanvasObject
	side, foot    fyne.CanvasObject
	columns       bool
}

// newFold returns the fold of a column that consists of before, side and after.
func newFold(before []fyne.CanvasObject, side fyne.CanvasObject, after []fyne.CanvasObject, foot fyne.CanvasObject) *fold {
	f := &fold{column: widget.Column(), before: before, after: after, side: side, foot: widget.Inset(0, 16, 0, 16, foot)}
	f.scroll = container.NewVScroll(widget.Narrow(widget.Inset(0, 16, 0, 16, f.column)))
	f.object = container.New(f, f.scroll, f.foot)
	f.columns = true
	f.setColumns(false)
	return f
}

// setColumns puts the side to the right of the rest, or into the column.
func (f *fold) setColumns(on bool) {
	if f.columns == on {
		return
	}
	f.columns = on
	f.column.Objects = append([]fyne.CanvasObject{}, f.before...)
	f.object.Objects = []fyne.CanvasObject{f.scroll, f.foot}
	if on {
		f.object.Objects = []fyne.CanvasObject{f.scroll, f.side, f.foot}
	} else if f.side != nil {
		f.column.Objects = append(append(f.column.Objects, f.side), f.after...)
	}
	f.column.Refresh()
	f.object.Refresh()
}

// needs is how high the column is in a width, without scrolling.
func (f *fold) needs(width float32) float32 {
	if f.columns && f.side != nil {
		width -= sideWidth + 16
	}
	return widget.HeightOf(f.column, width-32)
}

// MinSize is for Fyne.
func (f *fold) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(280, f.foot.MinSize().Height+40)
}

// Layout is for Fyne.
func (f *fold) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	left, foot := s.Width, f.foot.MinSize().Height
	if f.columns && f.side != nil {
		left -= sideWidth + 16
		h := f.side.MinSize().Height
		f.side.Resize(fyne.NewSize(sideWidth, h))
		f.side.Move(fyne.NewPos(left, max(12, s.Height-h-16)))
	}
	f.scroll.Move(fyne.NewPos(0, 0))
	f.scroll.Resize(fyne.NewSize(left, s.Height-foot))
	f.foot.Move(fyne.NewPos(0, s.Height-foot))
	f.foot.Resize(fyne.NewSize(left, foot))
}
