package screen

import (
	"context"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// PageTransfer asks to whom a call is handed.
const PageTransfer Page = "transfer"

// Transfer is the page that hands the call to somebody else: at once, or once
// they have been asked.
type Transfer struct {
	*frame
	To     *widget.Field
	Ask    *widget.PillButton
	Go     *widget.PillButton
	banner *widget.Banner
	busy   bool
	callID string
}

// NewTransfer returns the page.
func NewTransfer(env *Env) *Transfer {
	t := &Transfer{}
	t.To = widget.NewField(widget.NewInput(env.T("Transfer to"), env.T("Name, number or address")), 44, nil, nil)
	t.banner = widget.NewBanner(widget.ToneDanger, theme.ErrorIcon, "", "")
	t.banner.Hide()
	now, ask := func() { t.hand(env.Phone.Transfer) }, func() { t.hand(env.Phone.Consult) }
	t.Ask = widget.NewPill(env.T("Ask first"), theme.Phone, widget.Plain, widget.HeightButton, ask)
	t.Go = widget.NewPill(env.T("Transfer now"), theme.Send, widget.Accent, widget.HeightMain, now)
	t.To.Input.OnSubmitted = func(string) { now() }
	said := func(word, sentence string) fyne.CanvasObject {
		return widget.Column(label(word), widget.Gap(2), widget.NewText(sentence, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true, Leading: 1.4}))
	}
	body := widget.Column(t.banner, label(env.T("Transfer to")), widget.Gap(3), t.To, widget.Gap(16),
		said(env.T("Ask first"), env.T("You talk to them while the other side waits on hold. Then you transfer, or go back.")), widget.Gap(12),
		said(env.T("Transfer now"), env.T("The other side is asked to call there. Your call ends when somebody answers.")))
	t.frame = newFrame(env, env.T("Transfer"), PageNone, nil, body, widget.Column(t.Ask, widget.Gap(8), t.Go))
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
	t.allow(!t.busy && transferable(v))
}

func (t *Transfer) allow(on bool) {
	t.Ask.SetEnabled(on)
	t.Go.SetEnabled(on)
}

// hand gives the call on by one of the two ways.
func (t *Transfer) hand(way func(ctx context.Context, id, target string) error) {
	if t.busy || t.To.Input.Text == "" {
		return
	}
	t.busy = true
	t.allow(false)
	target := t.To.Input.Text
	t.env.lineWork(func(ctx context.Context) error { return way(ctx, "", target) }, func(problem string) {
		t.busy = false
		t.allow(true)
		if problem != "" {
			t.banner.Set(t.env.T("That didn't work"), problem)
			setVisible(t.banner, true)
			widget.Relayout(t.object)
			return
		}
		t.env.Open(PageNone)
	})
}

// transferable reports whether the call can be handed on now.
func transferable(v View) bool {
	c := v.Call
	return can(c, app.AbilityTransfer) && c.Established != nil && (c.Transfer == nil || c.Transfer.Final) && !c.Consultation.Active()
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
