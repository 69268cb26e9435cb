package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// secondCall is the card of a call that rings while the user talks. It takes the place
// of the first call's avatar, and moves neither switches nor the red button.
type secondCall struct {
	env                     *Env
	face                    *widget.Avatar
	name, id, seconds       *widget.Text
	message                 *widget.Text
	messageRow              *fyne.Container
	Answer, Decline, Ignore *widget.PillButton
	call                    string
	object                  *fyne.Container

	// brief is the first call meanwhile.
	brief                        *fyne.Container
	briefFace                    *widget.Avatar
	briefName, briefID, briefAge *widget.Text
	briefQuality                 *widget.QualityChip
}

func newSecondCall(env *Env) *secondCall {
	s := &secondCall{env: env, face: widget.NewAvatar("", 40), name: widget.NewText("", widget.Style{Size: theme.SizeSub, Bold: true}), id: caption(""), seconds: caption("")}
	s.message = widget.NewText("", widget.Style{Size: theme.SizeCaption})
	s.messageRow = widget.Row(widget.NewIcon(theme.Note, theme.Text2, 16), widget.Gap(8), widget.Grow(s.message))
	s.Answer = widget.NewPill("", theme.Phone, widget.Success, widget.HeightButton, func() { env.answer(s.call) })
	s.Answer.Guard(env.Now)
	s.Decline = widget.NewPill(env.T("Decline"), theme.HangUp, widget.DangerSoft, widget.HeightSmall, func() { env.hangUp(s.call) })
	s.Decline.Guard(env.Now)
	s.Ignore = widget.NewPill(env.T("Ignore"), theme.BellOff, widget.Plain, widget.HeightSmall, func() { env.Complain(env.Phone.Ignore(s.call)) })
	state := widget.Row(widget.NewIcon(theme.ArrowIn, theme.SuccessInk, 16), widget.Gap(4),
		widget.Grow(widget.NewText(env.T("Second call"), widget.Style{Size: theme.SizeCaption, Bold: true, Role: theme.SuccessInk})), s.seconds)
	body := widget.Column(widget.Gap(8), widget.Row(s.face, widget.Gap(12), widget.Grow(widget.Column(state, s.name, s.id))),
		widget.Gap(8), s.messageRow, widget.Gap(10), s.Answer, widget.Gap(8), widget.Grid(2, 8, s.Decline, s.Ignore), widget.Gap(10))
	line := widget.Inset(0, 12, 0, 12, widget.Fixed(0, 4, widget.NewPanel(theme.Success, 2, widget.Gap(0))))
	s.object = widget.Column(widget.Gap(12), widget.NewCard(container.NewBorder(line, nil, nil, nil, widget.Inset(0, 12, 0, 12, body))))
	s.object.Hide()

	s.briefFace = widget.NewAvatar("", 40)
	s.briefName, s.briefID = widget.NewText("", widget.Style{Bold: true}), caption("")
	s.briefAge = widget.NewText("", widget.Style{Size: theme.SizeSub})
	s.briefQuality = widget.NewQualityChip(func() { env.Open(PageStatistics) })
	s.brief = widget.Column(widget.Gap(10), widget.Row(s.briefFace, widget.Gap(12), widget.Grow(raised(widget.Column(s.briefName, s.briefID))), widget.Gap(8), s.briefAge, widget.Gap(8), s.briefQuality))
	s.brief.Hide()
	return s
}

// render shows the call that rings, nil for none, and reports whether it came or went.
func (s *secondCall) render(v View, c *app.Call) (moved bool) {
	moved = setVisible(s.object, c != nil)
	setVisible(s.brief, c != nil && !v.Compact)
	if c == nil {
		return moved
	}
	e, name, first := s.env, callName(c), callName(v.Call)
	s.call = c.ID
	s.face.SetName(name)
	s.name.SetText(name)
	id := s.env.idUnder(c.RemoteName, c.RemoteID)
	s.id.SetText(id)
	setVisible(s.id, id != "" && !v.Compact)
	showWait(s.seconds, v.Now.Sub(c.Started))
	message := c.Message
	if message == "" {
		message = e.routeWord(c)
	}
	s.message.SetText(oneLine(message))
	setVisible(s.messageRow, message != "" && !v.Low)
	s.Answer.Set(e.T("Answer and hold {name}", "name", firstName(first)), theme.Phone, widget.Success)
	s.Decline.SetLabel(e.T("Decline {name}", "name", name))
	s.Ignore.SetLabel(e.T("Ignore {name}", "name", name))

	s.briefFace.SetName(first)
	s.briefName.SetText(first)
	s.briefID.SetText(s.env.idUnder(v.Call.RemoteName, v.Call.RemoteID))
	s.briefAge.SetText("")
	if v.Call.Established != nil {
		s.briefAge.SetText(Clock(v.Now.Sub(*v.Call.Established)))
	}
	e.showCallQuality(s.briefQuality, v, v.Call, false)
	setVisible(s.briefQuality, v.Call.Established != nil)
	return moved
}
