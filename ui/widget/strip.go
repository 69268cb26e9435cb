package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// StripHeight is the height of a StatusStrip.
const StripHeight float32 = 48

// StatusStrip is the bottom line of the tabs: the device, and whether the
// microphone works. Pressing it opens the audio settings.
type StatusStrip struct {
	control
	device, word string
	good         bool
}

// NewStatusStrip returns an empty strip.
func NewStatusStrip(onTap func()) *StatusStrip {
	s := &StatusStrip{}
	s.init(s, "", onTap)
	return s
}

// Set changes what the strip shows.
func (s *StatusStrip) Set(device, word string, good bool, label string) {
	s.label = label
	if s.device == device && s.word == word && s.good == good {
		return
	}
	s.device, s.word, s.good = device, word, good
	s.Refresh()
}

// CreateRenderer is for Fyne.
func (s *StatusStrip) CreateRenderer() fyne.WidgetRenderer {
	box, line, veil, ring := newRect(0), newRect(0), newRect(0), newRect(4)
	head, mic, right := newImage(), newImage(), newImage()
	device := NewText("", Style{Size: theme.SizeCaption, Role: theme.Text2})
	word := NewText("", Style{Size: theme.SizeCaption})
	r := &renderer{objects: []fyne.CanvasObject{box, line, veil, head, device, mic, word, right, ring}}
	r.layout = func(size fyne.Size) {
		place(box, 0, 0, size.Width, size.Height)
		place(veil, 0, 1, size.Width, size.Height-1)
		place(line, 0, 0, size.Width, 1)
		place(ring, 3, 4, size.Width-6, size.Height-7)
		mid := size.Height / 2
		at := func(o fyne.CanvasObject, x, w, h float32) { place(o, x, mid-h/2, w, h) }
		at(head, 16, 18, 18)
		m := word.MinSize()
		x := size.Width - 56 - m.Width
		at(word, x, m.Width, m.Height)
		at(mic, x-20, 16, 16)
		at(device, 42, max(0, x-20-8-42), m.Height)
		at(right, size.Width-38, 20, 20)
	}
	r.min = func() fyne.Size { return fyne.NewSize(200, StripHeight) }
	r.refresh = func() {
		paint(s, box, theme.Surface, theme.Clear, 0)
		paint(s, line, theme.Line, theme.Clear, 0)
		device.SetText(s.device)
		word.SetText(s.word)
		g, role := theme.Mic, theme.SuccessInk
		if !s.good {
			g, role = theme.MicOff, theme.DangerInk
		}
		word.SetRole(role)
		setIcon(s, mic, g, role)
		setIcon(s, head, theme.Headset, theme.Text2)
		setIcon(s, right, theme.ChevronRight, theme.Text2)
		s.paintState(veil, ring)
		r.layout(s.Size())
	}
	r.refresh()
	return r
}
