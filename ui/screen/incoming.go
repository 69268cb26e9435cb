package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// Incoming is the call panel while the phone rings. It moves no focus: no single
// key answers or declines.
type Incoming struct {
	env                      *Env
	ring                     *widget.RingArc
	avatarRow                *fyne.Container
	name, id, seconds        *widget.Text
	Message                  *widget.MessageCard
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
	i.name = widget.NewText("", centred(widget.Style{Size: theme.SizeTimer, Bold: true, Wrap: true, Lines: 2, Least: nameLeast, Small: true}))
	i.id = widget.NewText("", centred(widget.Style{Role: theme.Text2}))
	i.seconds = widget.NewText("", widget.Style{})
	i.Message = widget.NewMessageCard(linesFirst, env.T("more"), env.Host.Copy, func() { widget.Relayout(i.object) })
	i.Decline = widget.NewPill(env.T("Decline"), theme.HangUp, widget.DangerSoft, widget.HeightMain, env.Hangup)
	i.Decline.Guard(env.Now)
	i.Answer = widget.NewPill(env.T("Answer"), theme.Phone, widget.Success, widget.HeightMain, env.Answer)
	i.Silence = widget.NewPill(env.T("Silence"), theme.BellOff, widget.Plain, widget.HeightButton, func() { env.Phone.Silence("") })
	i.Silence.SetHint(env.T("Esc"))
	hint := func(key string) fyne.CanvasObject {
		return widget.NewText(env.KeyName(env.T("Shift")+" "+key), centred(widget.Style{Size: theme.SizeCaption, Role: theme.Text2}))
	}
	i.hints = widget.Grid(2, 12, hint("D"), hint("A"))
	state := widget.CentredRow(widget.NewIcon(theme.ArrowIn, theme.SuccessInk, 18), widget.Gap(4),
		widget.NewText(env.T("Incoming call"), widget.Style{Bold: true, Role: theme.SuccessInk}), widget.Gap(6), i.seconds)
	i.object = widget.Centre(520, newFold([]fyne.CanvasObject{
		widget.Flex(8), i.avatarRow, widget.Gap(16), state, widget.Gap(3), i.name, i.id,
		widget.Gap(16), i.Message, widget.Flex(8)}, nil, nil,
		widget.Column(widget.Gap(8), widget.CentredRow(i.Silence), widget.Gap(16),
			widget.Grid(2, 12, i.Decline, i.Answer), widget.Gap(8), i.hints, widget.Gap(16))).object)
	return i
}

// ringSize is the size of the disc over a name: a name of two lines takes its room.
func ringSize(name *widget.Text) float32 {
	if name.LinesAt(name.Size().Width) > 1 {
		return 72
	}
	return 96
}

// Object is what the window shows.
func (i *Incoming) Object() fyne.CanvasObject { return i.object }

// nameLeast is the size of a name that has no room at its usual size.
const nameLeast float32 = 24

// ringLong is for how long a caller waits before the seconds say that it is long.
const ringLong = 20 * time.Second

// showWait shows how long a caller has been waiting.
func showWait(t *widget.Text, wait time.Duration) {
	role := theme.Text2
	if wait >= ringLong {
		role = theme.WarningInk
	}
	t.SetRole(role)
	t.SetText(Short(wait))
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
	id := i.env.idUnder(c.RemoteName, c.RemoteID)
	i.id.SetText(id)
	setVisible(i.id, id != "")
	message := c.Message
	if message == "" {
		message = i.env.routeWord(c)
	}
	if c.ID != i.call {
		i.call = c.ID
		i.Message.SetText("")
	}
	i.Message.SetText(message)
	setVisible(i.Message, message != "")
	showWait(i.seconds, v.Now.Sub(c.Started))
	i.ring.SetSize(ringSize(i.name))
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
