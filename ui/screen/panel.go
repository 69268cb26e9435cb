package screen

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// The size of the panel of an incoming call, in units.
const (
	PanelWidth  float32 = 348
	PanelHeight float32 = 224
)

// Panel is the small window of an incoming call over other work.
type Panel struct {
	env                      *Env
	face                     *widget.Avatar
	name, id, seconds        *widget.Text
	message                  *widget.Text
	messageBox               fyne.CanvasObject
	Decline, Silence, Answer *widget.PillButton
	hints                    *fyne.Container
	object                   fyne.CanvasObject
}

// NewPanel returns the panel.
func NewPanel(env *Env) *Panel {
	p := &Panel{env: env}
	p.face = widget.NewAvatar("", 48)
	p.name = widget.NewText("", widget.Style{Size: theme.SizeSub, Bold: true})
	p.id = caption("")
	p.seconds = caption("")
	p.message = widget.NewText("", widget.Style{Role: theme.AccentInk})
	p.messageBox = widget.NewPanel(theme.AccentSoft, theme.RadiusCard, widget.Fixed(0, 36, widget.Inset(0, 12, 0, 12,
		widget.Row(widget.NewIcon(theme.Note, theme.AccentInk, 18), widget.Gap(8), widget.Grow(p.message)))))
	p.Decline = widget.NewPill(env.T("Decline"), theme.HangUp, widget.DangerSoft, widget.HeightButton, env.Hangup)
	p.Decline.Guard()
	p.Silence = widget.NewPill(env.T("Silence"), theme.BellOff, widget.Plain, widget.HeightButton, env.Phone.Silence)
	p.Answer = widget.NewPill(env.T("Answer"), theme.Phone, widget.Success, widget.HeightButton, env.Answer)
	hint := func(key string) fyne.CanvasObject {
		return widget.NewText(key, centred(widget.Style{Size: theme.SizeKey, Role: theme.Text2}))
	}
	p.hints = widget.Grid(3, 8, hint(env.KeyName(env.T("Shift")+" D")), hint(""), hint(env.KeyName(env.T("Shift")+" A")))
	state := widget.Row(widget.NewIcon(theme.ArrowIn, theme.SuccessInk, 16), widget.Gap(4),
		widget.Grow(widget.NewText(env.T("Incoming call"), widget.Style{Size: theme.SizeCaption, Bold: true, Role: theme.SuccessInk})), p.seconds)
	body := widget.Column(
		widget.Gap(15),
		widget.Row(p.face, widget.Gap(12), widget.Grow(widget.Column(state, p.name, p.id))),
		widget.Gap(12), p.messageBox, widget.Flex(8),
		widget.Grid(3, 8, p.Decline, p.Silence, p.Answer), widget.Gap(5), widget.Fixed(0, 15, p.hints), widget.Gap(20))
	p.object = widget.NewFramed(widget.Column(
		widget.Fixed(0, 4, widget.NewPanel(theme.Success, 0, widget.Gap(0))),
		widget.Fixed(0, PanelHeight-6, widget.Inset(0, 16, 0, 16, body))))
	return p
}

// Object is what the panel's window shows.
func (p *Panel) Object() fyne.CanvasObject { return p.object }

// ShowHints shows the keys that answer and decline from everywhere, if there are
// any.
func (p *Panel) ShowHints(on bool) { setVisible(p.hints, on) }

// Render draws the panel.
func (p *Panel) Render(v View) {
	c := v.Call
	if c == nil {
		return
	}
	name := nameOf(c.RemoteName, c.RemoteID)
	p.face.SetName(name)
	p.name.SetText(name)
	id := idUnder(c.RemoteName, c.RemoteID)
	p.id.SetText(id)
	setVisible(p.id, id != "")
	p.seconds.SetText(Short(v.Now.Sub(c.Started)))
	p.message.SetText(c.Message)
	setVisible(p.messageBox, c.Message != "")
	p.Answer.SetLabel(p.env.T("Answer {name}", "name", name))
	p.Decline.SetLabel(p.env.T("Decline {name}", "name", name))
	if c.RingSilenced {
		p.Silence.Set(p.env.T("Silenced"), theme.BellOff, widget.Plain)
	} else {
		p.Silence.Set(p.env.T("Silence"), theme.BellOff, widget.Plain)
	}
	p.Silence.SetEnabled(!c.RingSilenced)
	widget.Relayout(p.object)
}
