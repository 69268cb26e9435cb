package widget

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// arcTurn is one turn of the ringing arc.
const arcTurn = 1200 * time.Millisecond

// RingArc is the avatar of a call that rings: an arc turns around it. With
// reduced motion, and for incoming calls, the ring is whole.
type RingArc struct {
	fynewidget.BaseWidget
	avatar *Avatar
	role   fyne.ThemeColorName
	// whole shows a whole ring, with a second, fainter one outside of it.
	whole   bool
	size    float32
	turning bool
	anim    *fyne.Animation
	arc     *canvas.Arc
}

// NewRingArc returns the ring of a person.
func NewRingArc(name string, role fyne.ThemeColorName, whole bool) *RingArc {
	a := &RingArc{avatar: NewAvatar(name, 96), role: role, whole: whole, size: 96}
	a.ExtendBaseWidget(a)
	return a
}

// SetName shows the initials of name.
func (a *RingArc) SetName(name string) { a.avatar.SetName(name) }

// SetSize changes the size of the disc within the ring, which is 96 units.
func (a *RingArc) SetSize(size float32) {
	if a.size != size {
		a.size = size
		a.avatar.SetSize(size)
		a.Refresh()
	}
}

// SetTurning lets the arc turn or stand still. Nothing is drawn while it
// stands.
func (a *RingArc) SetTurning(on bool) {
	if a.turning == on {
		return
	}
	a.turning = on
	if a.anim != nil {
		a.anim.Stop()
		a.anim = nil
	}
	if !on {
		return
	}
	a.anim = &fyne.Animation{Duration: arcTurn, RepeatCount: fyne.AnimationRepeatForever, Curve: fyne.AnimationLinear,
		Tick: func(p float32) {
			if a.arc == nil || !a.Visible() {
				return
			}
			a.arc.StartAngle, a.arc.EndAngle = 360*p, 360*p+120
			a.arc.Refresh()
		}}
	a.anim.Start()
}

// CreateRenderer is for Fyne.
func (a *RingArc) CreateRenderer() fyne.WidgetRenderer {
	track, outer := canvas.NewCircle(color.Transparent), canvas.NewCircle(color.Transparent)
	a.arc = canvas.NewArc(0, 120, 0.965, color.Transparent)
	r := &renderer{objects: []fyne.CanvasObject{outer, track, a.arc, a.avatar}}
	r.layout = func(s fyne.Size) {
		cx, cy := s.Width/2, s.Height/2
		around := func(o fyne.CanvasObject, size float32) { place(o, cx-size/2, cy-size/2, size, size) }
		around(a.avatar, a.size)
		around(track, a.size+14)
		if a.whole {
			around(outer, a.size+38)
		}
		around(a.arc, a.size+15)
	}
	r.min = func() fyne.Size {
		if a.whole {
			return fyne.NewSquareSize(a.size + 40)
		}
		return fyne.NewSquareSize(a.size + 18)
	}
	r.refresh = func() {
		r.layout(a.Size())
		track.StrokeWidth, outer.StrokeWidth = 2, 2
		if a.whole {
			track.StrokeColor = fade(ink(a, a.role), 0.55)
			outer.StrokeColor = ink(a, theme.SuccessSoft)
			outer.Show()
			a.arc.Hide()
		} else {
			track.StrokeColor = ink(a, theme.Line)
			outer.Hide()
			a.arc.FillColor = ink(a, a.role)
			a.arc.Show()
		}
	}
	r.destroy = func() {
		if a.anim != nil {
			a.anim.Stop()
		}
	}
	r.refresh()
	return r
}

func fade(c color.Color, part float32) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = uint8(float32(n.A) * part)
	return n
}
