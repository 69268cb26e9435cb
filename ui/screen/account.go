package screen

import (
	"runtime"
	"strings"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// Account is the page about who is signed in, and about the program.
type Account struct {
	*frame
	face        *widget.Avatar
	name, until *widget.Text
	values      []*widget.Text
	full        []string
	names       []string
	version     *widget.Text
	newer       *widget.Text
	rate        *widget.TapRow
	SignOut     *widget.PillButton
	confirm     *fyne.Container
	leave       *fyne.Container
	Sure        *widget.PillButton
	licences    *fyne.Container
}

// NewAccount returns the page.
func NewAccount(env *Env) *Account {
	a := &Account{names: []string{env.T("User name"), env.T("Account number"), env.T("Server"), env.T("Exophone"), env.T("Device ID")}}
	a.face = widget.NewAvatar("", 56)
	a.name = widget.NewText("", widget.Style{Size: theme.SizeTitle, Bold: true})
	a.until = caption("")
	a.full = make([]string, len(a.names))
	var rows []fyne.CanvasObject
	for i, n := range a.names {
		v := widget.NewText("", widget.Style{Least: 11})
		a.values = append(a.values, v)
		b := widget.NewIconButton(env.T("Copy {name}", "name", n), theme.Copy, theme.Text2, env.Tips, func() { env.Host.Copy(a.full[i]) })
		b.SetIconSize(18)
		rows = append(rows, widget.Fixed(0, 40, widget.Inset(0, 4, 0, 12, widget.Row(
			widget.Fixed(108, 0, widget.NewText(n, widget.Style{Role: theme.Text2, Least: 11})), widget.Gap(8), widget.Grow(v), b))))
	}
	a.version = widget.NewText("", widget.Style{Bold: true, Least: 11})
	a.newer = widget.NewText("", widget.Style{Size: theme.SizeCaption, Wrap: true, Leading: 1.4})
	a.newer.Hide()
	system := runtime.GOOS
	switch system {
	case "linux":
		system = "Linux"
	case "darwin":
		system = "macOS"
	case "windows":
		system = "Windows"
	}
	a.licences = widget.Inset(8, 4, 0, 4, widget.NewText(env.T("Fonts: Noto Sans, SIL Open Font License. Icons: Material, Apache License 2.0. Libraries: see the licences file beside the program."),
		widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true}))
	a.licences.Hide()
	copyAll := widget.NewPill(env.T("Copy all"), theme.Copy, widget.Bare, widget.HeightSmall, func() { env.Host.Copy(a.all()) })
	program := widget.NewTapRow(env.T("Licences"), 40, widget.Inset(0, 0, 0, 4, widget.Row(NewMark(40), widget.Gap(12),
		widget.Grow(widget.Column(a.version, caption(env.T("{system} · licences", "system", system)))))), func() {
		setVisible(a.licences, !a.licences.Visible())
		widget.Relayout(a.object)
	})
	about := widget.Row(widget.Grow(program), copyAll)
	link := func(g theme.Glyph, title string, p Page) *widget.TapRow {
		return widget.NewTapRow(title, widget.Row44-1, widget.Inset(0, 4, 0, 12, widget.Row(
			widget.NewIcon(g, theme.Text2, 22), widget.Gap(12), widget.Grow(widget.NewText(title, widget.Style{})), widget.NewIcon(theme.ChevronRight, theme.Text2, 20))),
			func() { env.Open(p) })
	}
	a.rate = link(theme.Star, env.T("Rate the last call"), PageFeedback)
	links := widget.CardOf(link(theme.Pulse, env.T("Diagnostics"), PageDiagnostics), link(theme.Flag, env.T("Report a problem"), PageReport), a.rate)

	a.SignOut = widget.NewPill(env.T("Sign out"), theme.LogOut, widget.Outline, widget.HeightButton, func() { a.ask(true) })
	a.Sure = widget.NewPill(env.T("Sign out"), "", widget.Danger, widget.HeightButton, func() { a.ask(false); env.Open(PageNone); env.Do(env.Phone.SignOut) })
	stay := widget.NewPill(env.T("Cancel"), "", widget.Plain, widget.HeightButton, func() { a.ask(false) })
	a.leave = widget.Column(a.SignOut)
	a.confirm = widget.Column(widget.NewBanner(widget.ToneWarning, theme.WarningIcon, env.T("Sign out?"), env.T("Calls won't ring here.")), widget.Gap(8), widget.Grid(2, 8, stay, a.Sure))
	a.confirm.Hide()
	body := widget.Column(
		widget.Inset(8, 0, 6, 4, widget.Row(a.face, widget.Gap(16), widget.Grow(widget.Column(a.name, a.until)))),
		widget.Gap(14), widget.CardOf(rows...), widget.Gap(20), about, a.licences, a.newer, widget.Gap(12), links)
	a.frame = newFrame(env, env.T("Account"), PageNone, nil, body, widget.Column(a.leave, a.confirm))
	return a
}

func (a *Account) ask(on bool) {
	setVisible(a.leave, !on)
	setVisible(a.confirm, on)
	widget.Relayout(a.object)
	if on {
		a.env.focus(a.Sure)
	} else {
		a.env.focus(a.SignOut)
	}
}

// Left closes the question.
func (a *Account) Left() {
	setVisible(a.leave, true)
	setVisible(a.confirm, false)
}

// all is the page for the clipboard.
func (a *Account) all() string {
	var b strings.Builder
	for i, n := range a.names {
		b.WriteString(n + ": " + a.full[i] + "\n")
	}
	b.WriteString(a.version.Text() + "\n")
	if a.newer.Visible() {
		b.WriteString(a.newer.Text() + "\n")
	}
	return b.String()
}

// Render draws the page.
func (a *Account) Render(v View) {
	a.render(v)
	c := v.Account
	name := c.DisplayName
	if name == "" {
		name = c.UserName
	}
	a.face.SetName(name)
	a.name.SetText(name)
	if c.ValidUntil.IsZero() {
		a.until.SetText(a.env.T("Signed in"))
	} else {
		a.until.SetText(a.env.T("Signed in until {time}, renews automatically", "time", hhmm(c.ValidUntil)))
	}
	a.full = []string{c.UserName, c.AccountSID, c.Server, c.Exophone, c.DeviceID}
	shown := []string{c.UserName, c.AccountSID, strings.TrimPrefix(strings.TrimPrefix(c.Server, "https://"), "http://"), Number(c.Exophone), short(c.DeviceID)}
	for i, t := range a.values {
		t.SetText(shown[i])
	}
	a.version.SetText("Offhook " + v.Version)
	if u := v.Update; u != nil {
		a.newer.SetText(strings.TrimSpace(a.env.T("Version {version} is available.", "version", u.Version) + " " + u.URL + "\n" + u.Notes))
	}
	setVisible(a.newer, v.Update != nil)
	setVisible(a.rate, v.LastCall != nil && v.LastCall.Answered && v.Call == nil)
	widget.Relayout(a.object)
}

// short shows both ends of a long id.
func short(id string) string {
	if len(id) <= 12 {
		return id
	}
	return id[:4] + "…" + id[len(id)-4:]
}
