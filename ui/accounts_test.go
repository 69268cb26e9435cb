package ui

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/settings"
	"offhook/assets/lang"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/voice"
)

func (p *madePhone) KeepICEPassword(id, password string) {
	if password != "" {
		p.note("ice:" + id + ":" + password)
	}
}
func (p *madePhone) SaveLine(_ context.Context, a app.SIPAccount, password string) error {
	word := "line:"
	if a.AllowClearText {
		word = "unencrypted-line:"
	}
	p.note(word + a.User + "@" + a.Domain + ":" + a.Server + ":" + a.Media + ":" + password)
	if a.FeatureCodes != (settings.FeatureCodes{}) {
		p.note("pbx:" + strings.Join(a.Watch, "+") + ":" + a.PickupCode + ":" + a.FeatureCodes.QueueLogin + ":" + a.FeatureCodes.ForwardOff)
	}
	return p.fail
}

func (p *madePhone) RemoveLine(_ context.Context, id string) error {
	p.note("unline:" + id)
	return p.fail
}

func (p *madePhone) Transfer(_ context.Context, _, target string) error {
	p.note("transfer:" + target)
	return p.fail
}

func (p *madePhone) Consult(_ context.Context, _, target string) error {
	p.note("consult:" + target)
	return p.fail
}
func (p *madePhone) Swap(context.Context) error { p.note("swap"); return p.fail }
func (p *madePhone) CompleteTransfer(context.Context, string) error {
	p.note("complete")
	return p.fail
}
func (p *madePhone) FollowTransfer() error  { p.note("follow-transfer"); return p.fail }
func (p *madePhone) DeclineTransfer() error { p.note("decline-transfer"); return p.fail }
func (p *madePhone) EndConsultation() error { p.note("end-consult"); return p.fail }

// madeLines is a phone with a SIP account of each state.
func madeLines() *app.Snapshot {
	s := madeReady()
	s.Lines = []app.Line{
		{ID: "meera@pbx.example.com", Address: "sip:meera@pbx.example.com", State: "registered", Since: ago(time.Hour), Messages: true, NewMessages: 2},
		{ID: "200@office.example.com", Address: "sip:200@office.example.com", State: "unregistered", Since: ago(20 * time.Second), RetryAt: at(madeNow.Add(8 * time.Second)),
			Err: &app.Problem{Code: "NETWORK_ERROR", Message: lang.Literal("The SIP server does not answer.")}},
		{ID: "meera@old.example.com", Address: "sip:meera@old.example.com", State: "terminated", Since: ago(time.Minute),
			Err: &app.Problem{Code: "INVALID_CREDENTIALS", Message: lang.Literal("The SIP server does not accept the user name or password.")}},
		{ID: "lab@example.com", Address: "sip:lab@example.com", State: app.LineOff, Since: ago(time.Minute)},
	}
	return s
}

func madeAccounts(p *madePhone) {
	p.set.SIPAccounts = []app.SIPAccount{{
		ID: "meera@pbx.example.com", On: true, Server: "wss://pbx.example.com/ws", User: "meera", Domain: "pbx.example.com", DisplayName: "Meera Iyer", HideNumber: true,
	}}
}

func accountScenes() []scene {
	return []scene{
		{name: "accounts-none", snap: madeReady, play: open(screen.PageAccounts)},
		{name: "accounts", snap: madeLines, made: madeAccounts, play: open(screen.PageAccounts)},
		{name: "sip-account", snap: madeLines, made: madeAccounts, play: func(s *harness) {
			open(screen.PageAccounts)(s)
			s.pages[screen.PageAccounts].(*screen.Accounts).Rows[0].Tapped(nil)
		}},
		{name: "sip-account-failed", snap: madeLines, made: func(p *madePhone) { madeAccounts(p); p.fail = errMade }, play: func(s *harness) {
			open(screen.PageAccounts)(s)
			s.pages[screen.PageAccounts].(*screen.Accounts).Rows[0].Tapped(nil)
			s.pages[screen.PageSIPAccount].(*screen.SIPAccount).Save.Tapped(nil)
		}},
	}
}

func TestAccountPictures(t *testing.T) {
	for _, mode := range []theme.Mode{theme.Light, theme.Dark} {
		for _, sc := range accountScenes() {
			t.Run(string(mode)+"/"+sc.name, func(t *testing.T) {
				sc.window(t, func(o *harnessOptions) { o.mode = mode }).matchPicture(sc.name + "-" + string(mode))
			})
		}
	}
}

// A SIP account is added, changed and removed.
func TestSIPAccountPages(t *testing.T) {
	sc := accountScenes()[1]
	s := sc.window(t, func(*harnessOptions) {})
	list, form := s.pages[screen.PageAccounts].(*screen.Accounts), s.pages[screen.PageSIPAccount].(*screen.SIPAccount)
	if len(list.Rows) != 4 {
		t.Fatalf("%d rows", len(list.Rows))
	}
	list.Add.Tapped(nil)
	if form.Remove.Visible() {
		t.Error("an account that is not there can be removed")
	}
	form.Save.Tapped(nil)
	form.Address.Input.SetText("sip:100@lab.test")
	form.Save.Tapped(nil)
	if asked := s.phone.asked(); strings.Contains(asked, "line:") {
		t.Fatalf("an account without a server was kept: %s", asked)
	}
	form.Server.Input.SetText("pbx.lab.test")
	form.Pass.Input.SetText("secret")
	form.Save.Tapped(nil)
	if asked := s.phone.asked(); !strings.Contains(asked, "line:100@lab.test:tls://pbx.lab.test::secret") {
		t.Fatalf("asked %s", asked)
	}
	if s.page != screen.PageAccounts || form.Pass.Input.Text != "" {
		t.Errorf("after saving: page %q, password %q", s.page, form.Pass.Input.Text)
	}

	// What a PBX wants besides.
	list.Add.Tapped(nil)
	for _, c := range form.Codes {
		if c.Input.Text != "" {
			t.Errorf("a new account begins with the code %q", c.Input.Text)
		}
	}
	form.Address.Input.SetText("100@lab.test")
	form.Server.Input.SetText("pbx.lab.test")
	form.Watch.Input.SetText(" 601, 602 ")
	form.Pickup.Input.SetText("*8")
	form.Codes[0].Input.SetText(" *11")
	form.Codes[len(form.Codes)-1].Input.SetText("*73")
	form.Save.Tapped(nil)
	if asked := s.phone.asked(); !strings.Contains(asked, "pbx:601+602:*8:*11:*73") {
		t.Errorf("asked %s", asked)
	}

	list.Rows[0].Tapped(nil)
	if form.Address.Input.Text != "meera@pbx.example.com" {
		t.Errorf("address %q", form.Address.Input.Text)
	}
	form.Remove.Tapped(nil)
	if asked := s.phone.asked(); strings.Contains(asked, "unline:") {
		t.Fatal("an account was removed without a question")
	}
	form.Remove.Tapped(nil)
	if asked := s.phone.asked(); !strings.Contains(asked, "unline:meera@pbx.example.com") {
		t.Fatalf("asked %s", asked)
	}
}

// madeSIPCall is a call over a SIP account.
func madeSIPCall() *app.Snapshot {
	s := madeCall("ESTABLISHED", 252*time.Second)
	s.Call.Line = "meera@pbx.example.com"
	s.Call.Abilities = []app.Ability{app.AbilityTransfer, app.AbilityConsult}
	return s
}

// madeConsultation is a call whose user asks Tom Becker to take it.
func madeConsultation(status int) *app.Snapshot {
	s := madeSIPCall()
	s.Call.Held, s.Call.HeldSince, s.Call.Quality = true, at(ago(48*time.Second)), "on_hold"
	s.Call.Consultation = &voice.Consultation{Target: "9972045510", Status: status}
	if status == 200 {
		s.Call.Consultation.Since = ago(21 * time.Second)
	}
	if status == 486 {
		s.Call.Consultation.EndReason = voice.EndBusy
	}
	return s
}

// madeSwapped is a call whose user has left Tom Becker on hold.
func madeSwapped() *app.Snapshot {
	s := madeConsultation(200)
	s.Call.Held, s.Call.HeldSince, s.Call.Quality = false, nil, "good"
	s.Call.Consultation.HeldSince = ago(9 * time.Second)
	return s
}

func transferScenes() []scene {
	return []scene{
		{name: "call-transferable", snap: madeSIPCall},
		{name: "call-transferring", snap: func() *app.Snapshot {
			s := madeSIPCall()
			s.Call.Transfer = &voice.Transfer{Target: "carol", Status: 180}
			return s
		}},
		{name: "call-asking", snap: func() *app.Snapshot { return madeConsultation(180) }},
		{name: "call-asked", snap: func() *app.Snapshot { return madeConsultation(200) }, play: func(s *harness) { s.levels() }},
		{name: "call-swapped", snap: madeSwapped, play: func(s *harness) { s.levels() }},
		{name: "call-offered", snap: func() *app.Snapshot {
			s := madeSIPCall()
			s.Call.TransferOffer = &voice.TransferOffer{Target: "9972045510", Until: madeNow.Add(14 * time.Second)}
			return s
		}, play: func(s *harness) { s.levels() }},
		{name: "call-refused", snap: func() *app.Snapshot { return madeConsultation(486) }},
		{name: "transfer", snap: madeSIPCall, play: func(s *harness) {
			open(screen.PageTransfer)(s)
			s.pages[screen.PageTransfer].(*screen.Transfer).To.Input.SetText("bec")
		}, made: madeColleagues},
		{name: "transfer-empty", snap: madeSIPCall, play: open(screen.PageTransfer), made: madeColleagues},
	}
}

func transferScene(name string) scene {
	list := transferScenes()
	return list[slices.IndexFunc(list, func(sc scene) bool { return sc.name == name })]
}

func TestTransferPictures(t *testing.T) {
	for _, mode := range []theme.Mode{theme.Light, theme.Dark} {
		for _, sc := range transferScenes() {
			t.Run(string(mode)+"/"+sc.name, func(t *testing.T) {
				sc.window(t, func(o *harnessOptions) { o.mode = mode }).matchPicture(sc.name + "-" + string(mode))
			})
		}
	}
}

// The smallest window still shows the whole panel, and so does the usual one.
func TestTransferInTheSmallestWindow(t *testing.T) {
	for _, size := range []fyne.Size{fyne.NewSize(320, 560), fyne.NewSize(380, 660)} {
		for _, language := range lang.Languages() {
			for _, sc := range transferScenes() {
				s := sc.window(t, func(o *harnessOptions) { o.size, o.language = size, language })
				panel := s.call.Object()
				if least, has := panel.MinSize().Height, panel.Size().Height; least > has {
					t.Errorf("%s in %s: the panel needs %v and has %v", sc.name, language, least, has)
				}
			}
		}
	}
}

// The user asks somebody, waits for their answer, and joins the two.
func TestAskFirst(t *testing.T) {
	s := newHarness(t, madeSIPCall())
	s.tap("Transfer")
	s.typed("becker")
	s.tap("Ask first")
	s.expect("consult:9972045510")
	s.show(madeConsultation(100))
	if s.screenName() != "in-call" || !s.shows("Tom Becker") || !s.shows("Connecting") || !s.shows("On hold for") {
		t.Errorf("%s does not show both parties", s.screenName())
	}
	s.tap("Transfer Priya Nair to Tom Becker")
	s.tap("On hold until you go back")
	s.tap("Swap, available once the call is answered")
	s.expect("") // nobody has answered
	s.show(madeConsultation(180))
	s.tap("Transfer Priya Nair to Tom Becker")
	s.expect("complete") // it is done once they answer
	s.show(madeConsultation(200))
	if !s.shows("Talking for 0:21") {
		t.Error("the talk is not shown")
	}
	s.tap("Transfer Priya Nair to Tom Becker")
	s.expect("complete")
	joined := madeConsultation(200)
	joined.Call.Transfer = &voice.Transfer{Target: "9972045510", Status: 100}
	s.show(joined)
	if !s.shows("Transferring to Tom Becker") {
		t.Error("the transfer is not shown")
	}
	s.tap("Transfer Priya Nair to Tom Becker")
	s.expect("")
	s.tap("Hang up on Priya Nair")
	s.expect("hangup")
}

// The user goes to and fro between the two, by pointer and by key, and lets the one
// go who waits.
func TestSwapParties(t *testing.T) {
	s := newHarness(t, madeConsultation(200))
	s.tap("Swap to Priya Nair")
	s.expect("swap")
	s.show(madeSwapped())
	if !s.shows("Talking for 0:09") || !s.shows("On hold for 0:09") {
		t.Error("the two are not shown the other way round")
	}
	s.levels()
	if s.call.FarView.LitSegments() == 0 {
		t.Error("who talks is not seen")
	}
	s.tap("Swap to Tom Becker")
	s.expect("swap")
	s.tap("Hang up on Tom Becker")
	s.expect("end-consult")
}

// The user goes back to who waits, by the keyboard; and is told why an asked party
// is gone.
func TestBackFromAsking(t *testing.T) {
	s := newHarness(t, madeConsultation(180))
	for range 40 {
		s.win.Canvas().FocusNext()
		if s.win.Canvas().Focused() == fyne.Focusable(s.call.Handover.Back) {
			break
		}
	}
	s.press(fyne.KeySpace)
	s.expect("end-consult resume")
	s.show(madeSIPCall())
	if s.shows("Tom Becker") || !s.shows("Priya Nair") {
		t.Error("the call is not back")
	}
	for reason, want := range map[voice.EndReason]string{
		voice.EndRemoteHangup: "Tom Becker hung up", voice.EndBusy: "Tom Becker is busy", voice.EndUnreachable: "Tom Becker couldn’t be reached", voice.EndTimeout: "No answer",
	} {
		ended := madeConsultation(486)
		ended.Call.Consultation.EndReason = reason
		s.show(ended)
		if !s.shows(want) {
			t.Errorf("%s is not said as %q", reason, want)
		}
	}
	s.tap("Hold, on")
	s.expect("resume")
}

// The far side asks to hand the user on: they go, stay, or are silent until the
// offer is over.
func TestTransferOffer(t *testing.T) {
	s := newHarness(t, transferScene("call-offered").snap())
	s.show(madeSIPCall())
	s.toTab(screen.TabContacts) // whose search has the keyboard
	s.show(transferScene("call-offered").snap())
	if s.screenName() != "contacts" || !s.shows("Priya Nair wants to transfer you to Tom Becker") {
		t.Errorf("%s is shown, and the offer is not told of", s.screenName())
	}
	s.show(madeSIPCall())
	s.toTab(screen.TabRecents)
	s.show(transferScene("call-offered").snap()) // comes before the user's eyes
	if !s.shows("Priya Nair wants to transfer you to Tom Becker") || !s.shows("for 14 s") {
		t.Error("the offer is not shown")
	}
	s.tap("Stay with Priya Nair")
	s.tap("Go to Tom Becker")
	s.expect("seen decline-transfer follow-transfer")
	v := s.view()
	v.Now = v.Now.Add(13500 * time.Millisecond)
	s.call.Render(v)
	if !s.shows("for 1 s") {
		t.Error("the time does not run down")
	}
	s.show(madeSIPCall())
	if s.shows("Stay with Priya Nair") {
		t.Error("the offer stays when it is over")
	}
}

// A call is handed on; a refusal is said and leaves the page open.
func TestTransferPage(t *testing.T) {
	s := transferScene("transfer").window(t, func(*harnessOptions) {})
	page := s.pages[screen.PageTransfer].(*screen.Transfer)
	s.phone.fail = errMade
	page.To.Input.SetText("carol")
	page.Go.Tapped(nil)
	if s.page != screen.PageTransfer || !page.Go.Enabled() || !page.Ask.Enabled() {
		t.Errorf("after a refusal: page %q", s.page)
	}
	s.phone.fail = nil
	s.phone.forget()
	page.Go.Tapped(nil)
	if asked := s.phone.asked(); asked != "transfer:carol" || s.page != screen.PageNone {
		t.Errorf("asked %q, page %q", asked, s.page)
	}
}

// A server without encryption is told of once; the second press allows it, and only
// for the address that stands there.
func TestUnencryptedSIPAccount(t *testing.T) {
	s := accountScenes()[1].window(t, func(*harnessOptions) {})
	s.pages[screen.PageAccounts].(*screen.Accounts).Add.Tapped(nil)
	p := s.pages[screen.PageSIPAccount].(*screen.SIPAccount)
	p.Address.Input.SetText("100@lab.test")
	p.Server.Input.SetText("udp://pbx.lab.test")
	p.Pass.Input.SetText("secret")
	s.tap("Save")
	if asked := s.phone.asked(); strings.Contains(asked, "line:") || !s.shows("would not be encrypted") {
		t.Fatalf("clear text is not asked about: %q", asked)
	}
	p.Server.Input.SetText("udp://other.lab.test")
	s.tap("Save")
	if asked := s.phone.asked(); strings.Contains(asked, "line:") {
		t.Fatalf("what was allowed for one server holds for another: %q", asked)
	}
	s.tap("Save without encryption")
	if asked := s.phone.asked(); !strings.Contains(asked, "unencrypted-line:100@lab.test:udp://other.lab.test::secret") {
		t.Errorf("the phone was asked %q", asked)
	}
}
