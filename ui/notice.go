package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/assets/lang"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// noticeTime is how long a passing remark stays.
const noticeTime = 6 * time.Second

// notify shows a remark over the lower end of the window for a while.
func (s *shell) notify(text string) { s.remark(widget.ToneWarning, text) }

func (s *shell) remark(tone widget.Tone, text string) { s.remarkFor(tone, text, nil) }

// remarkFor shows a remark that goes when it is pressed; do, if any, is what it is a
// remark about.
func (s *shell) remarkFor(tone widget.Tone, text string, do func()) {
	if text == "" {
		return
	}
	if s.noticeStop != nil {
		s.noticeStop()
	}
	glyph := theme.Info
	switch tone {
	case widget.ToneWarning:
		glyph = theme.WarningIcon
	case widget.ToneDanger:
		glyph = theme.ErrorIcon
	}
	r := widget.NewRemark(tone, glyph, text)
	r.OnTap = func() {
		s.clearRemark()
		if do != nil {
			do()
		}
	}
	s.noticeBox.Objects = []fyne.CanvasObject{r}
	s.placeNotice()
	s.noticeBox.Refresh()
	s.noticeStop = s.run.After(noticeTime, s.clearRemark)
}

// clearRemark takes the remark away, if there is one.
func (s *shell) clearRemark() {
	if len(s.noticeBox.Objects) > 0 {
		s.noticeBox.Objects = nil
		s.noticeBox.Refresh()
	}
}

// renderNotice shows the phone's own remark once.
func (s *shell) renderNotice(n *app.Notice) {
	if n == nil || n.At.Equal(s.noticeAt) {
		return
	}
	s.noticeAt = n.At
	tone := widget.ToneInfo
	switch n.Level {
	case "warning":
		tone = widget.ToneWarning
	case "error":
		tone = widget.ToneDanger
	}
	var do func()
	if says(n.Text, "program.crashed") {
		do = func() { s.open(screen.PageReport) }
	}
	s.remarkFor(tone, s.words.Say(n.Text), do)
	s.phone.DismissNotice()
}

// says reports whether a text, or one that it is joined of, has a code.
func says(t lang.Text, code string) bool {
	for _, a := range t.Args {
		if inner, ok := a.(lang.Text); ok && says(inner, code) {
			return true
		}
	}
	return t.Code == code
}

// placeNotice puts the remark where it covers no button: above the bottom of the window,
// and during a call, whose buttons are there, over the header.
func (s *shell) placeNotice() {
	l := s.noticeBox.Layout.(*noticeLayout)
	shown := s.shown != nil && (s.shown == part(s.incoming) || s.shown == part(s.call))
	if l.top != shown {
		l.top = shown
		s.noticeBox.Refresh()
	}
}

// noticeLayout puts the remark above the bottom of the window, or at its top.
type noticeLayout struct{ top bool }

func (*noticeLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (l *noticeLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		w := min(s.Width-32, 440)
		h := o.MinSize().Height
		if r, ok := o.(*widget.Remark); ok {
			h = r.HeightFor(w)
		}
		y := s.Height - h - 64
		if l.top {
			y = 8
		}
		o.Move(fyne.NewPos((s.Width-w)/2, y))
		o.Resize(fyne.NewSize(w, h))
	}
}
