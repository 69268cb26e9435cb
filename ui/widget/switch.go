package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"offhook/ui/theme"
)

// Switch is something that is on or off, with the word beside it.
type Switch struct {
	control
	on              bool
	onWord, offWord string
	name            string
	changed         func(bool)
}

// NewSwitch returns a switch that is off. name is what it switches.
func NewSwitch(name, onWord, offWord string, changed func(bool)) *Switch {
	s := &Switch{name: name, onWord: onWord, offWord: offWord, changed: changed}
	s.init(s, "", func() {
		s.SetOn(!s.on)
		s.changed(s.on)
	})
	s.relabel()
	return s
}

func (s *Switch) relabel() {
	w := s.offWord
	if s.on {
		w = s.onWord
	}
	s.label = s.name + ", " + w
}

// SetOn shows another state without calling back.
func (s *Switch) SetOn(on bool) {
	if s.on != on {
		s.on = on
		s.relabel()
		s.Refresh()
	}
}

// On reports the state.
func (s *Switch) On() bool { return s.on }

// CreateRenderer is for Fyne.
func (s *Switch) CreateRenderer() fyne.WidgetRenderer {
	track, veil, ring := newRect(12), newRect(12), newRect(15)
	knob := canvas.NewCircle(color.Transparent)
	word := NewText("", Style{Size: theme.SizeCaption, Bold: true, Align: fyne.TextAlignTrailing})
	r := &renderer{objects: []fyne.CanvasObject{word, track, veil, knob, ring}}
	r.layout = func(size fyne.Size) {
		y := (size.Height - 24) / 2
		x := size.Width - 40
		place(track, x, y, 40, 24)
		place(veil, x, y, 40, 24)
		place(ring, x-3, y-3, 46, 30)
		if s.on {
			place(knob, x+18, y+2, 20, 20)
		} else {
			place(knob, x+3, y+3, 18, 18)
		}
		place(word, 0, (size.Height-word.MinSize().Height)/2, x-8, word.MinSize().Height)
	}
	r.min = func() fyne.Size { return fyne.NewSize(40+8+word.MinSize().Width, 40) }
	r.refresh = func() {
		switch {
		case s.disabled:
			paint(s, track, theme.Sunken, theme.Line, 1)
			knob.FillColor = ink(s, theme.Border)
			if word.text, word.style.Role = s.offWord, theme.Disabled; s.on {
				word.text = s.onWord
			}
		case s.on:
			paint(s, track, theme.Accent, theme.Clear, 0)
			knob.FillColor = ink(s, theme.OnAccent)
			word.text, word.style.Role = s.onWord, theme.AccentInk
		default:
			paint(s, track, theme.Surface, theme.Border, 2)
			knob.FillColor = ink(s, theme.Border)
			word.text, word.style.Role = s.offWord, theme.Text2
		}
		word.Refresh()
		s.paintState(veil, ring)
		r.layout(s.Size())
	}
	r.refresh()
	return r
}
