package screen

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/app/signin"
	"offhook/assets/lang"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/cleartext"
	"offhook/voice/fault"
)

// helpField is a labelled field with a line under it that helps, says what is wrong,
// or that all is well. The line's room is always kept, so that nothing moves.
type helpField struct {
	*widget.Field
	env    *Env
	hint   string
	icon   *widget.Icon
	help   *widget.Text
	object fyne.CanvasObject
	// touched is told of each change by hand.
	touched func()
}

func newHelpField(env *Env, name, hint string, f *widget.Field, submitted func()) *helpField {
	h := &helpField{Field: f, env: env, hint: hint, icon: widget.NewIcon("", theme.Text2, 16),
		help: widget.NewText(hint, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true, Leading: 1.2})}
	line := widget.Inset(3, 0, 0, 2, widget.Row(h.icon, widget.Gap(6), widget.Grow(h.help)))
	h.icon.Hide()
	h.object = widget.Column(label(name), widget.Gap(4), f, container.New(atLeast{21}, line))
	f.Input.OnSubmitted = func(string) { submitted() }
	f.Input.OnChanged = func(string) {
		h.say("", "", "")
		if h.touched != nil {
			h.touched()
		}
	}
	return h
}

// say puts text under the field; "" puts the hint back.
func (h *helpField) say(g theme.Glyph, ink fyne.ThemeColorName, text string) {
	h.SetWrong(g == theme.ErrorIcon)
	if text == "" {
		g, ink, text = "", theme.Text2, h.hint
	}
	if g != "" {
		h.icon.Set(g, ink)
	}
	setVisible(h.icon, g != "")
	h.help.SetRole(ink)
	h.help.SetText(text)
}

// wrong says what is wrong and gives the field the keyboard, with its text selected.
func (h *helpField) wrong(text string) {
	h.say(theme.ErrorIcon, theme.DangerInk, text)
	h.take()
}

// take gives the field the keyboard with its text selected, once the window is there.
func (h *helpField) take() {
	if h.env.Early == nil {
		h.env.focus(h.Input)
		h.Input.TypedShortcut(&fyne.ShortcutSelectAll{})
	}
}

// atLeast gives its content the height it wants, and at least height.
type atLeast struct{ height float32 }

func (l atLeast) MinSize(o []fyne.CanvasObject) fyne.Size {
	m := o[0].MinSize()
	return fyne.NewSize(m.Width, max(m.Height, l.height))
}

func (atLeast) Layout(o []fyne.CanvasObject, s fyne.Size) { o[0].Resize(s) }

// SignIn is the page that asks who the user is.
type SignIn struct {
	env *Env

	Server, User, Pass, Display, SID *helpField
	Button, SIP                      *widget.PillButton
	Advanced                         *widget.TapRow
	advanced                         *fyne.Container
	chevron                          *widget.Icon
	head                             *fyne.Container
	footText                         *widget.Text
	cancel                           *widget.PillButton
	object                           fyne.CanvasObject

	open, filled, compact bool
	// told is the problem that was shown already.
	told *app.Problem
	// stopFinding ends the wait before a company is looked for, nil without one.
	stopFinding func()
	// unencrypted says that the user was told that the server's address is not
	// encrypted: signing in again allows it.
	unencrypted bool
	// displayTouched says that the user wrote the display name; else it follows
	// the user name.
	displayTouched bool
}

// NewSignIn returns the page.
func NewSignIn(env *Env) *SignIn {
	s := &SignIn{env: env}
	field := func(name, placeholder string) *widget.Field {
		return env.Early.Field(widget.NewInput(name, placeholder), 44, nil, nil)
	}
	add := func(name, hint string, f *widget.Field) *helpField {
		var h *helpField
		h = newHelpField(env, name, hint, f, func() { s.next(h) })
		return h
	}
	server := env.T("Company code or server")
	s.Server = add(server, env.T("Your server's name, such as voice.acme.com."), field(server, env.T("From your invitation")))
	s.User = add(env.T("User name"), "", field(env.T("User name"), ""))
	s.Pass = add(env.T("Password"), "", env.Early.Password(env.T("Password"), env.T("Show the password"), env.T("Hide the password"), env.Tips))
	s.Display = add(env.T("Name shown to people you call"), "", field(env.T("Name shown to people you call"), ""))
	s.SID = add(env.T("Account number"), "", field(env.T("Account number"), ""))
	s.User.touched = func() {
		if !s.displayTouched {
			s.Display.SetText(s.User.Input.Text)
			s.displayTouched = false
		}
	}
	s.Server.touched = func() {
		s.find()
		if s.unencrypted {
			s.unencrypted = false
			s.Button.Set(env.T("Sign in"), "", widget.Accent)
		}
	}
	s.Display.touched = func() { s.displayTouched = s.Display.Input.Text != s.User.Input.Text }

	s.Button = widget.NewPill(env.T("Sign in"), "", widget.Accent, widget.HeightMain, s.submit)
	s.cancel = widget.NewPill(env.T("Not now"), "", widget.Bare, widget.HeightButton, func() { env.Open(PageNone) })
	s.SIP = widget.NewPill(env.T("Use a SIP account instead"), "", widget.Bare, widget.HeightSmall, func() { env.Open(PageAccounts) })
	s.chevron = widget.NewIcon(theme.ChevronDown, theme.Text2, 20)
	s.Advanced = widget.NewTapRow(env.T("Advanced, closed"), 40,
		widget.Row(s.chevron, widget.Gap(8), widget.NewText(env.T("Advanced"), widget.Style{})), func() { s.SetOpen(!s.open) })
	s.advanced = widget.Column(s.Display.object, widget.Gap(4), s.SID.object)
	s.advanced.Hide()
	s.footText = widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true})
	foot := widget.Inset(8, 0, 24, 0, widget.Row(widget.NewIcon(theme.Lock, theme.Text2, 16), widget.Gap(8), widget.Grow(s.footText)))
	s.head = widget.Column(widget.Gap(12), widget.CentredRow(NewMark(56)), widget.Gap(12))
	s.object = container.NewVScroll(widget.Centre(440, widget.Inset(0, 32, 0, 32, widget.Column(
		widget.Gap(24), s.head, widget.NewText(env.T("Sign in to Offhook"), centred(widget.Style{Size: theme.SizeTitle, Bold: true})),
		widget.Gap(20), s.Server.object, widget.Gap(4), s.User.object, widget.Gap(4), s.Pass.object,
		s.Advanced, s.advanced, widget.Gap(8), s.Button, s.cancel, widget.Gap(4), s.SIP, widget.Flex(8), foot))))
	s.cancel.Hide()
	return s
}

// Object is what the window shows.
func (s *SignIn) Object() fyne.CanvasObject { return s.object }

// Focus puts the keyboard where something is wrong, else where the first empty field
// is.
func (s *SignIn) Focus() {
	for _, f := range []*helpField{s.Server, s.User, s.Pass, s.Display, s.SID} {
		if f.Wrong() {
			f.take()
			return
		}
	}
	for _, f := range []*helpField{s.Server, s.User} {
		if f.Input.Text == "" {
			s.env.focus(f.Input)
			return
		}
	}
	s.env.focus(s.Pass.Input)
}

// findAfter is how long typing rests before a company is looked for by its code.
const findAfter = 400 * time.Millisecond

// find looks for the company whose code is in the field, once typing rests.
func (s *SignIn) find() {
	if s.stopFinding != nil {
		s.stopFinding()
	}
	text := s.Server.Input.Text
	s.stopFinding = s.env.Run.After(findAfter, func() {
		var found signin.Company
		s.env.Run.Go(func(ctx context.Context) (err error) {
			found, err = s.env.Phone.FindCompany(ctx, text)
			return err
		}, func(err error) {
			switch {
			case text != s.Server.Input.Text || s.Server.Wrong():
				return // it is about what was typed before
			case err != nil:
				s.Server.say(theme.ErrorIcon, theme.DangerInk, s.env.Sentence(fault.From(err)))
			case found.Server != "":
				s.Server.say(theme.CheckCircle, theme.SuccessInk, strings.TrimPrefix(found.Name+" · "+hostOf(found.Server), " · "))
				if found.AccountSID != "" {
					s.SID.SetText(found.AccountSID)
				}
			}
			widget.Relayout(s.object)
		})
	})
}

// SetOpen opens or closes the advanced fields.
func (s *SignIn) SetOpen(open bool) {
	s.open = open
	g, name := theme.ChevronDown, s.env.T("Advanced, closed")
	if open {
		g, name = theme.ChevronUp, s.env.T("Advanced, open")
	}
	s.chevron.Set(g, theme.Text2)
	s.Advanced.SetLabel(name)
	setVisible(s.advanced, open)
	setVisible(s.head, !open && !s.compact)
	widget.Relayout(s.object)
}

// next goes on to the next field of the three that is empty on Enter, and signs in
// when there is none.
func (s *SignIn) next(from *helpField) {
	after := false
	for _, f := range []*helpField{s.Server, s.User, s.Pass} {
		if after && f.Input.Text == "" {
			s.env.focus(f.Input)
			return
		}
		after = after || f == from
	}
	s.submit()
}

func (s *SignIn) submit() {
	if !s.Button.Enabled() {
		return
	}
	for _, f := range []struct {
		field *helpField
		empty string
	}{
		{s.Server, s.env.T("Enter the server's name, such as voice.acme.com.")}, {s.User, s.env.T("Enter your user name.")},
		{s.Pass, s.env.T("Enter your password.")}, {s.SID, s.env.T("Enter your account number.")},
	} {
		_, code := signin.CodeOf(s.Server.Input.Text)
		if strings.TrimSpace(f.field.Input.Text) == "" && !(f.field == s.SID && code) { // a code may bring the account
			s.wrong(f.field, f.empty)
			return
		}
	}
	s.env.SignIn(signin.Credentials{
		UserName: s.User.Input.Text, Password: s.Pass.Input.Text, DisplayName: s.Display.Input.Text,
		AccountSID: s.SID.Input.Text, Server: s.Server.Input.Text, AllowClearText: s.unencrypted,
	})
}

// wrong shows a fault at its field, and opens what hides the field.
func (s *SignIn) wrong(f *helpField, text string) {
	if (f == s.SID || f == s.Display) && !s.open {
		s.SetOpen(true)
	}
	f.wrong(text)
	widget.Relayout(s.object)
}

// Render draws the page.
func (s *SignIn) Render(v View) {
	if s.compact != v.Compact {
		s.compact = v.Compact
		s.SetOpen(s.open)
	}
	if !s.filled {
		s.filled = true
		s.User.SetText(v.Account.UserName)
		s.Display.SetText(v.Account.DisplayName)
		s.displayTouched = v.Account.DisplayName != "" && v.Account.DisplayName != v.Account.UserName
		s.SID.SetText(v.Account.AccountSID)
		s.Server.SetText(strings.TrimPrefix(v.Account.Server, "https://"))
		s.SetOpen(v.Account.AccountSID == "")
	}
	busy := v.Account.State == app.SigningIn
	p := v.Account.Err
	if p != nil && p != s.told {
		s.unencrypted = p.Message.Code == cleartext.Code
	}
	word := s.env.T("Sign in")
	if s.unencrypted {
		word = s.env.T("Sign in without encryption")
	}
	if busy {
		word = s.env.T("Signing in…")
	}
	s.Button.Set(word, "", widget.Accent)
	s.Button.SetEnabled(!busy)
	setVisible(s.cancel, v.Account.State == app.Expired)
	s.footText.SetText(s.env.T("Your password stays in this computer's keyring."))
	if v.Account.KeyringMissing {
		s.footText.SetText(s.env.T("This computer can't keep passwords. You sign in after each restart."))
	}
	switch {
	case busy:
		for _, f := range []*helpField{s.Server, s.User, s.Pass, s.Display, s.SID} {
			f.say("", "", "")
		}
	case p != nil && p != s.told:
		s.told = p
		field, text := s.fault(p)
		if p.Code == string(fault.InvalidCredentials) {
			s.Server.say(theme.CheckCircle, theme.SuccessInk, hostOf(v.Account.Server))
		}
		s.wrong(field, text)
	}
	widget.Relayout(s.object)
}

// fault says at which field a problem stands, and how.
func (s *SignIn) fault(p *app.Problem) (*helpField, string) {
	said := s.env.Words.Say(lang.Join(p.Message, p.Next))
	kind, what, _ := strings.Cut(p.Message.Code, ".")
	switch {
	case p.Code == string(fault.InvalidCredentials):
		return s.Pass, s.env.Words.Say(lang.Of("sign-in.wrong-password"))
	case kind == "sign-in" && (what == "unknown-code" || what == "no-discovery"):
		return s.Server, said
	case kind == "account" && what == "bad-user-name":
		return s.User, said
	case kind == "account" && what == "bad-display-name":
		return s.Display, said
	case kind == "account" && what == "no-sid":
		return s.SID, said
	case kind == "server" && what == "unknown-name" && !strings.ContainsAny(s.Server.Input.Text, ".:"):
		return s.Server, s.env.T("No company has this code. Check the spelling.")
	case kind == "server" && what != "refuses-account" && what != "too-many-attempts", kind == "platform", kind == "network", kind == "clear-text":
		return s.Server, said
	}
	return s.Pass, said
}
