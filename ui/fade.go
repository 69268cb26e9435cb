package ui

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"offhook/ui/theme"
)

// fadeTime is how long a new page takes to come up. It begins half there, so that
// what was pressed is answered by the next picture.
const (
	fadeTime  = 120 * time.Millisecond
	fadeBegin = 0.5
)

// fade is a veil in the window's colour over a page that has just appeared. Nothing
// is drawn once it is gone.
type fade struct {
	veil *canvas.Rectangle
	anim *fyne.Animation
}

func newFade() *fade {
	f := &fade{veil: canvas.NewRectangle(color.Transparent)}
	f.veil.Hide()
	return f
}

// run veils a part of the window, from top down, and lets it come up.
func (f *fade) run(ground color.Color, top float32, size fyne.Size) {
	f.stop()
	c := color.NRGBAModel.Convert(ground).(color.NRGBA)
	tick := func(done float32) {
		if done >= 1 {
			f.clear()
			return
		}
		c.A = uint8(255 * fadeBegin * (1 - done))
		f.veil.FillColor = c
		f.veil.Refresh()
	}
	f.veil.Move(fyne.NewPos(0, top))
	f.veil.Resize(fyne.NewSize(size.Width, max(0, size.Height-top)))
	f.veil.Show()
	tick(0)
	f.anim = &fyne.Animation{Duration: fadeTime, Curve: fyne.AnimationEaseOut, Tick: tick}
	f.anim.Start()
}

// stop ends the fade at once.
func (f *fade) stop() {
	if f.anim != nil {
		f.anim.Stop()
		f.anim = nil
		f.clear()
	}
}

// still ends all movement, because nobody sees it any more.
func (s *shell) still() {
	s.fade.stop()
	if s.call != nil {
		s.call.SetTurning(false)
	}
}

func (f *fade) clear() {
	f.veil.FillColor = color.Transparent
	f.veil.Hide()
}

// fadeIn lets what has just been put into the window come up, unless the user asks
// for no motion or does not see it. Over the tabs, header and strip stand still.
func (s *shell) fadeIn(page bool) {
	size := s.root.Size()
	if s.settings.Appearance.ReducedMotion || !s.visible || s.env.Early != nil || size.Width == 0 {
		return
	}
	top := float32(0)
	if !page {
		top = s.header.Object().Size().Height
		size.Height -= s.tabs.stripHeight()
	}
	variant := fyne.CurrentApp().Settings().ThemeVariant()
	s.fade.run(s.theme.Color(theme.Window, variant), top, size)
}
