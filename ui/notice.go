package ui

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/assets/lang"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// noticeTime is how long a passing remark stays; one that offers something stays until
// it is answered.
const noticeTime = 6 * time.Second

// remark is something that the window says beside what it shows.
type remark struct {
	tone widget.Tone
	// title is what happened, text what more there is to say.
	title, text string
	// word names what act does, "" without it; refuse is told that the user closed it.
	word        string
	act, refuse func()
	// stays says that it does not pass by itself.
	stays bool
}

// notify shows a passing remark.
func (s *shell) notify(text string) { s.say(&remark{tone: widget.ToneWarning, title: text}) }

// say shows a remark in place of the one before.
func (s *shell) say(r *remark) {
	if r.title == "" {
		return
	}
	if s.noticeStop != nil {
		s.noticeStop()
		s.noticeStop = nil
	}
	s.note = r
	s.drawRemark()
	s.announce(strings.TrimSpace(r.title+" "+r.text), r.tone == widget.ToneDanger)
	if r.act == nil && !r.stays {
		s.noticeStop = s.run.After(noticeTime, s.clearRemark)
	}
}

// clearRemark takes the remark away, if there is one.
func (s *shell) clearRemark() {
	s.note = nil
	s.drawRemark()
}

// drawRemark shows the remark or, without one, the device that is offered. During a
// call it has room of its own above the phone, so that it covers no control; else it
// lies over the foot of the window.
func (s *shell) drawRemark() {
	r := s.note
	if r == nil {
		r = s.offer
	}
	bar := r
	if !s.phase.InCall() || s.root.Objects[0] != fyne.CanvasObject(s.tabs.Container) {
		bar = nil
	}
	s.drawBar(bar)
	over := r
	if bar != nil {
		over = nil
	}
	if over == s.over {
		return
	}
	s.over = over
	s.noticeBox.Objects = nil
	if over != nil {
		_, glyph := over.look()
		w := widget.NewRemark(over.tone, glyph, strings.TrimSpace(over.title+" "+over.text), over.word, func() { s.answer(over, true) })
		w.OnTap = func() { s.answer(over, false) }
		s.noticeBox.Objects = []fyne.CanvasObject{w}
	}
	s.noticeBox.Refresh()
}

// drawBar shows a remark above the phone, nil for none.
func (s *shell) drawBar(r *remark) {
	if r == s.inBar {
		return
	}
	s.inBar = r
	if r != nil {
		tone, glyph := r.look()
		s.tabs.note.Set(tone, glyph, r.title, r.text, r.word, true)
	}
	s.tabs.setNote(r != nil)
}

// look is how a remark is drawn.
func (r *remark) look() (widget.Tone, theme.Glyph) {
	switch r.tone {
	case widget.ToneWarning:
		return r.tone, theme.WarningIcon
	case widget.ToneDanger:
		return r.tone, theme.ErrorIcon
	}
	return r.tone, theme.Info
}

// answer takes a remark away, and does what it offers if the user wants it.
func (s *shell) answer(r *remark, yes bool) {
	if s.note == r {
		s.note = nil
	}
	if s.offer == r {
		s.offer = nil
	}
	s.drawRemark()
	switch {
	case yes && r.act != nil:
		r.act()
	case !yes && r.refuse != nil:
		r.refuse()
	}
}

// answerBar is answer for the remark above the phone.
func (s *shell) answerBar(yes bool) {
	if s.inBar != nil {
		s.answer(s.inBar, yes)
	}
}

// renderNotice shows the phone's own remark once, and the device that it offers.
func (s *shell) renderNotice(v screen.View) {
	if o := v.Audio.Offer; o != s.offeredDevice {
		s.offeredDevice = o
		if s.offer = s.offerOf(o); s.offer != nil {
			s.announce(s.offer.title+". "+s.offer.text, false)
		}
	}
	if n := v.Notice; n != nil && !n.At.Equal(s.noticeAt) {
		s.noticeAt = n.At
		r := &remark{tone: widget.ToneInfo, title: s.words.Say(n.Text)}
		switch n.Level {
		case "warning":
			r.tone = widget.ToneWarning
		case "error":
			r.tone = widget.ToneDanger
		}
		if says(n.Text, "program.crashed") {
			r.word, r.act = s.env.T("Report"), func() { s.open(screen.PageReport) }
		}
		s.say(r)
		s.phone.DismissNotice()
	}
	s.drawRemark()
}

// offerOf is the remark that offers a device, nil for none.
func (s *shell) offerOf(o *app.DeviceOffer) *remark {
	if o == nil {
		return nil
	}
	e := s.env
	r := &remark{tone: widget.ToneInfo, title: e.T("{device} is plugged in", "device", o.Device), text: e.T("Use it for this call?"), word: e.T("Use it")}
	if o.Kind == app.OfferMicrophone {
		r = &remark{tone: widget.ToneWarning, title: e.T("We hear nothing from {device}", "device", o.Silent),
			text: e.T("Switch to {device}?", "device", o.Device), word: e.T("Switch")}
	}
	r.act, r.refuse = func() { e.Run.Go(func(context.Context) error { return s.phone.TakeDevice() }, e.Complain) }, s.phone.RefuseDevice
	return r
}

// renderPairing shows the code of a web page that asks to work the phone, for as long
// as it holds and the user has not closed it.
func (s *shell) renderPairing(p *app.Pairing) {
	code := ""
	if p != nil {
		code = p.Code
	}
	if code != s.pairingCode {
		if s.note != nil && s.note == s.pairing {
			s.clearRemark()
		}
		s.pairingCode, s.pairing = code, nil
		if code != "" {
			s.pairing = &remark{tone: widget.ToneInfo, stays: true, refuse: func() { s.pairing = nil },
				title: s.env.T("{name} at {origin} asks to work your phone. If that was you, give it the code {code}.", "name", p.Name, "origin", s.env.PairingFrom(p), "code", code)}
			s.say(s.pairing)
		}
	}
	if s.note == nil && s.pairing != nil { // another remark is over
		s.note = s.pairing
		s.drawRemark()
	}
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

// noticeLayout puts the remark above the bottom of the window.
type noticeLayout struct{}

func (noticeLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (noticeLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		w := min(s.Width-32, 440)
		h := o.MinSize().Height
		if r, ok := o.(*widget.Remark); ok {
			h = r.HeightFor(w)
		}
		o.Move(fyne.NewPos((s.Width-w)/2, s.Height-h-64))
		o.Resize(fyne.NewSize(w, h))
	}
}
