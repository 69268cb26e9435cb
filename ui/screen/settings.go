package screen

import (
	"context"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/diagnosis"
	"offhook/app/readiness"
	"offhook/app/settings"
	"offhook/assets/lang"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/ui/words"
	"offhook/voice/audio"
)

// linkRow is a row of 44 units that leads to another page: icon, title, value.
type linkRow struct {
	*widget.TapRow
	value *widget.Text
	title string
}

func newLinkRow(g theme.Glyph, title string, open func()) *linkRow {
	r := &linkRow{title: title, value: caption("")}
	parts := []fyne.CanvasObject{}
	if g != "" {
		parts = append(parts, widget.NewIcon(g, theme.Text2, 22), widget.Gap(12))
	}
	parts = append(parts, widget.Grow(widget.NewText(title, widget.Style{})), widget.Gap(8), r.value, widget.Gap(12), widget.NewIcon(theme.ChevronRight, theme.Text2, 20))
	r.TapRow = widget.NewTapRow(title, widget.Row44-1, widget.Inset(0, 4, 0, 12, widget.Row(parts...)), open)
	return r
}

func (r *linkRow) set(value string) {
	r.value.SetText(value)
	r.SetLabel(r.title + ": " + value)
}

// switchRow is a row with a switch: a title, a caption.
func (e *Env) switchRow(title, under string, changed func(bool)) (*widget.Switch, fyne.CanvasObject) {
	s := widget.NewSwitch(title, e.T("switch::On"), e.T("switch::Off"), changed)
	texts := []fyne.CanvasObject{widget.NewText(title, widget.Style{Wrap: true})}
	if under != "" {
		texts = append(texts, widget.NewText(under, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true}))
	}
	return s, widget.Inset(7, 12, 7, 12, widget.Row(widget.Grow(widget.Column(texts...)), widget.Gap(8), s))
}

// Settings is the page with the sound devices and the way to all other settings.
type Settings struct {
	*frame
	mic, speaker, ring *devices
	Meter              *widget.Meter
	table              []*settingRow
	rows               map[Page]*linkRow
	set                app.Settings
	stop               func()
	inCall             bool
}

// NewSettings returns the page.
func NewSettings(env *Env) *Settings {
	s := &Settings{rows: map[Page]*linkRow{}}
	s.mic = newDevices(env, env.T("Microphone"), "", audio.Capture, func(a *app.Settings) *string { return &a.Audio.Microphone }, s.reopen)
	s.speaker = newDevices(env, env.T("Speaker"), "", audio.Playback, func(a *app.Settings) *string { return &a.Audio.Speaker }, func() { env.playTest("speaker", nil) })
	s.ring = newDevices(env, env.T("Ring on"), "", audio.Playback, func(a *app.Settings) *string { return &a.Audio.Ring }, func() { env.playTest("ring", nil) })
	s.Meter = widget.NewMeter(20)
	device := func(g theme.Glyph, name string, sel fyne.CanvasObject) fyne.CanvasObject {
		return widget.Row(widget.NewIcon(g, theme.Text2, 22), widget.Gap(12), widget.Fixed(88, 0, widget.NewText(name, widget.Style{})), widget.Gap(8), widget.Grow(sel))
	}
	table, sound := env.settingRows(settings.PageAudio)
	s.table = table
	card := widget.NewCard(widget.Column(
		widget.Inset(12, 12, 0, 12, widget.Column(
			device(theme.Mic, env.T("Microphone"), s.mic.Selector),
			widget.Gap(8), widget.Inset(0, 0, 0, 130, s.Meter), widget.Gap(8),
			device(theme.Headphones, env.T("Speaker"), s.speaker.Selector), widget.Gap(12),
			device(theme.Bell, env.T("Ring on"), s.ring.Selector), widget.Gap(12)))))
	link := func(p Page, g theme.Glyph, title string) fyne.CanvasObject {
		r := newLinkRow(g, title, func() { env.Open(p) })
		s.rows[p] = r
		return r.TapRow
	}
	links := []fyne.CanvasObject{
		link(PageCalls, theme.Phone, env.T("Calls")),
		link(PageAccounts, theme.Dialpad, env.T("SIP accounts")),
		link(PageNetwork, theme.Wifi, env.T("Network")),
		link(PageAppearance, theme.Palette, env.T("Appearance")),
		link(PageLanguage, theme.Globe, env.T("Language")),
		link(PageShortcuts, theme.Keyboard, env.T("Shortcuts")),
		link(PageDesk, theme.OpenNew, env.T("Web pages")),
	}
	widget.GroupRows(links...)
	body := widget.Column(heading(env.T("Audio")), widget.Gap(6), card, widget.Gap(8), widget.Column(sound...), widget.Gap(16), heading(env.T("More")), widget.Gap(6), widget.CardOf(links...))
	s.frame = newFrame(env, env.T("Settings"), PageNone, nil, body, nil)
	s.lockable("audio.microphone", s.mic.Selector)
	s.lockable("audio.speaker", s.speaker.Selector)
	s.lockable("audio.ring", s.ring.Selector)
	s.lockRows(table)
	return s
}

// Entered lists the devices and opens the microphone for the meter.
func (s *Settings) Entered() {
	s.env.devices(func(list []audio.Device, _ error) {
		for _, d := range []*devices{s.mic, s.speaker, s.ring} {
			d.load(list, &s.set)
		}
	})
	s.reopen()
}

func (s *Settings) reopen() {
	s.Left()
	if !s.inCall {
		s.stop = s.env.checkAudio(func(diagnosis.Check) {}, nil)
	}
}

// Left closes the microphone.
func (s *Settings) Left() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// SetLevels moves the meter.
func (s *Settings) SetLevels(mic, _ float64) bool { return s.Meter.SetLevel(mic) }

// Render draws the page.
func (s *Settings) Render(v View) {
	e := s.env
	s.render(v)
	s.set, s.inCall = v.Settings, v.Call != nil
	for _, d := range []*devices{s.mic, s.speaker, s.ring} {
		d.show(&s.set)
	}
	for _, r := range s.table {
		r.render(v.Settings)
	}
	ring := e.T("Ring volume {n} %", "n", v.Settings.Audio.RingVolume)
	if v.Settings.Calls.AutoAnswer {
		ring = e.T("Auto-answer")
	}
	s.rows[PageCalls].set(ring)
	s.rows[PageAccounts].set(e.accountsWord(v))
	network := e.T("Automatic")
	if w := Worst(v); w != nil && w.Action == "retry" {
		network = e.T("Not connected")
	}
	s.rows[PageNetwork].set(network)
	s.rows[PageAppearance].set(e.themeName(v.Settings.Appearance.Theme))
	s.rows[PageLanguage].set(e.languageName(s.env.Host.Language()))
	desk := e.T("switch::Off")
	if v.Settings.DeskAPI.On {
		desk = e.T("switch::On")
	}
	s.rows[PageDesk].set(desk)
	s.rows[PageShortcuts].set(e.T("{n} shortcuts", "n", len(e.Commands())))
	widget.Relayout(s.object)
}

func (e *Env) themeName(name string) string {
	switch theme.Mode(name) {
	case theme.Light:
		return e.T("theme::Light")
	case theme.Dark:
		return e.T("theme::Dark")
	default:
		return e.T("Same as the system")
	}
}

func (e *Env) languageName(l string) string {
	if l == "" || l == "system" {
		return e.T("Same as the system")
	}
	return words.Name(l)
}

// Language is the page that chooses the language.
type Language struct {
	*frame
	list  *choiceRows
	codes []string
}

// NewLanguage returns the page.
func NewLanguage(env *Env) *Language {
	l := &Language{codes: append([]string{"system"}, lang.Languages()...)}
	var names []string
	for _, c := range l.codes {
		names = append(names, env.languageName(c))
	}
	rows, list := env.choiceRows(names, func(i int) { env.SetLanguage(l.codes[i]) })
	l.list = rows
	l.frame = newFrame(env, env.T("Language"), PageSettings, nil, widget.CardOf(list...), nil)
	for _, row := range l.list.rows {
		l.lockable("appearance.language", row)
	}
	return l
}

// Render draws the page.
func (l *Language) Render(v View) {
	l.render(v)
	chosen := 0
	for i, c := range l.codes {
		if c == l.env.Host.Language() {
			chosen = i
		}
	}
	l.list.set(l.env, chosen)
}

// Network is the page about the connection.
type Network struct {
	*frame
	server *widget.Text
	rows   *fyne.Container
	// ProxyUser and ProxyPassword are asked for while the network's proxy wants
	// them.
	ProxyUser, ProxyPassword *widget.Field
	proxy                    *fyne.Container
}

// NewNetwork returns the page.
func NewNetwork(env *Env) *Network {
	n := &Network{}
	n.ProxyUser = widget.NewField(widget.NewInput(env.T("User name"), ""), 44, nil, nil)
	n.ProxyPassword = env.Early.Password(env.T("Password"), env.T("Show the password"), env.T("Hide the password"), env.Tips)
	save := func() {
		user, password := n.ProxyUser.Input.Text, n.ProxyPassword.Input.Text
		env.Run.Go(func(context.Context) error { return env.Phone.SetProxyPassword(user, password) }, env.Complain)
		n.ProxyPassword.Input.SetText("")
	}
	n.ProxyPassword.Input.OnSubmitted = func(string) { save() }
	n.proxy = widget.Column(heading(env.T("Your network's proxy needs a password")), widget.Gap(6),
		label(env.T("User name")), widget.Gap(3), n.ProxyUser, widget.Gap(8), label(env.T("Password")), widget.Gap(3), n.ProxyPassword, widget.Gap(12),
		widget.NewPill(env.T("Use this proxy"), "", widget.Accent, widget.HeightButton, save), widget.Gap(16))
	n.proxy.Hide()
	n.server = widget.NewText("", widget.Style{Role: theme.Text2})
	n.rows = widget.Column()
	check := widget.NewPill(env.T("Check the network"), theme.Pulse, widget.Plain, widget.HeightButton, func() { env.Open(PageDiagnostics) })
	retry := widget.NewPill(env.T("Try now"), theme.RefreshIcon, widget.Plain, widget.HeightButton, env.Phone.Retry)
	body := widget.Column(n.proxy, heading(env.T("Server")), widget.Gap(6), widget.NewCard(widget.Inset(12, 12, 12, 12, n.server)),
		widget.Gap(16), heading(env.T("Connections")), widget.Gap(6), n.rows, widget.Gap(12),
		widget.NewText(env.T("Offhook picks the best connection: UDP, or TCP where UDP is blocked."), widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true, Leading: 1.4}),
		widget.Gap(16), check, widget.Gap(8), retry)
	n.frame = newFrame(env, env.T("Network"), PageSettings, nil, body, nil)
	return n
}

// Render draws the page.
func (n *Network) Render(v View) {
	n.render(v)
	n.server.SetText(v.Account.Server)
	var rows []fyne.CanvasObject
	wanted := false
	for _, c := range v.Conditions {
		wanted = wanted || !c.OK && c.Action == readiness.ProxyPassword
	}
	setVisible(n.proxy, wanted)
	for _, c := range v.Conditions {
		switch c.Name {
		case readiness.Push, readiness.Platform, readiness.Profile:
		default:
			continue
		}
		row := widget.NewStatusRow(checkIcons[c.Name], n.env.checkTitle(diagnosis.Check{Name: c.Name}))
		if c.OK {
			row.Set(checkIcons[c.Name], n.env.T("Since {time}", "time", hhmm(c.Since)), n.env.T("Works"), widget.ToneGood)
		} else {
			row.Set(checkIcons[c.Name], n.env.retrying(n.env.Words.Say(c.Text), &c, v.Now), n.env.T("Failed"), widget.ToneDanger)
		}
		rows = append(rows, row)
	}
	n.rows.Objects = nil
	if len(rows) > 0 {
		n.rows.Objects = []fyne.CanvasObject{widget.CardOf(rows...)}
	}
	widget.Relayout(n.object)
}
