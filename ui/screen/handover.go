package screen

import (
	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// handover is what the call panel has while a call is handed on: how it fares and, while
// somebody is asked whether to take the call, the two buttons that end the asking.
type handover struct {
	env *Env
	// state says how it fares.
	state    *widget.Text
	stateRow *fyne.Container
	// Join joins the far side with the one who is asked; Back hangs up on them and goes
	// to the far side. They stand in the place of the red button.
	Join, Back *widget.PillButton
	foot       *fyne.Container
	call       string
}

func newHandover(env *Env) *handover {
	h := &handover{env: env}
	h.state = widget.NewText("", centred(widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true}))
	h.stateRow = widget.Column(widget.Gap(6), h.state)
	h.Back = widget.NewQuietPill("", theme.Back, widget.Plain, widget.HeightMain, env.endConsultation)
	h.Join = widget.NewQuietPill(env.T("Transfer"), theme.Send, widget.Accent, widget.HeightMain, func() { env.doTo(h.call, env.Phone.CompleteTransfer) })
	h.Join.Guard(env.Now)
	h.foot = widget.Equal(8, h.Join, h.Back)
	h.foot.Hide()
	return h
}

// render draws it.
func (h *handover) render(v View) {
	e, c := h.env, v.Call
	word := e.handoverWord(c)
	if word == "" && c.Consultation.Active() && !v.Compact && !v.Low {
		word = e.askingWord(c)
	}
	h.state.SetText(word)
	setVisible(h.stateRow, word != "" && SecondRings(v) == nil)
	h.call = c.ID
	if !c.Consultation.Active() {
		return
	}
	k, far, asked := c.Consultation, callName(c), e.partyName(c.Consultation.Target)
	h.Back.Set(e.T("Back to {name}", "name", firstName(far)), theme.Back, widget.Plain)
	h.Back.SetLabel(e.T("Back to {name}", "name", far))
	h.Join.Set(e.T("Transfer"), theme.Send, widget.Accent)
	h.Join.SetLabel(e.T("Transfer {name} to {other}", "name", far, "other", asked))
	h.Join.SetEnabled(k.Status >= 180 && (c.Transfer == nil || c.Transfer.Final))
}

// askingWord says what Transfer does while somebody is asked.
func (e *Env) askingWord(c *app.Call) string {
	asked := firstName(e.partyName(c.Consultation.Target))
	if c.Consultation.Answered() {
		return e.T("{name} will talk to {other}. Your part ends.", "name", firstName(callName(c)), "other", asked)
	}
	return e.T("Transfer now, or wait until {name} answers.", "name", asked)
}

// partyName names who is behind a dialled number or address.
func (e *Env) partyName(target string) string {
	return nameOf(e.Phone.NameOf(target), target)
}

// handoverWord says how a transfer, or the talk before it, fares.
func (e *Env) handoverWord(c *app.Call) string {
	if t := c.Transfer; t != nil {
		name := e.partyName(t.Target)
		switch {
		case t.Final && t.Status >= 200 && t.Status < 300:
			return e.T("Transferred to {name}", "name", name)
		case t.Final:
			return e.T("{name} didn't take the transfer. You're still talking to {other}.", "name", name, "other", callName(c))
		case t.Status >= 180:
			return e.T("Ringing {name}", "name", name)
		default:
			return e.T("Transferring to {name}", "name", name)
		}
	}
	k := c.Consultation
	if k == nil || k.Active() {
		return ""
	}
	switch name := e.partyName(k.Target); k.EndReason {
	case voice.EndLocalHangup, voice.EndPSTNHangup:
		return "" // the user asked for that
	case voice.EndRemoteHangup:
		return e.T("{name} hung up", "name", name)
	default:
		return e.endingOf(k.EndReason, "", name).dialled
	}
}
