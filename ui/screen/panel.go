package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// PanelWidth is the width of the panel of an incoming call, in units.
const PanelWidth float32 = 348

// The heights of the panel's parts: all but a message and the key hints, a message
// of one line, each line more, the hints.
const (
	panelBare    float32 = 155
	panelMessage float32 = 42
	panelLine    float32 = 20
	panelHints   float32 = 18
)

// A message shows its first lines; pressed, the panel grows for all of it.
const (
	linesFirst = 4
	linesMost  = 16
)

// Panel is the small window of an incoming call over other work.
type Panel struct {
	env                      *Env
	face                     *widget.Avatar
	name, id, seconds        *widget.Text
	message                  *widget.Text
	noteLeft, noteRight      *widget.Icon
	messageBox               *widget.Panel
	messageRow               *widget.TapRow
	messageRoom              *fyne.Container
	Decline, Silence, Answer *widget.PillButton
	hints                    *fyne.Container
	object                   fyne.CanvasObject
	call                     string
	whole                    bool
	// Resized is called when the panel wants another height.
	Resized func()
}

// NewPanel returns the panel.
func NewPanel(env *Env) *Panel {
	p := &Panel{env: env}
	p.face = widget.NewAvatar("", 48)
	p.name = widget.NewText("", widget.Style{Size: theme.SizeSub, Bold: true})
	p.id = caption("")
	p.seconds = caption("")
	p.message = widget.NewText("", widget.Style{Role: theme.AccentInk, Wrap: true, Lines: linesFirst, More: env.T("more")})
	p.noteLeft, p.noteRight = widget.NewIcon(theme.Note, theme.AccentInk, 18), widget.NewIcon(theme.Note, theme.AccentInk, 18)
	p.messageRow = widget.NewTapRow("", panelLine, widget.Inset(8, 12, 8, 12,
		widget.Row(p.noteLeft, widget.Gap(8), widget.Grow(p.message), widget.Gap(8), p.noteRight)), p.More)
	p.messageBox = widget.NewPanel(theme.AccentSoft, theme.RadiusCard, p.messageRow)
	p.messageRoom = widget.Inset(0, 0, 6, 0, p.messageBox)
	p.Decline = widget.NewPill(env.T("Decline"), theme.HangUp, widget.DangerSoft, widget.HeightButton, env.Hangup)
	p.Decline.Guard(env.Now)
	p.Silence = widget.NewPill(env.T("Silence"), theme.BellOff, widget.Plain, widget.HeightButton, func() { env.Phone.Silence("") })
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
		widget.Gap(12), p.messageRoom, widget.Flex(0),
		widget.Grid(3, 8, p.Decline, p.Silence, p.Answer), widget.Gap(3), p.hints, widget.Gap(15))
	p.object = widget.NewFramed(container.NewBorder(widget.Fixed(0, 4, widget.NewPanel(theme.Success, 0, widget.Gap(0))), nil, nil, nil,
		widget.Inset(0, 16, 0, 16, body)))
	return p
}

// Size is how large the panel is with what it shows.
func (p *Panel) Size() fyne.Size {
	h := panelBare
	if p.messageRoom.Visible() {
		h += panelMessage + panelLine*float32(p.message.LinesAt(PanelWidth-2-32-24-26)-1)
	}
	if p.hints.Visible() {
		h += panelHints
	}
	return fyne.NewSize(PanelWidth, h)
}

// More shows all of a long message, or its first lines again.
func (p *Panel) More() {
	p.whole = !p.whole
	p.message.SetLines(linesFirst)
	if p.whole {
		p.message.SetLines(linesMost)
	}
	widget.Relayout(p.object)
	if p.Resized != nil {
		p.Resized()
	}
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
	showWait(p.seconds, v.Now.Sub(c.Started))
	if p.call != c.ID {
		p.call, p.whole = c.ID, false
		p.message.SetLines(linesFirst)
	}
	p.message.SetText(c.Message)
	setVisible(p.noteLeft, !p.message.RightToLeft())
	setVisible(p.noteRight, p.message.RightToLeft())
	p.messageRow.SetLabel(c.Message)
	setVisible(p.messageRoom, c.Message != "")
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
