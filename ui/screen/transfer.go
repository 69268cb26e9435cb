package screen

import (
	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// PageTransfer asks to whom a call is handed.
const PageTransfer Page = "transfer"

// TransferTasks is the work of the page of a transfer.
type TransferTasks interface {
	Transfer(target string, done func(error))
}

// Transfer is the page that hands the call to somebody else.
type Transfer struct {
	*frame
	work   TransferTasks
	To     *widget.Field
	Go     *widget.PillButton
	banner *widget.Banner
	busy   bool
	callID string
}

// NewTransfer returns the page.
func NewTransfer(env *Env, work TransferTasks) *Transfer {
	t := &Transfer{work: work}
	t.To = widget.NewField(widget.NewInput(env.T("Transfer to"), env.T("Name, number or address")), 44, nil, nil)
	t.banner = widget.NewBanner(widget.ToneDanger, theme.ErrorIcon, "", "")
	t.banner.Hide()
	t.Go = widget.NewPill(env.T("Transfer"), theme.Send, widget.Accent, widget.HeightMain, t.hand)
	t.To.Input.OnSubmitted = func(string) { t.hand() }
	body := widget.Column(t.banner, label(env.T("Transfer to")), widget.Gap(3), t.To, widget.Gap(8),
		widget.NewText(env.T("The other side is asked to call there. Your call ends when somebody answers."), widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true, Leading: 1.4}))
	t.frame = newFrame(env, env.T("Transfer"), PageNone, nil, body, t.Go)
	return t
}

// Focus puts the keyboard into the field.
func (t *Transfer) Focus() { t.env.focus(t.To.Input) }

// Render draws the page. Without a call there is nothing to hand on.
func (t *Transfer) Render(v View) {
	t.render(v)
	if v.Call == nil || v.Call.ID != t.callID {
		t.callID = ""
		t.To.SetText("")
		t.banner.Hide()
		if v.Call != nil {
			t.callID = v.Call.ID
		}
	}
	t.Go.SetEnabled(!t.busy && transferable(v))
}

func (t *Transfer) hand() {
	if t.busy || t.To.Input.Text == "" {
		return
	}
	t.busy = true
	t.Go.SetEnabled(false)
	t.work.Transfer(t.To.Input.Text, func(err error) {
		t.busy = false
		t.Go.SetEnabled(true)
		if err != nil {
			t.banner.Set(t.env.T("That didn't work"), err.Error())
			setVisible(t.banner, true)
			widget.Relayout(t.object)
			return
		}
		t.env.Actions.Open(PageNone)
	})
}

// transferable reports whether the call can be handed on now.
func transferable(v View) bool {
	c := v.Call
	return c != nil && c.Line != "" && c.Established != nil && (c.Transfer == nil || c.Transfer.Final)
}

// transferButton is the part of the call panel that hands the call on, and says
// how that fares.
type transferButton struct {
	env    *Env
	button *widget.PillButton
	state  *widget.Text
	object *fyne.Container
}

func newTransferButton(env *Env) *transferButton {
	t := &transferButton{env: env}
	t.button = widget.NewPill(env.T("Transfer"), theme.Send, widget.Plain, widget.HeightButton, func() { env.Actions.Open(PageTransfer) })
	t.state = widget.NewText("", centred(widget.Style{Size: theme.SizeCaption, Role: theme.Text2}))
	t.object = widget.Column(t.state, widget.Gap(4), t.button)
	t.object.Hide()
	return t
}

func (t *transferButton) render(v View) {
	c := v.Call
	setVisible(t.object, c.Line != "" && c.Established != nil)
	t.button.SetEnabled(transferable(v))
	word := t.env.transferWord(c)
	t.state.SetText(word)
	setVisible(t.state, word != "")
}

// transferWord is how a transfer fares.
func (e *Env) transferWord(c *app.Call) string {
	switch t := c.Transfer; {
	case t == nil:
		return ""
	case t.Final && t.Status >= 200 && t.Status < 300:
		return e.T("Transferred to {name}", "name", t.Target)
	case t.Final:
		return e.T("{name} can't be reached. The call is still yours.", "name", t.Target)
	case t.Status >= 180:
		return e.T("It rings at {name}", "name", t.Target)
	default:
		return e.T("Transferring to {name}", "name", t.Target)
	}
}

// routeWord says how a call came here, or where it goes, if that is not plain.
func (e *Env) routeWord(c *app.Call) string {
	switch {
	case c.Diverted != "":
		return e.T("Diverted by {name}", "name", c.Diverted)
	case c.TransferredBy != "":
		return e.T("Transferred by {name}", "name", c.TransferredBy)
	case c.RedirectedTo != "":
		return e.T("Redirected to {name}", "name", c.RedirectedTo)
	}
	return ""
}
