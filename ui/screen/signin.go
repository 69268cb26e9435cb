package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/assets/lang"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// SignIn is the page that asks who the user is.
type SignIn struct {
	env *Env

	User, Pass, Display, SID, Server *widget.Field
	Button                           *widget.PillButton
	Advanced                         *widget.TapRow
	big, small                       *fyne.Container
	banner                           *widget.Banner
	advanced                         *fyne.Container
	chevron                          *widget.Icon
	advancedWord                     *widget.Text
	foot                             *fyne.Container
	// roomBetween and roomAbove are there while the fields are few, roomBelow else.
	roomBetween, roomAbove, roomBelow *fyne.Container
	// reached marks a server that has answered.
	reached    *widget.Icon
	reachedBox *fyne.Container
	footText   *widget.Text
	cancel     *widget.PillButton
	SIP        *widget.PillButton
	object     fyne.CanvasObject

	open, filled bool
	// empty is the sentence about a field that was left empty.
	empty string
	// displayTouched says that the user wrote the display name; else it follows
	// the user name.
	displayTouched bool
}

// NewSignIn returns the page.
func NewSignIn(env *Env) *SignIn {
	s := &SignIn{env: env}
	title, sub := env.T("Welcome to Offhook"), env.T("Sign in to make and take calls.")
	s.big = widget.Column(
		widget.Gap(64),
		widget.CentredRow(NewMark(56)),
		widget.Gap(16),
		widget.NewText(title, centred(widget.Style{Size: theme.SizeTitle, Bold: true})),
		widget.NewText(sub, centred(widget.Style{Role: theme.Text2})),
		widget.Gap(26))
	s.small = widget.Column(widget.Gap(24),
		widget.Row(NewMark(40), widget.Gap(12), widget.Grow(widget.Column(
			widget.NewText(title, widget.Style{Size: theme.SizeSub, Bold: true}), caption(sub)))),
		widget.Gap(12))
	s.banner = widget.NewBanner(widget.ToneDanger, theme.ErrorIcon, "", "")

	s.User = env.Early.Field(widget.NewInput(env.T("User name"), ""), 44, nil, nil)
	s.Pass = env.Early.Password(env.T("Password"), env.T("Show the password"), env.T("Hide the password"), env.Tips)
	s.Display = env.Early.Field(widget.NewInput(env.T("Display name"), ""), 44, nil, nil)
	s.SID = env.Early.Field(widget.NewInput(env.T("Account SID"), ""), 44, nil, nil)
	s.reached = widget.NewIcon(theme.CheckCircle, theme.Text2, 20)
	s.reachedBox = widget.Fixed(40, 0, s.reached)
	s.reachedBox.Hide()
	s.Server = env.Early.Field(widget.NewInput(env.T("Server"), "https://"), 44, s.reachedBox, nil)
	s.Button = widget.NewPill(env.T("Sign in"), "", widget.Accent, widget.HeightMain, s.submit)
	s.cancel = widget.NewPill(env.T("Not now"), "", widget.Bare, widget.HeightButton, func() { env.Open(PageNone) })

	s.SIP = widget.NewPill(env.T("Use a SIP account"), "", widget.Bare, widget.HeightSmall, func() { env.Open(PageAccounts) })

	s.chevron = widget.NewIcon(theme.ChevronDown, theme.Text2, 20)
	s.advancedWord = widget.NewText(env.T("Advanced"), widget.Style{})
	s.Advanced = widget.NewTapRow(env.T("Advanced, closed"), 40,
		widget.Row(s.chevron, widget.Gap(8), s.advancedWord), func() { s.SetOpen(!s.open) })
	s.advanced = widget.Column(
		widget.Row(label(env.T("Display name")), widget.Gap(3), caption(env.T("shown to people you call"))), widget.Gap(5), s.Display,
		widget.Gap(12), label(env.T("Account SID")), widget.Gap(5), s.SID,
		widget.Gap(12), label(env.T("Server")), widget.Gap(5), s.Server)
	s.footText = caption(env.T("Your password stays in this computer's keyring."))
	s.foot = widget.Inset(8, 0, 25, 0, widget.CentredRow(widget.NewIcon(theme.Lock, theme.Text2, 16), widget.Gap(8), s.footText))

	s.roomBetween, s.roomAbove, s.roomBelow = widget.Fixed(0, 4, widget.Gap(0)), widget.Fixed(0, 13, widget.Gap(0)), widget.Fixed(0, 12, widget.Gap(0))
	s.roomBelow.Hide()
	form := widget.Column(
		s.banner,
		widget.Gap(12), label(env.T("User name")), widget.Gap(5), s.User,
		s.roomBetween, widget.Gap(12), label(env.T("Password")), widget.Gap(5), s.Pass,
		s.roomAbove, widget.Row(widget.Grow(s.Advanced), widget.Inset(0, -16, 0, 0, s.SIP)),
		widget.Gap(-4), s.advanced)
	page := widget.Column(s.big, s.small, form, s.roomBelow, widget.Gap(12), s.Button, s.cancel, widget.Flex(8), s.foot)
	s.object = container.NewVScroll(widget.Centre(440, widget.Inset(0, 32, 0, 32, page)))
	s.advanced.Hide()
	s.small.Hide()
	s.banner.Hide()
	s.cancel.Hide()

	for _, f := range []*widget.Field{s.User, s.Pass, s.Display, s.SID, s.Server} {
		f.Input.OnSubmitted = func(string) { s.next(f) }
		f.Input.OnChanged = func(string) { s.changed(f) }
	}
	return s
}

// Object is what the window shows.
func (s *SignIn) Object() fyne.CanvasObject { return s.object }

// Focus puts the keyboard where the first empty field is.
func (s *SignIn) Focus() {
	if s.User.Input.Text == "" {
		s.env.focus(s.User.Input)
		return
	}
	s.env.focus(s.Pass.Input)
}

// SetOpen opens or closes the advanced fields.
func (s *SignIn) SetOpen(open bool) {
	s.open = open
	if open {
		s.chevron.Set(theme.ChevronUp, theme.Text2)
		s.advancedWord.SetBold(true)
		s.Advanced.SetLabel(s.env.T("Advanced, open"))
	} else {
		s.chevron.Set(theme.ChevronDown, theme.Text2)
		s.advancedWord.SetBold(false)
		s.Advanced.SetLabel(s.env.T("Advanced, closed"))
	}
	setVisible(s.advanced, open)
	s.arrange()
}

// arrange chooses the small heading when there is much below it.
func (s *SignIn) arrange() {
	small := s.open || s.banner.Visible()
	setVisible(s.big, !small)
	setVisible(s.small, small)
	setVisible(s.foot, !small)
	setVisible(s.roomBetween, !small)
	setVisible(s.roomAbove, !small)
	setVisible(s.roomBelow, s.open)
	widget.Relayout(s.object)
}

func (s *SignIn) changed(f *widget.Field) {
	f.SetWrong(false)
	switch f {
	case s.User:
		if !s.displayTouched {
			s.Display.Input.SetText(s.User.Input.Text)
			s.displayTouched = false
		}
	case s.Server:
		setVisible(s.reachedBox, false)
	case s.Display:
		s.displayTouched = s.Display.Input.Text != s.User.Input.Text
	}
}

// next goes from the user name to the password on Enter, and signs in from
// everywhere else.
func (s *SignIn) next(f *widget.Field) {
	if f == s.User && s.Pass.Input.Text == "" {
		s.env.focus(s.Pass.Input)
		return
	}
	s.submit()
}

func (s *SignIn) submit() {
	if !s.Button.Enabled() {
		return
	}
	s.empty = ""
	switch {
	case s.User.Input.Text == "":
		s.empty = s.env.T("Enter your user name.")
		s.User.SetWrong(true)
		s.env.focus(s.User.Input)
	case s.Pass.Input.Text == "":
		s.empty = s.env.T("Enter your password.")
		s.Pass.SetWrong(true)
		s.env.focus(s.Pass.Input)
	}
	if s.empty != "" {
		s.say(s.env.T("That didn't work"), s.empty)
		return
	}
	s.env.SignIn(app.Credentials{
		UserName: s.User.Input.Text, Password: s.Pass.Input.Text, DisplayName: s.Display.Input.Text,
		AccountSID: s.SID.Input.Text, Server: s.Server.Input.Text,
	})
}

func (s *SignIn) say(title, text string) {
	s.banner.Set(title, text)
	if setVisible(s.banner, true) {
		s.arrange()
	}
	widget.Relayout(s.object)
}

// Render draws the page.
func (s *SignIn) Render(v View) {
	if !s.filled {
		s.filled = true
		s.User.SetText(v.Account.UserName)
		s.Display.SetText(v.Account.DisplayName)
		s.displayTouched = v.Account.DisplayName != "" && v.Account.DisplayName != v.Account.UserName
		s.SID.SetText(v.Account.AccountSID)
		s.Server.SetText(v.Account.Server)
		if v.Account.Server == "" {
			s.SetOpen(true)
		}
	}
	busy := v.Account.State == app.SigningIn
	if busy {
		s.Button.Set(s.env.T("Signing in…"), "", widget.Accent)
	} else {
		s.Button.Set(s.env.T("Sign in"), "", widget.Accent)
	}
	s.Button.SetEnabled(!busy)
	setVisible(s.cancel, v.Account.State == app.Expired)
	if v.Account.KeyringMissing {
		s.footText.SetText(s.env.T("No keyring here: you sign in again after a restart."))
	} else {
		s.footText.SetText(s.env.T("Your password stays in this computer's keyring."))
	}
	if busy {
		s.empty = ""
	}
	switch p := v.Account.Err; {
	case s.empty != "":
	case p == nil || busy:
		if setVisible(s.banner, false) {
			s.Pass.SetWrong(false)
			s.arrange()
		}
	default:
		title, text := s.problem(p)
		refused := p.Code == "INVALID_CREDENTIALS"
		s.Pass.SetWrong(refused)
		setVisible(s.reachedBox, refused && s.Server.Input.Text == v.Account.Server)
		s.say(title, text)
	}
}

func (s *SignIn) problem(p *app.Problem) (title, text string) {
	switch p.Code {
	case "INVALID_CREDENTIALS":
		return s.env.T("That didn't work"), s.env.T("The user name or password isn't right. Check both and try again.")
	case "NETWORK_ERROR":
		return s.env.T("We can't reach this server."), s.env.Words.Say(lang.Join(p.Message, p.Next))
	default:
		return s.env.T("That didn't work"), s.env.Words.Say(lang.Join(p.Message, p.Next))
	}
}

func join(message, next string) string {
	if next == "" {
		return message
	}
	return message + " " + next
}
