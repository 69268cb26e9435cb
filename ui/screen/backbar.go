package screen

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// BackBar leads back to the call, over what stands in its place.
type BackBar struct {
	env    *Env
	text   *widget.Text
	icon   *widget.Icon
	row    *widget.TapRow
	object *widget.Panel
}

// NewBackBar returns the bar, which is hidden; back goes to the call.
func NewBackBar(env *Env, back func()) *BackBar {
	b := &BackBar{env: env, text: widget.NewText("", widget.Style{Bold: true, Role: theme.SuccessInk}), icon: widget.NewIcon(theme.Phone, theme.SuccessInk, 20)}
	b.row = widget.NewTapRow(env.T("Back to call"), 40, widget.Inset(0, 16, 0, 16, widget.Row(
		b.icon, widget.Gap(8), widget.Grow(b.text))), back)
	b.object = widget.NewPanel(theme.SuccessSoft, 0, b.row)
	b.object.Hide()
	return b
}

// Object is what stands over a page.
func (b *BackBar) Object() fyne.CanvasObject { return b.object }

// Render draws the bar if there is a call, or work after one, and wanted says so, and
// reports whether it came or went.
func (b *BackBar) Render(v View, wanted bool) bool {
	wanted = wanted && v.Snapshot != nil && (v.Call != nil || v.WrapUp != nil)
	switch {
	case !wanted:
	case v.Call == nil:
		word := b.env.BackWord(v)
		b.icon.Set(theme.EditNote, theme.AccentInk)
		b.text.SetRole(theme.AccentInk)
		b.object.SetRole(theme.AccentSoft)
		b.text.SetText(word)
		b.row.SetLabel(word)
	default:
		b.icon.Set(theme.Phone, theme.SuccessInk)
		b.text.SetRole(theme.SuccessInk)
		b.object.SetRole(theme.SuccessSoft)
		word := b.env.T("Back to call")
		if v.Call.Established != nil {
			word = b.env.T("Back to call {time}", "time", Clock(v.Now.Sub(*v.Call.Established)))
		}
		b.text.SetText(word)
		b.row.SetLabel(word)
	}
	return setVisible(b.object, wanted)
}
