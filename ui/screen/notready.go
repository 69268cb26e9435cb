package screen

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/app/readiness"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// troubleLook is how a condition is told: on the page of a phone that can't call at
// all, or on the banner over the number field. hint stands on the banner under title,
// word and short are the action there and here.
type troubleLook struct {
	glyph, button theme.Glyph
	title, text   string
	hint          string
	word, short   string
	act           func()
}

// troubleLook tells of a condition.
func (e *Env) troubleLook(v View, c *app.Condition) troubleLook {
	retry := func(g theme.Glyph, title, text, hint string) troubleLook {
		return troubleLook{glyph: g, button: theme.RefreshIcon, title: title, text: text, hint: e.retrying(hint, c, v.Now),
			word: e.T("Try now"), short: e.T("Try now"), act: e.Phone.Retry}
	}
	page := func(g theme.Glyph, title, text, word string, p Page) troubleLook {
		return troubleLook{glyph: g, button: theme.Gear, title: title, text: text, hint: text, word: word, short: e.T("Settings"), act: func() { e.Open(p) }}
	}
	said := e.Words.Say(c.Text)
	switch {
	case c.Name == readiness.Token || c.Action == readiness.SignIn:
		text := e.T("Your sign-in has expired. Your calls and settings are still here.")
		if v.Account.KeyringMissing {
			text = e.T("This computer can't keep passwords, so Offhook asks after each restart. Your calls and settings are still here.")
		}
		return troubleLook{glyph: theme.LockClock, button: theme.LogIn, title: e.T("Sign in again"), text: text, hint: said,
			word: e.T("Sign in"), short: e.T("Sign in"), act: func() { e.Open(PageSignIn) }}
	case c.Action == readiness.OpenAccounts:
		return page(theme.Lock, e.T("The server refused the SIP account"), said, e.T("Open the SIP accounts"), PageAccounts)
	case c.Action == readiness.OpenSystemSettings:
		l := troubleLook{glyph: theme.MicOff, button: theme.Gear, title: e.T("Callers can't hear you"), text: e.T("Allow Offhook in Privacy, Microphone."),
			hint: e.T("The microphone is blocked."), word: e.T("Open system settings"), short: e.T("Settings"), act: e.Host.OpenSystemSettings}
		return l
	case c.Action == readiness.OpenBrowser:
		return troubleLook{glyph: theme.Globe, button: theme.Globe, title: e.T("This network wants a sign-in"), text: said, hint: said,
			word: e.T("Open the browser"), short: e.T("Open"), act: func() { e.openBrowser(v.Account.Server) }}
	case c.Action == readiness.ProxyPassword:
		return page(theme.Lock, e.T("Your network's proxy needs a password"), said, e.T("Open network settings"), PageNetwork)
	case c.Name == readiness.Devices:
		title, g := e.T("Callers can't hear you"), theme.MicOff
		if v.Audio.MicrophoneWorks {
			title, g = e.T("You can't hear callers"), theme.VolumeOff
		}
		return page(g, title, said, e.T("Open audio settings"), PageSettings)
	case c.Name == readiness.Push && c.Action == readiness.Retry && c.RetryAt == nil && !ReachOf(v).nothing():
		return retry(theme.CloudOff, e.T("Calls can't reach you"), said, said)
	case c.Name == readiness.Push:
		return retry(theme.CloudOff, e.T("Calls can't reach you"), said, e.T("You can still call."))
	case c.Name == readiness.Profile:
		return retry(theme.CloudOff, e.T("Your phone line isn't set up yet"), e.T("Ask your administrator."), said)
	case strings.Contains(c.Text.Code, "no-network"):
		return retry(theme.WifiOff, e.T("No network"), e.T("You can't make or get calls. Check the cable or the wireless network."), said)
	}
	return retry(theme.CloudOff, e.T("Can't reach {server}", "server", hostOf(v.Account.Server)), e.T("You can't make or get calls.")+" "+said, said)
}

// hostOf is the name of the server in an address.
func hostOf(address string) string {
	_, host, found := strings.Cut(address, "://")
	if !found {
		host = address
	}
	host, _, _ = strings.Cut(host, "/")
	return host
}

// retrying adds when the phone tries again by itself.
func (e *Env) retrying(text string, c *app.Condition, now time.Time) string {
	if left := retryIn(c, now); left > 0 {
		return text + " " + e.T("Retrying in {n} s.", "n", left)
	}
	if c.Action == readiness.Retry {
		return text + " " + e.T("Retrying.")
	}
	return text
}

// NotReady is the page in place of the dialling pad while no call is possible: what
// is wrong, since when, and the one thing to do.
type NotReady struct {
	env         *Env
	disc        *widget.Avatar
	title       *widget.Text
	text        *widget.Text
	since       *widget.Text
	Button      *widget.PillButton
	Diagnostics *widget.PillButton
	action      func()
	object      fyne.CanvasObject
}

// NewNotReady returns the page.
func NewNotReady(env *Env) *NotReady {
	n := &NotReady{env: env, action: func() {}}
	n.disc = widget.NewDisc(theme.WifiOff, 88, theme.DangerSoft, theme.DangerInk)
	n.title = widget.NewText("", centred(widget.Style{Size: theme.SizeTitle, Bold: true, Wrap: true}))
	n.text = widget.NewText("", centred(widget.Style{Role: theme.Text2, Wrap: true, Leading: 1.43}))
	n.since = caption("")
	n.Button = widget.NewPill("", "", widget.Accent, widget.HeightMain, func() { n.action() })
	n.Diagnostics = widget.NewPill(env.T("Open diagnostics"), "", widget.Bare, widget.HeightButton, func() { env.Open(PageDiagnostics) })
	n.object = container.NewVScroll(widget.Centre(440, widget.Inset(0, 32, 0, 32, widget.Column(
		widget.Flex(16), widget.CentredRow(n.disc), widget.Gap(24), n.title, widget.Gap(8), n.text,
		widget.Gap(16), widget.CentredRow(widget.NewIcon(theme.Clock, theme.Text2, 16), widget.Gap(4), n.since),
		widget.Gap(28), n.Button, widget.Gap(8), n.Diagnostics, widget.Flex(16), widget.Gap(8)))))
	return n
}

// Object is what the window shows.
func (n *NotReady) Object() fyne.CanvasObject { return n.object }

// Focus puts the keyboard on the button.
func (n *NotReady) Focus() { n.env.focus(n.Button) }

// Render draws the page.
func (n *NotReady) Render(v View) {
	c := Trouble(v)
	if c == nil {
		return
	}
	l := n.env.troubleLook(v, c)
	n.disc.SetIcon(l.glyph, theme.DangerSoft, theme.DangerInk)
	n.title.SetText(l.title)
	n.text.SetText(l.text)
	n.Button.Set(l.word, l.button, widget.Accent)
	n.action = l.act
	setVisible(n.Diagnostics, l.button == theme.RefreshIcon)
	since := n.env.T("Since {time}", "time", hhmm(c.Since))
	if left := retryIn(c, v.Now); left > 0 {
		since += " · " + n.env.T("retrying in {n} s", "n", left)
	}
	n.since.SetText(since)
	widget.Relayout(n.object)
}
