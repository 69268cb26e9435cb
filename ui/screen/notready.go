package screen

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// NotReady is the page in place of the dialling pad while the phone cannot call:
// what is wrong, since when, and the one thing to do.
type NotReady struct {
	env    *Env
	disc   *widget.Avatar
	title  *widget.Text
	text   *widget.Text
	since  *widget.Text
	Button *widget.PillButton
	action func()
	object fyne.CanvasObject
}

// NewNotReady returns the page.
func NewNotReady(env *Env) *NotReady {
	n := &NotReady{env: env, action: func() {}}
	n.disc = widget.NewDisc(theme.WifiOff, 96, theme.DangerSoft, theme.DangerInk)
	n.title = widget.NewText("", centred(widget.Style{Size: theme.SizeTitle, Bold: true, Wrap: true}))
	n.text = widget.NewText("", centred(widget.Style{Role: theme.Text2, Wrap: true, Leading: 1.43}))
	n.since = caption("")
	n.Button = widget.NewPill("", "", widget.Accent, widget.HeightMain, func() { n.action() })
	n.object = container.NewVScroll(widget.Centre(440, widget.Inset(0, 32, 0, 32, widget.Column(
		widget.Flex(16), widget.CentredRow(n.disc), widget.Gap(24), n.title, widget.Gap(8), n.text,
		widget.Gap(16), widget.CentredRow(widget.NewIcon(theme.Clock, theme.Text2, 16), widget.Gap(4), n.since),
		widget.Gap(32), n.Button, widget.Flex(16), widget.Gap(8)))))
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
	e := n.env
	set := func(g theme.Glyph, title, text string, bg theme.Glyph, word string, action func()) {
		n.disc.SetIcon(g, theme.DangerSoft, theme.DangerInk)
		n.title.SetText(title)
		n.text.SetText(text)
		n.Button.Set(word, bg, widget.Accent)
		n.action = action
	}
	switch {
	case c.Name == app.ConditionToken || c.Action == "sign_in":
		set(theme.LockClock, e.T("Please sign in again"), e.T("Your sign-in ran out, so calls can't reach you. Your settings and call list stay."),
			theme.LogIn, e.T("Sign in again"), func() { e.Open(PageSignIn) })
	case c.Action == app.ActionAccounts:
		set(theme.Lock, e.T("The SIP account is refused"), e.Words.Say(c.Text), theme.Gear, e.T("Open the SIP accounts"), func() { e.Open(PageAccounts) })
	case c.Action == "open_system_settings":
		set(theme.MicOff, e.T("Offhook can't use the microphone"), e.T("Callers would not hear you. Allow Offhook under Privacy, Microphone. We notice at once."),
			theme.Gear, e.T("Open system settings"), e.Host.OpenSystemSettings)
	case c.Action == app.ActionOpenBrowser:
		set(theme.Globe, e.T("This network wants a sign-in"), e.Words.Say(c.Text), theme.Globe, e.T("Open the browser"), func() { e.openBrowser(v.Account.Server) })
	case c.Action == app.ActionProxyPassword:
		set(theme.Lock, e.T("The network's proxy wants a password"), e.Words.Say(c.Text), theme.Gear, e.T("Open network settings"), func() { e.Open(PageNetwork) })
	case c.Name == app.ConditionDevices:
		text := e.Words.Say(c.Text)
		if text == "" {
			text = e.T("Callers would not hear you. Choose another device.")
		}
		set(theme.MicOff, e.T("No sound device works"), text, theme.Gear, e.T("Open audio settings"), func() { e.Open(PageSettings) })
	case c.Name == app.ConditionPush:
		set(theme.CloudOff, e.T("Calls can't reach you"), e.retrying(e.T("You can call, but nobody can call you."), c, v.Now),
			theme.RefreshIcon, e.T("Try now"), e.Phone.Retry)
	case c.Name == app.ConditionProfile:
		text := e.Words.Say(c.Text)
		if text == "" {
			text = e.T("The platform did not tell how to call.")
		}
		set(theme.CloudOff, e.T("Your line isn't set up"), e.retrying(text, c, v.Now), theme.RefreshIcon, e.T("Try now"), e.Phone.Retry)
	default:
		set(theme.WifiOff, e.T("No network"), e.retrying(e.T("You can't make or get calls."), c, v.Now),
			theme.RefreshIcon, e.T("Try now"), e.Phone.Retry)
	}
	n.since.SetText(e.T("Since {time}, {ago}", "time", hhmm(c.Since), "ago", e.Ago(v.Now.Sub(c.Since))))
	widget.Relayout(n.object)
}

// retrying adds when the phone tries again by itself.
func (e *Env) retrying(text string, c *app.Condition, now time.Time) string {
	left := retryIn(c, now)
	if left == 0 {
		return fmt.Sprintf("%s %s", text, e.T("We try again by ourselves."))
	}
	return fmt.Sprintf("%s %s", text, e.T("We try again by ourselves, next in {n} s.", "n", left))
}
