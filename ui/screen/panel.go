package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// PanelWidth is the width of the panel of an incoming call, in units.
const PanelWidth float32 = 348

// The heights of the panel's parts: all but a message and the key hints, the same for a
// second call, a message
// of one line, each line more, the hints.
const (
	panelBare    float32 = 155
	panelSecond  float32 = 143
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
	state                    *widget.Text
	buttons                  *panelButtons
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
	p.Decline = widget.NewPill(env.T("Decline"), theme.HangUp, widget.DangerSoft, widget.HeightButton, func() { env.hangUp(p.call) })
	p.Decline.Guard(env.Now)
	p.Silence = widget.NewPill(env.T("Silence"), theme.BellOff, widget.Plain, widget.HeightButton, func() {
		if p.buttons.second {
			env.Complain(env.Phone.Ignore(p.call))
		} else {
			env.Phone.Silence(p.call)
		}
	})
	p.Answer = widget.NewPill(env.T("Answer"), theme.Phone, widget.Success, widget.HeightButton, func() { env.answer(p.call) })
	hint := func(key string) fyne.CanvasObject {
		return widget.NewText(key, centred(widget.Style{Size: theme.SizeKey, Role: theme.Text2}))
	}
	p.hints = widget.Grid(3, 8, hint(env.KeyName(env.T("Shift")+" D")), hint(""), hint(env.KeyName(env.T("Shift")+" A")))
	p.state = widget.NewText(env.T("Incoming call"), widget.Style{Size: theme.SizeCaption, Bold: true, Role: theme.SuccessInk})
	p.buttons = &panelButtons{}
	state := widget.Row(widget.NewIcon(theme.ArrowIn, theme.SuccessInk, 16), widget.Gap(4),
		widget.Grow(p.state), p.seconds)
	body := widget.Column(
		widget.Gap(15),
		widget.Row(p.face, widget.Gap(12), widget.Grow(widget.Column(state, p.name, p.id))),
		widget.Gap(12), p.messageRoom, widget.Flex(0),
		container.New(p.buttons, p.Decline, p.Silence, p.Answer), widget.Gap(3), p.hints, widget.Gap(15))
	p.object = widget.NewFramed(container.NewBorder(widget.Fixed(0, 4, widget.NewPanel(theme.Success, 0, widget.Gap(0))), nil, nil, nil,
		widget.Inset(0, 16, 0, 16, body)))
	return p
}

// Size is how large the panel is with what it shows.
func (p *Panel) Size() fyne.Size {
	h := panelBare
	if p.buttons.second {
		h = panelSecond
	}
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
	if second := SecondRings(v); second != nil {
		c = second
	}
	if c == nil {
		return
	}
	second := c != v.Call
	p.buttons.second = second
	name := nameOf(c.RemoteName, c.RemoteID)
	p.face.SetName(name)
	p.name.SetText(name)
	id := p.env.idUnder(c.RemoteName, c.RemoteID)
	p.id.SetText(id)
	setVisible(p.id, id != "" && !second)
	showWait(p.seconds, v.Now.Sub(c.Started))
	if p.call != c.ID {
		p.call, p.whole = c.ID, false
		p.message.SetLines(linesFirst)
	}
	p.message.SetText(c.Message)
	setVisible(p.noteLeft, !p.message.RightToLeft())
	setVisible(p.noteRight, p.message.RightToLeft())
	p.messageRow.SetLabel(c.Message)
	setVisible(p.messageRoom, c.Message != "" && !second)
	if second {
		p.renderSecond(v, name)
	} else {
		p.renderFirst(c)
	}
	widget.Relayout(p.object)
}

// renderFirst draws the buttons of a call that rings alone.
func (p *Panel) renderFirst(c *app.Call) {
	e := p.env
	p.state.SetText(e.T("Incoming call"))
	name := callName(c)
	p.Answer.Set(e.T("Answer"), theme.Phone, widget.Success)
	p.Answer.SetLabel(e.T("Answer {name}", "name", name))
	p.Decline.Set(e.T("Decline"), theme.HangUp, widget.DangerSoft)
	p.Decline.SetLabel(e.T("Decline {name}", "name", name))
	word := e.T("Silence")
	if c.RingSilenced {
		word = e.T("Silenced")
	}
	p.Silence.Set(word, theme.BellOff, widget.Plain)
	p.Silence.SetEnabled(!c.RingSilenced)
}

// renderSecond draws the buttons of a call that rings beside another.
func (p *Panel) renderSecond(v View, name string) {
	e := p.env
	p.state.SetText(e.T("Second call"))
	p.Silence.Set(e.T("Ignore"), "", widget.Plain)
	p.Silence.SetLabel(e.T("Ignore {name}", "name", name))
	p.Silence.SetEnabled(true)
	p.Decline.Set(e.T("Decline"), "", widget.DangerSoft)
	p.Decline.SetLabel(e.T("Decline {name}", "name", name))
	p.Answer.Set(e.T("Answer and hold"), "", widget.Success)
	p.Answer.SetLabel(e.T("Answer and hold {name}", "name", firstName(callName(v.Call))))
}

// panelButtons places the panel's buttons: all of one width, or the one that answers a
// second call wider.
type panelButtons struct{ second bool }

// MinSize is for Fyne.
func (l *panelButtons) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(280, o[0].MinSize().Height)
}

// Layout is for Fyne.
func (l *panelButtons) Layout(o []fyne.CanvasObject, s fyne.Size) {
	w := (s.Width - 16) / 3
	widths := []float32{w, w, w}
	if l.second {
		widths = []float32{(s.Width - 16) * 0.27, (s.Width - 16) * 0.27, (s.Width - 16) * 0.46}
	}
	x := float32(0)
	for i, part := range o {
		part.Move(fyne.NewPos(x, 0))
		part.Resize(fyne.NewSize(widths[i], s.Height))
		x += widths[i] + 8
	}
}
