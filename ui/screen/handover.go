package screen

import (
	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// handover is what the call panel has for handing the call on. While somebody is
// asked whether to take it, both parties are shown in the place of the one; the
// panel's hold switch goes to and fro between them.
type handover struct {
	env *Env
	// state says how it fares.
	state    *widget.Text
	stateRow *fyne.Container
	// parties are whom the user asks, and below the call's far side.
	parties, roomy *fyne.Container
	asked, far     *partyRow
	// Button opens the page that asks to whom; while somebody is asked, it joins
	// the two. Back hangs up on whom the user asks and goes to the far side; Drop is
	// the same while the user is there already.
	Button, Back, Drop *widget.PillButton
	asking             bool
}

func newHandover(env *Env) *handover {
	h := &handover{env: env}
	h.state = widget.NewText("", centred(widget.Style{Size: theme.SizeCaption, Role: theme.Text2}))
	h.stateRow = widget.Column(widget.Gap(6), h.state)
	h.Back = widget.NewPill(env.T("Back"), "", widget.Plain, widget.HeightSmall, env.endConsultation)
	h.Drop = widget.NewPill(env.T("Hang up"), "", widget.Plain, widget.HeightSmall, env.endConsultation)
	h.asked, h.far = newPartyRow(h.Drop), newPartyRow(h.Back)
	h.roomy = widget.Fixed(0, 12, widget.Gap(0))
	h.parties = widget.Column(h.roomy, widget.Gap(12), widget.CardOf(h.asked.object, h.far.object))
	h.parties.Hide()
	h.Button = widget.NewQuietPill(env.T("Transfer"), theme.Send, widget.Plain, widget.HeightMain, func() {
		if h.asking {
			env.doTo("", env.Phone.CompleteTransfer)
			return
		}
		env.Open(PageTransfer)
	})
	return h
}

// render draws it. Calls of the subscriber's line can't be handed on.
func (h *handover) render(v View) {
	e, c := h.env, v.Call
	word := e.handoverWord(c)
	h.state.SetText(word)
	setVisible(h.stateRow, word != "")
	h.asking = c.Consultation.Active()
	setVisible(h.parties, h.asking)
	setVisible(h.roomy, !v.Compact)
	if !h.asking {
		h.Button.Set(e.T("Transfer"), theme.Send, widget.Plain)
		h.Button.SetEnabled(transferable(v))
		return
	}
	k, far, asked := c.Consultation, nameOf(c.RemoteName, c.RemoteID), e.partyName(c.Consultation.Target)
	setVisible(h.Drop, k.OnHold())
	setVisible(h.Back, !k.OnHold())
	switch {
	case k.OnHold():
		h.asked.set(asked, theme.Pause, theme.Text2, e.T("On hold for {time}", "time", Short(v.Now.Sub(*k.HeldSince))))
	case k.Answered() && k.Since != nil:
		h.asked.set(asked, theme.Phone, theme.SuccessInk, e.T("Talking for {time}", "time", Short(v.Now.Sub(*k.Since))))
	case k.Status >= 180:
		h.asked.set(asked, theme.ArrowOut, theme.AccentInk, e.T("Ringing"))
	default:
		h.asked.set(asked, theme.ArrowOut, theme.AccentInk, e.T("Connecting"))
	}
	if k.OnHold() && !c.Held {
		h.far.set(far, theme.Phone, theme.SuccessInk, e.T("Talking for {time}", "time", Short(v.Now.Sub(*k.HeldSince))))
	} else {
		h.far.set(far, theme.Pause, theme.Text2, e.T("On hold for {time}", "time", Short(heldFor(v))))
	}
	h.Back.SetLabel(e.T("Back to {name}", "name", far))
	h.Drop.SetLabel(e.T("Hang up on {name}", "name", asked))
	h.Button.Set(e.T("Transfer"), theme.Send, widget.Accent)
	h.Button.SetLabel(e.T("Transfer {name} to {other}", "name", far, "other", asked))
	h.Button.SetEnabled(k.Status >= 180 && (c.Transfer == nil || c.Transfer.Final))
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
			return e.notReached(&app.EndedCall{EndReason: t.EndReason}, name).title + ". " + e.T("The call is still yours.")
		case t.Status >= 180:
			return e.T("It rings at {name}", "name", name)
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
		return e.notReached(&app.EndedCall{EndReason: k.EndReason}, name).title
	}
}

// partyRow is one of the two parties: initials, name, and what they do.
type partyRow struct {
	face   *widget.Avatar
	name   *widget.Text
	icon   *widget.Icon
	word   *widget.Text
	object fyne.CanvasObject
}

// newPartyRow returns a row with a button at its end.
func newPartyRow(end *widget.PillButton) *partyRow {
	p := &partyRow{face: widget.NewAvatar("", 36), name: widget.NewText("", widget.Style{Bold: true}), icon: widget.NewIcon(theme.Phone, theme.Text2, 16), word: caption("")}
	words := raised(widget.Column(p.name, widget.Row(p.icon, widget.Gap(4), widget.Grow(p.word))))
	p.object = widget.Fixed(0, widget.Row56, widget.Inset(0, 12, 0, 12, widget.Row(p.face, widget.Gap(12), widget.Grow(words), widget.Gap(8), end)))
	return p
}

func (p *partyRow) set(name string, g theme.Glyph, ink fyne.ThemeColorName, word string) {
	p.face.SetName(name)
	p.name.SetText(name)
	p.icon.Set(g, ink)
	p.word.SetText(word)
}
