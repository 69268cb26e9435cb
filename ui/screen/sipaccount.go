package screen

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/settings"
	"offhook/assets/lang"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/cleartext"
	"offhook/voice/line"
)

// SIPAccount is the page of one SIP account.
type SIPAccount struct {
	*frame

	Address, Server, Pass, Display, AuthUser, Proxy *widget.Field
	ICE, ICEUser, ICEPass                           *widget.Field
	Watch, Pickup                                   *widget.Field
	Codes                                           []CodeField
	relay, offerICE, through, plain                 *widget.Switch
	iceWrong                                        *widget.Text
	iceWrongRow                                     *fyne.Container
	on, hide, auto                                  *widget.Switch
	media, transfers                                *widget.Selector
	banner                                          *widget.Banner
	Save, Remove                                    *widget.PillButton
	Advanced                                        *widget.TapRow
	chevron                                         *widget.Icon
	advanced                                        *fyne.Container

	account app.SIPAccount
	fresh   bool
	sure    bool
	// unencrypted says that the user was told that the server's address is not
	// encrypted: saving it again allows it.
	unencrypted bool
	busy        bool
}

func newSIPAccount(env *Env) *SIPAccount {
	s := &SIPAccount{}
	field := func(name, sample string) *widget.Field {
		return widget.NewField(widget.NewInput(name, sample), 44, nil, nil)
	}
	s.Address = field(env.T("SIP address"), "meera@example.com")
	s.Server = field(env.T("Server"), "wss://pbx.example.com/ws")
	s.Pass = env.Early.Password(env.T("Password"), env.T("Show the password"), env.T("Hide the password"), env.Tips)
	s.Display = field(env.T("Display name"), "")
	s.AuthUser = field(env.T("Sign-in name, if different"), "")
	s.Proxy = field(env.T("Outbound proxy"), "")
	s.ICE = field(env.T("TURN or STUN servers"), "turn:turn.example.com")
	s.ICEUser = field(env.T("User name at the TURN server"), "")
	s.ICEPass = env.Early.Password(env.T("Password at the TURN server"), env.T("Show the password"), env.T("Hide the password"), env.Tips)
	s.Watch = field(env.T("Extensions to watch"), "601 602")
	s.Pickup = field(env.T("Pick-up code"), "*8")
	s.Codes = codeFields(env, field)
	s.banner = widget.NewBanner(widget.ToneDanger, theme.ErrorIcon, "", "")
	s.banner.Hide()
	s.media = widget.NewSelector(env.T("Sound"), theme.Wave, s.chooseMedia)
	s.transfers = widget.NewSelector(env.T("When a caller transfers you"), theme.Send, s.chooseTransfers)
	var r1, r2, r3, r5, r6, r7, r8 fyne.CanvasObject
	s.relay, r5 = env.switchRow(env.T("Send sound only through TURN"), env.T("For closed networks"), func(on bool) { s.account.RelayOnly = on })
	s.offerICE, r6 = env.switchRow(env.T("Use ICE with RTP"), env.T("If your server supports it"), func(on bool) { s.account.OfferICE = on })
	s.through, r7 = env.switchRow(env.T("Connect through the proxy"), env.T("Connect through the network's proxy"), func(on bool) { s.account.ThroughProxy = on })
	s.plain, r8 = env.switchRow(env.T("Call without encryption"), env.T("If the server refuses encrypted sound, once more without"), func(on bool) { s.account.RetryPlainRTP = on })
	s.on, r1 = env.switchRow(env.T("Use this account"), "", func(on bool) { s.account.On = on })
	s.hide, r2 = env.switchRow(env.T("Hide my number from people I call"), "", func(on bool) { s.account.HideNumber = on })
	s.auto, r3 = env.switchRow(env.T("Intercom"), env.T("Answer when the server asks for it"), func(on bool) { s.account.AutoAnswer = on })
	s.Save = widget.NewPill(env.T("Save"), "", widget.Accent, widget.HeightMain, s.save)
	s.Remove = widget.NewPill(env.T("Remove"), theme.Trash, widget.Bare, widget.HeightButton, s.remove)
	s.chevron = widget.NewIcon(theme.ChevronDown, theme.Text2, 20)
	s.Advanced = widget.NewTapRow(env.T("Advanced, closed"), 40,
		widget.Row(s.chevron, widget.Gap(8), widget.NewText(env.T("Advanced"), widget.Style{})), func() { s.setOpen(!s.advanced.Visible()) })
	s.iceWrong = widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.DangerInk, Wrap: true})
	s.iceWrongRow = widget.Inset(4, 0, 0, 0, s.iceWrong)
	s.iceWrongRow.Hide()
	s.advanced = widget.Column(
		label(env.T("Display name")), widget.Gap(5), s.Display,
		widget.Gap(12), label(env.T("Sign-in name, if different")), widget.Gap(5), s.AuthUser,
		widget.Gap(12), label(env.T("Outbound proxy")), widget.Gap(5), s.Proxy,
		widget.Gap(12), label(env.T("Sound")), widget.Gap(5), s.media,
		widget.Gap(12), widget.Row(label(env.T("TURN or STUN servers")), widget.Gap(5), widget.Grow(caption(env.T("Separate several with spaces")))), widget.Gap(5), s.ICE, s.iceWrongRow,
		widget.Gap(12), label(env.T("User name at the TURN server")), widget.Gap(5), s.ICEUser,
		widget.Gap(12), label(env.T("Password at the TURN server")), widget.Gap(5), s.ICEPass,
		widget.Gap(12), widget.CardOf(r5, r6, r7, r8),
		widget.Gap(12), widget.Row(label(env.T("Extensions to watch")), widget.Gap(5), widget.Grow(caption(env.T("Separate several with spaces")))), widget.Gap(5), s.Watch,
		widget.Gap(12), label(env.T("Pick-up code")), widget.Gap(5), s.Pickup)
	for _, c := range s.Codes {
		s.advanced.Objects = append(s.advanced.Objects, widget.Gap(12), label(c.name), widget.Gap(5), c.Field)
	}
	s.advanced.Hide()
	body := widget.Column(s.banner,
		label(env.T("SIP address")), widget.Gap(5), s.Address,
		widget.Gap(12), label(env.T("Server")), widget.Gap(5), s.Server,
		widget.Gap(12), label(env.T("Password")), widget.Gap(5), s.Pass,
		widget.Gap(16), widget.CardOf(r1, r2, r3),
		widget.Gap(12), label(env.T("When a caller transfers you")), widget.Gap(5), s.transfers,
		widget.Gap(8), s.Advanced, s.advanced)
	s.frame = newFrame(env, env.T("SIP account"), PageAccounts, nil, body, widget.Column(s.Save, s.Remove))
	fields := []*widget.Field{s.Address, s.Server, s.Pass, s.Display, s.AuthUser, s.Proxy, s.ICE, s.ICEUser, s.ICEPass, s.Watch, s.Pickup}
	for _, c := range s.Codes {
		fields = append(fields, c.Field)
	}
	for _, f := range fields {
		f.Input.OnSubmitted = func(string) { s.save() }
		f.Input.OnChanged = func(string) { f.SetWrong(false) }
	}
	for _, f := range []*widget.Field{s.Server, s.Proxy} {
		f.Input.OnChanged = func(string) {
			f.SetWrong(false)
			// What was allowed was the address that stood here before.
			s.unencrypted, s.account.AllowClearText = false, false
			s.draw()
		}
	}
	s.ICE.Input.OnChanged = func(string) {
		s.ICE.SetWrong(false)
		setVisible(s.iceWrongRow, false)
		widget.Relayout(s.object)
	}
	return s
}

// setOpen shows or hides the fields that few need.
func (s *SIPAccount) setOpen(open bool) {
	glyph, name := theme.ChevronDown, s.env.T("Advanced, closed")
	if open {
		glyph, name = theme.ChevronUp, s.env.T("Advanced, open")
	}
	s.chevron.Set(glyph, theme.Text2)
	s.Advanced.SetLabel(name)
	setVisible(s.advanced, open)
	widget.Relayout(s.object)
}

// begin fills the page with an account, or for a new one with "".
func (s *SIPAccount) begin(set app.Settings, id string) {
	s.account, s.fresh, s.sure, s.busy, s.unencrypted = app.SIPAccount{On: true}, true, false, false, false
	for _, a := range set.SIPAccounts {
		if a.ID == id {
			s.account, s.fresh = a.Clone(), false
		}
	}
	a := s.account
	address := ""
	if a.User != "" {
		address = a.User + "@" + a.Domain
	}
	for f, text := range map[*widget.Field]string{s.Address: address, s.Server: a.Server, s.Pass: "", s.Display: a.DisplayName, s.AuthUser: a.AuthUser, s.Proxy: a.OutboundProxy,
		s.ICE: strings.Join(a.ICEServers, " "), s.ICEUser: a.ICEUser, s.ICEPass: ""} {
		f.SetText(text)
		f.SetWrong(false)
	}
	s.Watch.SetText(strings.Join(a.Watch, " "))
	s.Pickup.SetText(a.PickupCode)
	for _, c := range s.Codes {
		c.SetText(*c.of(&a.FeatureCodes))
	}
	s.banner.Hide()
	s.iceWrongRow.Hide()
	s.setOpen(false)
	s.draw()
}

func (s *SIPAccount) draw() {
	s.on.SetOn(s.account.On)
	s.hide.SetOn(s.account.HideNumber)
	s.auto.SetOn(s.account.AutoAnswer)
	s.relay.SetOn(s.account.RelayOnly)
	s.offerICE.SetOn(s.account.OfferICE)
	s.through.SetOn(s.account.ThroughProxy)
	s.plain.SetOn(s.account.RetryPlainRTP)
	s.media.Set(wordOf(s.env.medias(), s.account.Media))
	s.transfers.Set(wordOf(s.env.transferRules(), ruleOf(s.account)))
	setVisible(s.Remove, !s.fresh)
	word := s.env.T("Remove")
	if s.sure {
		word = s.env.T("Remove this account now")
	}
	s.Remove.Set(word, theme.Trash, widget.Bare)
	word = s.env.T("Save")
	if s.unencrypted {
		word = s.env.T("Save without encryption")
	}
	if s.busy {
		word = s.env.T("Registering…")
	}
	s.Save.Set(word, "", widget.Accent)
	s.Save.SetEnabled(!s.busy)
}

// Focus puts the keyboard on the first field.
func (s *SIPAccount) Focus() { s.env.focus(s.Address.Input) }

// Render draws the page.
func (s *SIPAccount) Render(v View) {
	s.render(v)
	s.draw()
}

// option is one of the values that an account's field can have, and its word.
type option struct{ value, word string }

// wordOf is the word of one of a field's options, "" for a value that is none.
func wordOf(all []option, value string) string {
	for _, o := range all {
		if o.value == value {
			return o.word
		}
	}
	return ""
}

func (e *Env) medias() []option {
	return []option{
		{"", e.T("Automatic")}, {string(line.MediaWebRTC), e.T("WebRTC")},
		{string(line.MediaSRTP), e.T("RTP, encrypted")}, {string(line.MediaRTP), e.T("RTP, encrypted if the other side can")},
	}
}

func (e *Env) transferRules() []option {
	return []option{
		{settings.TransfersAsk, e.T("Ask me")}, {settings.TransfersFollow, e.T("Go there at once")}, {settings.TransfersRefuse, e.T("Stay with the caller")},
	}
}

// ruleOf is what the account does; a phone with a window asks unless it is told
// otherwise.
func ruleOf(a app.SIPAccount) string {
	if a.Transfers == "" {
		return settings.TransfersAsk
	}
	return a.Transfers
}

func (s *SIPAccount) chooseMedia() {
	s.choose(s.media, s.env.medias(), s.account.Media, func(v string) { s.account.Media = v })
}

func (s *SIPAccount) chooseTransfers() {
	s.choose(s.transfers, s.env.transferRules(), ruleOf(s.account), func(v string) { s.account.Transfers = v })
}

// choose lets the user take one of a field's options.
func (s *SIPAccount) choose(field *widget.Selector, all []option, now string, take func(value string)) {
	var words []string
	chosen := 0
	for i, o := range all {
		words = append(words, o.word)
		if o.value == now {
			chosen = i
		}
	}
	s.env.choose(field, words, chosen, func(i int) {
		take(all[i].value)
		s.draw()
	})
}

func (s *SIPAccount) save() {
	if s.busy {
		return
	}
	a := s.account
	user, domain, whole := strings.Cut(strings.TrimPrefix(strings.TrimSpace(s.Address.Input.Text), "sip:"), "@")
	a.User, a.Domain, a.Server = user, domain, strings.TrimSpace(s.Server.Input.Text)
	a.DisplayName, a.AuthUser, a.OutboundProxy = s.Display.Input.Text, s.AuthUser.Input.Text, s.Proxy.Input.Text
	switch {
	case !whole || user == "" || domain == "":
		s.Address.SetWrong(true)
		s.env.focus(s.Address.Input)
		s.say(s.env.T("Enter the account's address, such as meera@example.com."))
		return
	case a.Server == "":
		s.Server.SetWrong(true)
		s.env.focus(s.Server.Input)
		s.say(s.env.T("Enter the server's address."))
		return
	}
	a.ICEServers, a.ICEUser = strings.Fields(strings.ReplaceAll(s.ICE.Input.Text, ",", " ")), s.ICEUser.Input.Text
	if problem := s.iceProblem(a); problem != "" {
		s.setOpen(true)
		s.ICE.SetWrong(true)
		s.iceWrong.SetText(problem)
		setVisible(s.iceWrongRow, true)
		widget.Relayout(s.object)
		s.env.focus(s.ICE.Input)
		return
	}
	a.Watch, a.PickupCode = strings.Fields(strings.ReplaceAll(s.Watch.Input.Text, ",", " ")), strings.TrimSpace(s.Pickup.Input.Text)
	for _, c := range s.Codes {
		*c.of(&a.FeatureCodes) = strings.TrimSpace(c.Input.Text)
	}
	if !strings.Contains(a.Server, "://") {
		a.Server = "tls://" + a.Server // a bare name is no reason to speak in the clear
	}
	if exposed := cleartext.ExposedURL(a.Server) || cleartext.ExposedURL(a.OutboundProxy); exposed && !a.AllowClearText {
		if !s.unencrypted {
			s.unencrypted = true
			s.Server.SetWrong(true)
			s.say(s.env.Words.Say(lang.Of(cleartext.Code, domain)))
			s.draw()
			return
		}
		a.AllowClearText = true
	} else if !exposed {
		a.AllowClearText = false
	}
	s.busy = true
	s.draw()
	if a.ID == "" {
		a.ID = a.User + "@" + a.Domain // as the phone names it: the keyring's entry bears it
	}
	password, icePassword := s.Pass.Input.Text, s.ICEPass.Input.Text
	s.env.lineWork(func(ctx context.Context) error {
		s.env.Phone.KeepICEPassword(a.ID, icePassword)
		return s.env.Phone.SaveLine(ctx, a, password)
	}, func(problem string) {
		s.busy = false
		s.Pass.SetText("")
		s.ICEPass.SetText("")
		s.draw()
		if problem != "" {
			s.say(problem)
			return
		}
		s.env.Open(PageAccounts)
	})
}

// iceProblem is what is wrong with the servers of an account, "" if nothing is.
func (s *SIPAccount) iceProblem(a app.SIPAccount) string {
	turn := false
	for _, server := range a.ICEServers {
		scheme, _, _ := strings.Cut(server, ":")
		switch scheme {
		case "turn", "turns":
			turn = true
		case "stun", "stuns":
		default:
			return s.env.T("Start with turn:, turns: or stun:")
		}
	}
	if a.RelayOnly && !turn {
		return s.env.T("Sound only through a TURN server needs one.")
	}
	return ""
}

func (s *SIPAccount) remove() {
	if !s.sure {
		s.sure = true
		s.draw()
		return
	}
	id := s.account.ID
	s.env.lineWork(func(ctx context.Context) error { return s.env.Phone.RemoveLine(ctx, id) }, func(problem string) {
		s.sure = false
		s.draw()
		if problem != "" {
			s.say(problem)
			return
		}
		s.env.Open(PageAccounts)
	})
}

func (s *SIPAccount) say(text string) {
	s.banner.Set(text, "")
	setVisible(s.banner, true)
	widget.Relayout(s.object)
}
