package screen

import (
	"fyne.io/fyne/v2"

	"offhook/ui/widget"
)

// maxRoom is the most room between pad and button.
const maxRoom float32 = 32

// listRoom is the room around the pad and the list of matches.
const listRoom float32 = 4

// dialWidth is how broad the tab is at most.
const dialWidth float32 = 520

// keyMost is how high a key of the pad is at most, keyMostWide in a wide window.
const (
	keyMost     float32 = 84
	keyMostWide float32 = 96
)

// dialLayout places the tab: the pad takes what room there is, and the rest is above the
// button.
type dialLayout struct{ d *Dial }

func (l *dialLayout) gaps() (top, hint, pad, bottom float32) {
	if l.d.view.Compact && l.d.Telling() {
		return 8, 12, 12, 8
	}
	return 16, 12, 12, 16
}

// fieldHeight is more in the small window, whose keys are lower.
func (l *dialLayout) fieldHeight() float32 {
	if l.d.view.Compact && !l.d.Telling() {
		return 56
	}
	return 48
}

// buttonHeight is less in the small window while it shows a banner, so that the keys
// of the pad keep their size.
func (l *dialLayout) buttonHeight() float32 {
	if l.d.view.Compact && l.d.Telling() {
		return widget.HeightButton
	}
	return widget.HeightMain
}

func (l *dialLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(280, 16+l.fieldHeight()+12+40+l.buttonHeight()+16)
}

func (l *dialLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	field, hint, pad, list, button, banner := o[0], o[1], o[2], o[3], o[4], o[5]
	v := l.d.view
	top, hintGap, padGap, bottom := l.gaps()
	width := min(s.Width, dialWidth)
	left := (s.Width-width)/2 + 16
	if v.Columns {
		width, left = s.Width-sideWidth-16, 16
	}
	put := func(o fyne.CanvasObject, y, h float32) {
		o.Move(fyne.NewPos(left, y))
		o.Resize(fyne.NewSize(width-32, h))
	}
	y := top
	end := s.Height - bottom - l.buttonHeight()
	if l.d.Telling() {
		y = 12
		h := l.d.Banner.slim.HeightFor(width - 32)
		if v.Compact {
			y = 8
		}
		h = min(h, max(widget.SlimHeight, end-y-l.fieldHeight()-28)) // more is scrolled
		put(banner, y, h)
		y += h + 10
	}
	put(field, y, l.fieldHeight())
	y += l.fieldHeight()
	put(hint, y+hintGap, 16)
	if v.Columns {
		put(button, end, l.buttonHeight())
		for _, o := range []fyne.CanvasObject{pad, list} {
			o.Move(fyne.NewPos(s.Width-sideWidth-16-listRoom, 12-listRoom))
			o.Resize(fyne.NewSize(sideWidth+2*listRoom, s.Height-28+2*listRoom))
		}
		return
	}
	if !hint.Visible() && !list.Visible() {
		hintGap, padGap = 0, padGap-16
	}
	// Room on each side keeps the card's outline from being cut.
	list.Move(fyne.NewPos(left-listRoom, y+12-listRoom))
	y += hintGap + 16 + padGap
	most := keyMost
	if v.Wide {
		most = keyMostWide
	}
	h := min((end-y-12-24)/4, most)
	if want := widget.KeyHeight; h > want && s.Height < 640 {
		h = want
	}
	pad.Move(fyne.NewPos(left-listRoom, y-listRoom))
	pad.Resize(fyne.NewSize(width-32+2*listRoom, h*4+24+2*listRoom))
	list.Resize(fyne.NewSize(width-32+2*listRoom, max(0, min(end, y+h*4+24+maxRoom)-12-list.Position().Y)))
	// In a high window the button stays with the pad.
	put(button, min(end, y+h*4+24+maxRoom), l.buttonHeight())
}
