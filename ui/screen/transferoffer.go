package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// transferOffer is the card by which the far side asks to hand the user to somebody
// else.
type transferOffer struct {
	env      *Env
	text     *widget.Text
	left     *widget.Text
	Go, Stay *widget.PillButton
	object   *fyne.Container
}

func newTransferOffer(env *Env) *transferOffer {
	o := &transferOffer{env: env}
	o.text = widget.NewText("", widget.Style{Bold: true, Wrap: true})
	o.left = caption("")
	o.Stay = widget.NewPill(env.T("transfer::Stay"), "", widget.Plain, widget.HeightSmall, func() { env.Complain(env.Phone.DeclineTransfer()) })
	o.Go = widget.NewPill(env.T("Accept"), theme.Send, widget.Accent, widget.HeightSmall, func() { env.Complain(env.Phone.FollowTransfer()) })
	o.object = widget.Column(widget.Gap(12), widget.CardOf(widget.Inset(12, 12, 12, 12,
		widget.Column(o.text, widget.Gap(2), o.left, widget.Gap(12), widget.Grid(2, 8, o.Stay, o.Go)))))
	o.object.Hide()
	return o
}

// OfferText says what the far side asks for.
func (e *Env) OfferText(c *app.Call) string {
	return e.T("{name} wants to transfer you to {other}", "name", nameOf(c.RemoteName, c.RemoteID), "other", e.partyName(c.TransferOffer.Target))
}

func (o *transferOffer) render(v View) {
	offer := v.Call.TransferOffer
	setVisible(o.object, offer != nil)
	if offer == nil {
		return
	}
	e := o.env
	name, other := nameOf(v.Call.RemoteName, v.Call.RemoteID), e.partyName(offer.Target)
	o.text.SetText(e.OfferText(v.Call))
	left := max(0, offer.Until.Sub(v.Now))
	o.left.SetText(e.T("You stay in this call if you do nothing for {n} s.", "n", int((left+time.Second-1)/time.Second)))
	o.Stay.SetLabel(e.T("Stay with {name}", "name", name))
	o.Go.SetLabel(e.T("Go to {other}", "other", other))
}
