package screen

import (
	"strings"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// keypad is the pad over the call panel.
type keypad struct {
	call        *Call
	face        *widget.Avatar
	name, timer *widget.Text
	quality     *widget.QualityChip
	digits      *widget.Text
	pad         *widget.Pad
	hint        *fyne.Container
	hide        *widget.PillButton
	hangUp      *widget.PillButton
	fold        *fold
	object      *fyne.Container
}

func newKeypad(c *Call) *keypad {
	e := c.env
	k := &keypad{call: c}
	k.face = widget.NewAvatar("", 48)
	k.name = widget.NewText("", widget.Style{Size: theme.SizeSub, Bold: true})
	k.timer = caption("")
	k.quality = widget.NewQualityChip(func() { e.Open(PageStatistics) })
	k.digits = widget.NewText("", centred(widget.Style{Size: theme.SizeTitle}))
	k.pad = widget.NewPad(widget.KeyHeightCall, e.keyLabel, func(r rune) {
		e.sendDTMF(r)
		k.light(r)
	})
	k.hint = widget.CentredRow(widget.NewIcon(theme.Keyboard, theme.Text2, 16), widget.Gap(8), caption(e.T("You can also type the digits.")))
	k.hide = widget.NewQuietPill(e.T("Hide keypad"), theme.ChevronDown, widget.Plain, widget.HeightMain, func() { c.ShowKeypad(false) })
	k.hangUp = widget.NewPill(e.T("Hang up"), theme.HangUp, widget.Danger, widget.HeightMain, e.Hangup)
	k.hangUp.Guard(e.Now)
	k.fold = newFold([]fyne.CanvasObject{
		widget.Gap(16),
		widget.Row(k.face, widget.Gap(12), widget.Grow(raised(widget.Column(k.name, k.timer))), widget.Gap(8), k.quality),
		widget.Gap(22), widget.Fixed(0, 28, k.digits), widget.Gap(14)},
		k.pad.Container, []fyne.CanvasObject{widget.Gap(12), k.hint, widget.Flex(12)},
		widget.Column(widget.Grid(2, 8, k.hide, k.hangUp), widget.Gap(16)))
	k.object = k.fold.object
	return k
}

func (k *keypad) light(r rune) { k.pad.Light(r) }

func (k *keypad) render(v View, name string) {
	call := v.Call
	k.face.SetName(name)
	k.name.SetText(name)
	if call.Established != nil {
		k.timer.SetText(Clock(v.Now.Sub(*call.Established)))
	} else {
		k.timer.SetText("")
	}
	k.call.env.showQuality(k.quality, v)
	k.digits.SetText(spaced(call.DTMFSent))
	h := widget.KeyHeightCall
	switch {
	case v.Columns:
		h = keyHeightColumns
	case v.Compact:
		h = widget.KeyHeightCompact
	}
	k.fold.setColumns(v.Columns)
	k.pad.SetHeight(h)
	setVisible(k.hint, !v.Compact)
}

// keyHeightColumns is the height of keys beside the rest of a low window.
const keyHeightColumns float32 = 60

// spaced shows the last digits with room between them.
func spaced(digits string) string {
	const most = 16
	if len(digits) > most {
		digits = digits[len(digits)-most:]
	}
	return strings.Join(strings.Split(digits, ""), " ")
}
