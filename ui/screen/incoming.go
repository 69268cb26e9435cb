package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// Incoming is the call panel while the phone rings. It moves no focus: no single
// key answers or declines.
type Incoming struct {
	env               *Env
	ring              *widget.RingArc
	avatarRow         *fyne.Container
	name, id, message *widget.Text
	messageRow        *fyne.Container
	// More shows all of a message of more than four lines, or its first lines again.
	More                     *widget.TapRow
	whole                    bool
	call                     string
	Decline, Silence, Answer *widget.PillButton
	hints                    *fyne.Container
	object                   fyne.CanvasObject
}

// NewIncoming returns the panel.
func NewIncoming(env *Env) *Incoming {
	i := &Incoming{env: env}
	i.ring = widget.NewRingArc("", theme.Success, true)
	i.avatarRow = widget.CentredRow(i.ring)
	i.name = widget.NewText("", centred(widget.Style{Size: theme.SizeTimer, Bold: true, Wrap: true, Lines: 2}))
	i.id = widget.NewText("", centred(widget.Style{Role: theme.Text2}))
	i.message = widget.NewText("", widget.Style{Role: theme.AccentInk, Wrap: true, Lines: linesFirst, More: env.T("more")})
	i.More = widget.NewTapRow("", widget.Row44, widget.Inset(12, 16, 12, 14,
		widget.Row(widget.NewIcon(theme.Note, theme.AccentInk, 18), widget.Gap(10), widget.Grow(i.message))), i.more)
	i.messageRow = container.NewStack(widget.NewPanel(theme.AccentSoft, theme.RadiusCard, i.More))
	i.Decline = widget.NewPill(env.T("Decline"), theme.HangUp, widget.DangerSoft, widget.HeightMain, env.Hangup)
	i.Decline.Guard()
	i.Answer = widget.NewPill(env.T("Answer"), theme.Phone, widget.Success, widget.HeightMain, env.Answer)
	i.Silence = widget.NewPill(env.T("Silence"), theme.BellOff, widget.Plain, widget.HeightButton, func() { env.Phone.Silence("") })
	i.Silence.SetHint(env.T("Esc"))
	hint := func(key string) fyne.CanvasObject {
		return widget.NewText(env.KeyName(env.T("Shift")+" "+key), centred(widget.Style{Size: theme.SizeCaption, Role: theme.Text2}))
	}
	i.hints = widget.Grid(2, 12, hint("D"), hint("A"))
	state := widget.CentredRow(widget.NewIcon(theme.ArrowIn, theme.SuccessInk, 18), widget.Gap(4),
		widget.NewText(env.T("Incoming call"), widget.Style{Bold: true, Role: theme.SuccessInk}))
	i.object = widget.Centre(520, newFold([]fyne.CanvasObject{
		widget.Flex(8), i.avatarRow, widget.Gap(16), state, widget.Gap(3), i.name, i.id,
		widget.Gap(16), i.messageRow, widget.Flex(8)}, nil, nil,
		widget.Column(widget.Gap(8), widget.CentredRow(i.Silence), widget.Gap(16),
			widget.Grid(2, 12, i.Decline, i.Answer), widget.Gap(8), i.hints, widget.Gap(16))).object)
	return i
}

// Object is what the window shows.
func (i *Incoming) Object() fyne.CanvasObject { return i.object }

func (i *Incoming) more() {
	i.whole = !i.whole
	i.message.SetLines(linesFirst)
	if i.whole {
		i.message.SetLines(0)
	}
	widget.Relayout(i.object)
}

// Render draws the panel.
func (i *Incoming) Render(v View) {
	c := v.Call
	if c == nil {
		return
	}
	name := nameOf(c.RemoteName, c.RemoteID)
	i.ring.SetName(name)
	i.name.SetText(name)
	id := idUnder(c.RemoteName, c.RemoteID)
	i.id.SetText(id)
	setVisible(i.id, id != "")
	message := c.Message
	if message == "" {
		message = i.env.routeWord(c)
	}
	i.message.SetText(message)
	i.More.SetLabel(message)
	if c.ID != i.call {
		i.call, i.whole = c.ID, true
		i.more()
	}
	setVisible(i.messageRow, message != "")
	setVisible(i.avatarRow, !v.Compact)
	setVisible(i.hints, !v.Low)
	i.Answer.SetLabel(i.env.T("Answer {name}", "name", name))
	i.Decline.SetLabel(i.env.T("Decline {name}", "name", name))
	if c.RingSilenced {
		i.Silence.Set(i.env.T("Silenced"), theme.BellOff, widget.Plain)
		i.Silence.SetHint("")
	} else {
		i.Silence.Set(i.env.T("Silence"), theme.BellOff, widget.Plain)
		i.Silence.SetHint(i.env.T("Esc"))
	}
	i.Silence.SetEnabled(!c.RingSilenced)
	widget.Relayout(i.object)
}
