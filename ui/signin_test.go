package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/ui/screen"
)

func TestSignIn(t *testing.T) {
	snap := madeReady()
	snap.Ready = false
	snap.Account = app.Account{State: app.SignedOut, Server: "https://voice.example.com", AccountSID: "demo"}
	s := newHarness(t, snap, func(p *madePhone, _ *harnessOptions) { p.set.SignedIn = false })
	if got := s.screenName(); got != "sign-in" {
		t.Fatalf("a signed-out phone shows %q", got)
	}
	s.tap("Sign in")
	if !s.shows("Enter your user name.") {
		t.Error("an empty user name is not named")
	}
	s.typed("meera")
	s.press(fyne.KeyReturn) // to the password
	s.press(fyne.KeyReturn)
	if !s.shows("Enter your password.") {
		t.Error("an empty password is not named")
	}
	s.typed("secret")
	s.press(fyne.KeyReturn)
	s.expect("signin:meera:secret:voice.example.com")

	failed := *snap
	failed.Account.Err = &app.Problem{Code: "INVALID_CREDENTIALS"}
	s.show(&failed)
	if !s.shows("The user name or password is wrong.") || !s.shows("voice.example.com") {
		t.Error("a wrong password is not said at its field")
	}
	if s.typed("x"); s.shows("password is wrong") || s.pages[screen.PageSignIn].(*screen.SignIn).Pass.Input.Text != "x" {
		t.Error("typing does not replace the wrong password and clear the fault")
	}
	if s.show(&failed); s.shows("password is wrong") {
		t.Error("one fault is said twice")
	}
	busy := *snap
	busy.Account.State = app.SigningIn
	s.show(&busy)
	if !s.shows("Signing in…") || s.shows("password is wrong") {
		t.Error("signing in is not shown")
	}
	s.tap("Signing in…")
	s.expect("")
	s.phone.set.SignedIn = true
	ready := madeReady()
	ready.SettingsRevision = 1
	s.show(ready)
	if got := s.screenName(); got != "dial" {
		t.Errorf("after signing in the window shows %q", got)
	}
}

// A server without encryption is told of once; the second press allows it.
func TestUnencryptedSignIn(t *testing.T) {
	snap := madeReady()
	snap.Ready = false
	snap.Account = app.Account{State: app.SignedOut, Server: "http://voice.example.com", UserName: "meera", AccountSID: "demo"}
	s := newHarness(t, snap, func(p *madePhone, _ *harnessOptions) { p.set.SignedIn = false })
	p := s.pages[screen.PageSignIn].(*screen.SignIn)
	p.Pass.Input.SetText("secret")
	s.tap("Sign in")
	s.expect("signin:meera:secret:http://voice.example.com")
	refused := *snap
	refused.Account.Err = &app.Problem{Code: "CONFIGURATION_INVALID", Message: lang.Of("clear-text.refused", "voice.example.com")}
	s.show(&refused)
	if !s.shows("would not be encrypted") {
		t.Fatal("it is not said that the connection would not be encrypted")
	}
	s.tap("Sign in without encryption")
	s.expect("unencrypted-signin:meera:secret:http://voice.example.com")
	s.show(&refused)
	p.Server.Input.SetText("http://other.example.com")
	s.tap("Sign in")
	s.expect("signin:meera:secret:http://other.example.com")
}

func TestAdvancedFieldsOpenAndGoAlong(t *testing.T) {
	snap := madeReady()
	snap.Ready = false
	snap.Account = app.Account{State: app.SignedOut, Server: "https://old.example.com", UserName: "meera", AccountSID: "demo"}
	s := newHarness(t, snap, func(p *madePhone, _ *harnessOptions) { p.set.SignedIn = false })
	if s.shows("Account number") {
		t.Error("the advanced fields are open at first")
	}
	s.tap("Advanced, closed")
	if !s.shows("Account number") {
		t.Fatal("the advanced fields don't open")
	}
	p := s.pages[screen.PageSignIn].(*screen.SignIn)
	p.Server.Input.SetText("https://new.example.com")
	p.Pass.Input.SetText("secret")
	s.tap("Sign in")
	s.expect("signin:meera:secret:https://new.example.com")
}

func TestSignInAgainAfterExpiry(t *testing.T) {
	snap := madeTrouble(readiness.Token, "sign_in", time.Minute, 0)
	snap.Account.State = app.Expired
	s := newHarness(t, snap)
	s.tap("Sign in")
	if s.screenName() != "sign-in" {
		t.Fatalf("Sign in shows %q", s.screenName())
	}
	s.tap("Not now")
	if s.screenName() != "not-ready" {
		t.Errorf("Not now shows %q", s.screenName())
	}
	s.tap("Sign in")
	s.show(madeReady())
	if s.screenName() != "dial" {
		t.Errorf("signed in again, the window shows %q", s.screenName())
	}
}

// A company's code is looked for once typing rests: its name and server stand under the
// field, and its account is filled in; a code of nobody says so, and an answer about
// what was typed before says nothing.
func TestTheCompanyIsFound(t *testing.T) {
	out := madeReady()
	out.Account = app.Account{State: app.SignedOut}
	s := newHarness(t, out)
	page := s.shown.(*screen.SignIn)
	rest := func() {
		later := s.run.later
		s.run.later = nil
		for _, f := range later {
			f()
		}
	}
	page.Server.Input.SetText("nobody")
	rest()
	if !s.shows("No company has this code.") {
		t.Errorf("%q", s.labels())
	}
	page.Server.Input.SetText("acme")
	if s.shows("No company has this code.") {
		t.Error("what was wrong stays while it is mended")
	}
	rest()
	if !s.shows("Acme · voice.acme.com") || page.SID.Input.Text != "acme-1" {
		t.Errorf("account %q; %q", page.SID.Input.Text, s.labels())
	}
	page.Server.Input.SetText("acme")
	page.Server.Input.SetText("voice.example.com")
	rest()
	if s.shows("Acme") {
		t.Error("the answer is about what was typed before")
	}
}
