package screen

import (
	"strings"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/settings"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// PageDesk is the page about web pages and programs that work the phone.
const PageDesk Page = "desk"

// Desk is the page that lets web pages and programs on this computer work the phone, and
// shows the code of one that asks.
type Desk struct {
	*frame
	rows []*settingRow
	// Origins are the pages that may ask, with spaces between them.
	Origins *widget.Field
	wrong   *widget.Text
	ask     *widget.Text
	code    *widget.Text
	left    *widget.Text
	asking  *fyne.Container
	none    *widget.Text
	shown   string
}

// NewDesk returns the page.
func NewDesk(env *Env) *Desk {
	d := &Desk{ask: widget.NewText("", widget.Style{Wrap: true}), code: widget.NewText("", widget.Style{Size: theme.SizeTimer, Bold: true}), left: caption(""),
		wrong: widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.DangerInk, Wrap: true}),
		none:  widget.NewText(env.T("A page that asks is shown here, with the code to type into it."), widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true})}
	rows, sections := env.settingRows(settings.PageDesk)
	d.rows = rows
	in := widget.NewInput(env.T("Pages that may ask"), "https://crm.example.com")
	in.OnSubmitted = func(string) { d.save() }
	in.OnFocus = func(on bool) {
		if !on {
			d.save()
		}
	}
	in.OnChanged = func(string) { d.complain("") }
	d.Origins = widget.NewField(in, 44, nil, nil)
	d.asking = widget.Inset(0, 0, 16, 0, widget.NewPanel(theme.AccentSoft, theme.RadiusCard, widget.Inset(12, 14, 12, 14,
		widget.Column(d.ask, widget.Gap(8), widget.Row(d.code, widget.Gap(12), d.left, widget.Flex(0))))))
	d.asking.Hide()
	body := widget.Column(d.asking, widget.Column(sections...), widget.Gap(16), heading(env.T("Pages that may ask")), widget.Gap(6), d.Origins, widget.Gap(4), d.wrong, d.none)
	d.frame = newFrame(env, env.T("Web pages"), PageSettings, nil, body, nil)
	d.lockRows(rows)
	d.lockable("desk_api.origins", fieldLock{d.Origins})
	return d
}

// fieldLock keeps the user from writing into a field.
type fieldLock struct{ field *widget.Field }

// SetEnabled says whether the field can be written into.
func (l fieldLock) SetEnabled(on bool) {
	switch in := l.field.Input; {
	case on == !in.Disabled():
	case on:
		in.Enable()
	default:
		in.Disable()
	}
}

// Left keeps what was written.
func (d *Desk) Left() { d.save() }

// complain says what is wrong with the pages, "" for nothing.
func (d *Desk) complain(text string) {
	d.wrong.SetText(text)
	d.Origins.SetWrong(text != "")
	setVisible(d.wrong, text != "")
	widget.Relayout(d.object)
}

// save keeps the pages that may ask, if all of them can be read.
func (d *Desk) save() {
	text := d.Origins.Input.Text
	if text == d.shown {
		return
	}
	origins := []string{}
	for _, word := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
		if !strings.Contains(word, "://") {
			word = "https://" + word
		}
		origin, ok := settings.Origin(word)
		if !ok {
			d.complain(d.env.T("{text} isn't the address of a site. Example: https://crm.example.com", "text", word))
			return
		}
		origins = append(origins, origin)
	}
	d.shown = text
	d.env.Update(func(s *app.Settings) { s.DeskAPI.Origins = origins })
}

// Render draws the page.
func (d *Desk) Render(v View) {
	d.render(v)
	for _, r := range d.rows {
		r.render(v.Settings)
	}
	if text := strings.Join(v.Settings.DeskAPI.Origins, " "); d.Origins.Input.Text == d.shown && text != d.shown {
		d.shown = text
		d.Origins.SetText(text)
	}
	on := v.Settings.DeskAPI.On
	setVisible(d.none, on && v.Pairing == nil && d.wrong.Text() == "")
	setVisible(d.asking, v.Pairing != nil)
	if p := v.Pairing; p != nil {
		d.ask.SetText(d.env.pairingText(p))
		d.code.SetText(p.Code)
		d.left.SetText(d.env.T("{time} left", "time", Short(max(0, p.Until.Sub(v.Now)))))
	}
	widget.Relayout(d.object)
}

// pairingText says who asks to work the phone.
func (e *Env) pairingText(p *app.Pairing) string {
	return e.T("{name} at {origin} asks to work your phone. If that was you, give it this code:", "name", p.Name, "origin", e.PairingFrom(p))
}

// PairingFrom says from where somebody asks to work the phone.
func (e *Env) PairingFrom(p *app.Pairing) string {
	if p.Origin == "" {
		return e.T("a program on this computer")
	}
	return p.Origin
}
