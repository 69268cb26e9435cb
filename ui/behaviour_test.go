package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"offhook/app"
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/ui/screen"
	"offhook/ui/widget"
	"offhook/voice"
)

// tap presses the object of a name as a mouse would.
func (s *stage) tap(name string) {
	s.t.Helper()
	m := mapOf(s.win.Canvas(), "", s.overlay())
	for _, o := range m.Objects {
		if (o.Name == name || o.Label == name) && o.Role == "button" {
			test.TapCanvas(s.win.Canvas(), fyne.NewPos(o.X+o.W/2, o.Y+o.H/2))
			return
		}
	}
	var names []string
	for _, o := range m.Objects {
		names = append(names, o.Name)
	}
	s.t.Fatalf("the window shows no %q: %s", name, strings.Join(names, " | "))
}

func (s *stage) shows(text string) bool {
	for _, o := range mapOf(s.win.Canvas(), "", s.overlay()).Objects {
		if strings.Contains(o.Label, text) || strings.Contains(o.Name, text) {
			return true
		}
	}
	return false
}

func (s *stage) press(key fyne.KeyName) {
	e := &fyne.KeyEvent{Name: key}
	if f := s.win.Canvas().Focused(); f != nil {
		f.TypedKey(e)
		return
	}
	if h := s.win.Canvas().OnTypedKey(); h != nil {
		h(e)
	}
}

func (s *stage) typed(text string) {
	for _, r := range text {
		if f := s.win.Canvas().Focused(); f != nil {
			f.TypedRune(r)
		} else if h := s.win.Canvas().OnTypedRune(); h != nil {
			h(r)
		}
	}
}

func (s *stage) shortcut(key fyne.KeyName, mod fyne.KeyModifier) {
	s.t.Helper()
	do := s.keys[(&desktop.CustomShortcut{KeyName: key, Modifier: mod}).ShortcutName()]
	if do == nil {
		s.t.Fatalf("no shortcut %v %s", mod, key)
	}
	do()
}

func (s *stage) expect(want string) {
	s.t.Helper()
	if got := s.phone.asked(); got != want {
		s.t.Errorf("the phone was asked for %q, not %q", got, want)
	}
	s.phone.forget()
}

func TestSignIn(t *testing.T) {
	snap := madeReady()
	snap.Ready = false
	snap.Account = app.Account{State: app.SignedOut, Server: "https://voice.example.com", AccountSID: "demo"}
	s := newStage(t, snap, func(p *madePhone, _ *stageOptions) { p.set.SignedIn = false })
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
	s := newStage(t, snap, func(p *madePhone, _ *stageOptions) { p.set.SignedIn = false })
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
	s := newStage(t, snap, func(p *madePhone, _ *stageOptions) { p.set.SignedIn = false })
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

func TestDialByPadKeyboardAndName(t *testing.T) {
	s := newStage(t, madeReady())
	for _, k := range []string{"1", "8", "0", "0"} {
		s.tap(k)
	}
	s.typed("5")
	if got := s.dial.Field.Input.Text; got != "18005" {
		t.Fatalf("pad and keyboard wrote %q", got)
	}
	s.tap("Delete the last character")
	s.tap("Call Supervisor line")
	s.expect("dial:1800")

	s.dial.Clear()
	s.typed("pri")
	if s.shows("Key 5") || !s.shows("Call Prince Samuel") {
		t.Error("letters do not show people instead of the pad")
	}
	s.press(fyne.KeyDown)
	s.press(fyne.KeyReturn)
	s.expect("dial:samuel4")
	s.press(fyne.KeyUp)
	s.press(fyne.KeyReturn)
	s.expect("dial:9845012345")

	s.dial.SetNumber("newagent")
	s.press(fyne.KeyReturn)
	s.expect("dial:newagent") // nobody of that name: as it is typed
}

func TestAnEmptyFieldBringsTheLastNumberBack(t *testing.T) {
	s := newStage(t, madeReady())
	s.press(fyne.KeyReturn)
	s.expect("")
	if got := s.dial.Field.Input.Text; got != "9845012345" {
		t.Fatalf("Enter brought back %q", got)
	}
	s.press(fyne.KeyReturn)
	s.expect("dial:9845012345")
	s.dial.Clear()
	s.tap("Redial")
	s.expect("dial:9845012345")

	none := madeReady()
	none.LastDialled, none.LastDialledName = "", ""
	s.show(none)
	s.dial.Clear()
	s.tap("Call")
	s.press(fyne.KeyReturn)
	s.expect("")
}

func TestWhatCannotBeDialledIsSaid(t *testing.T) {
	s := newStage(t, madeReady())
	s.dial.SetNumber("12!4")
	if !s.shows("Enter a name, a number or an address.") {
		t.Error("a wrong character is not named")
	}
	s.press(fyne.KeyReturn)
	s.expect("")
	s.phone.fail = errMade
	s.dial.SetNumber("1800")
	s.press(fyne.KeyReturn)
	s.phone.forget()
	if !s.shows("It did not work. Try again.") {
		t.Error("the reason why a call does not begin is not shown")
	}
}

func TestPasteTakesANumberOutOfText(t *testing.T) {
	s := newStage(t, madeReady())
	clip := test.NewClipboard()
	for in, want := range map[string]string{
		" +44 (20) 7946-0018\n": "+442079460018", "tel:+15551234": "+15551234", "sip:bob@example.com": "sip:bob@example.com",
		"Priya Nair\r\n": "Priya Nair", "\u202a98450 12345\u202c": "9845012345",
	} {
		clip.SetContent(in)
		s.dial.Clear()
		s.dial.Field.Input.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clip})
		if got := s.dial.Field.Input.Text; got != want {
			t.Errorf("pasting %q gives %q, not %q", in, got, want)
		}
	}
}

func TestIncoming(t *testing.T) {
	ring := madeCall("INCOMING", 0)
	ring.Call.Direction = "INCOMING"
	s := newStage(t, madeReady())
	s.typed("99")
	s.show(ring)
	if got := s.screenName(); got != "incoming" {
		t.Fatalf("a ringing phone shows %q", got)
	}
	// No key that was meant for the field answers, declines or hangs up.
	s.typed("98 ad")
	for _, k := range []fyne.KeyName{fyne.KeyReturn, fyne.KeySpace, fyne.KeyEnter, fyne.KeyDelete} {
		s.press(k)
	}
	s.expect("")
	s.press(fyne.KeyEscape)
	s.expect("silence")
	s.shortcut(fyne.KeyD, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("hangup")
	s.shortcut(fyne.KeyA, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("answer")
	s.tap("Answer Priya Nair")
	s.tap("Decline Priya Nair")
	s.tap("Silence")
	s.expect("answer hangup silence")

	// A caller who gave up closes it; what was typed is still there.
	s.show(madeReady())
	if got := s.screenName(); got != "dial" || s.dial.Field.Input.Text != "99" {
		t.Errorf("after the ring the window shows %q with %q", got, s.dial.Field.Input.Text)
	}
	s.shortcut(fyne.KeyA, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("")
}

func TestACallTakesNoTextFieldAway(t *testing.T) {
	ring := madeCall("INCOMING", 0)
	ring.Call.Direction = "INCOMING"
	s := newStage(t, madeReady())
	s.toTab(screen.TabContacts)
	s.typed("luc")
	s.show(ring)
	if got := s.screenName(); got != "contacts" {
		t.Fatalf("a call changed the page under the user's hands to %q", got)
	}
	s.typed("ía")
	if got := s.contacts.Search.Input.Text; got != "lucía" {
		t.Errorf("the search holds %q", got)
	}
	s.shortcut(fyne.KeyA, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("answer")
}

func TestInCall(t *testing.T) {
	s := newStage(t, madeReady())
	s.show(madeCall("RINGING", 0))
	if got := s.screenName(); got != "outgoing" {
		t.Fatalf("a dialled call shows %q", got)
	}
	for _, name := range []string{"Mute", "Hold", "Keypad"} {
		s.tap(name) // they wait for the answer
	}
	s.expect("")
	s.tap("Cancel call")
	s.expect("hangup")

	// A far end that speaks before it answers may ask for digits.
	s.show(madeCall("EARLY", 0))
	s.typed("1")
	s.tap("Keypad")
	if !s.call.KeypadShown() {
		t.Error("no keypad in early media")
	}
	s.tap("Key star")
	s.expect("dtmf:1 dtmf:*")
	s.press(fyne.KeyEscape)

	talk := madeCall("ESTABLISHED", 20*time.Second)
	s.show(talk)
	s.tap("Mute, off")
	s.tap("Hold, off")
	s.tap("Speaker")
	s.tap("No Bluetooth")
	s.typed("12#")
	s.shortcut(fyne.KeyM, fyne.KeyModifierControl)
	s.shortcut(fyne.KeyH, fyne.KeyModifierControl)
	s.expect("mute hold route:SPEAKER dtmf:1 dtmf:2 dtmf:# mute hold")
	s.press(fyne.KeyEscape)
	s.call.Focus()
	s.press(fyne.KeyReturn) // Mute has the keyboard
	s.expect("mute")

	held := madeCall("ESTABLISHED", 21*time.Second)
	held.Call.Muted, held.Call.Held, held.Call.Route = true, true, "SPEAKER"
	s.show(held)
	if s.call.Mute.Word() != "Muted" || s.call.Hold.Word() != "On hold" || s.call.Speaker.State() != widget.InUse {
		t.Errorf("the switches show %q, %q, %v", s.call.Mute.Word(), s.call.Hold.Word(), s.call.Speaker.State())
	}
	s.tap("Mute, on")
	s.tap("Hold, on")
	s.tap("Speaker, in use")
	s.expect("unmute resume route:EARPIECE")

	s.tap("Keypad")
	if got := s.screenName(); got != "in-call-keypad" {
		t.Fatalf("Keypad shows %q", got)
	}
	s.tap("Key star")
	s.typed("7")
	s.expect("dtmf:* dtmf:7")
	s.press(fyne.KeyEscape)
	if got := s.screenName(); got != "in-call" {
		t.Errorf("Esc leaves %q", got)
	}
	s.tap("Hang up")
	s.expect("hangup")
}

func TestTheSwitchesStayWhereTheyAre(t *testing.T) {
	s := newStage(t, madeReady())
	place := func(name string) (o AccessObject) {
		for _, o := range mapOf(s.win.Canvas(), "", s.overlay()).Objects {
			if o.Name == name {
				return o
			}
		}
		t.Fatalf("there is no %q", name)
		return o
	}
	s.show(madeCall("RINGING", 0))
	before := place("Hold")
	s.show(madeCall("ESTABLISHED", time.Second))
	after := place("Hold")
	gone := madeCall("MEDIA_DISRUPTED", time.Second)
	s.show(gone)
	lost := place("Hold")
	if before.X != after.X || before.Y != after.Y || before.Y != lost.Y || before.H != lost.H {
		t.Errorf("Hold moves: %+v, %+v, %+v", before, after, lost)
	}
}

func TestOtherTabsStayUsableInACall(t *testing.T) {
	s := newStage(t, madeReady())
	s.show(madeCall("ESTABLISHED", 252*time.Second))
	s.shortcut(fyne.Key2, fyne.KeyModifierControl)
	if s.screenName() != "contacts" || !s.shows("Call 04:12") {
		t.Errorf("the window shows %q", s.screenName())
	}
	s.open(screen.PageSettings)
	s.tap("Back to call 04:12")
	s.shortcut(fyne.Key1, fyne.KeyModifierControl)
	if s.screenName() != "in-call" {
		t.Errorf("Ctrl 1 shows %q", s.screenName())
	}
}

// The phone is back on Dial at once, and its banner tells how each call ended.
func TestHowACallEnded(t *testing.T) {
	type ended = func(*app.EndedCall)
	incoming := func(c *app.EndedCall) { c.Direction = "INCOMING" }
	for _, c := range []struct {
		reason   voice.EndReason
		answered bool
		change   ended
		record   *app.CallRecord
		want     []string
		action   string
	}{
		{reason: "LOCAL_HANGUP", answered: true, want: []string{"You hung up", "12 min 48 s"}, action: "Rate sound"},
		{reason: "REMOTE_HANGUP", answered: true, want: []string{"Priya Nair hung up"}, action: "Rate sound"},
		{reason: "MEDIA_TIMEOUT", answered: true, want: []string{"The sound was lost"}, action: "Rate sound"},
		{reason: "FAILURE", answered: true, want: []string{"The call failed"}, action: "Rate sound"},
		{reason: "REMOTE_HANGUP", answered: true, change: func(c *app.EndedCall) { c.DurationS = 9 }, want: []string{"Priya Nair hung up", "9 s"}, action: "Call Priya Nair"},
		{reason: "LOCAL_HANGUP", answered: true, change: func(c *app.EndedCall) { c.TransferredTo = "9972045510" }, want: []string{"Priya Nair is with Tom Becker now"}, action: "Rate sound"},
		{reason: "BUSY", want: []string{"Priya Nair is busy"}, action: "Call Priya Nair"},
		{reason: "TIMEOUT", want: []string{"No answer"}, action: "Call Priya Nair"},
		{reason: "REMOTE_HANGUP", want: []string{"Priya Nair declined"}, action: "Call Priya Nair"},
		{reason: "UNREACHABLE", want: []string{"Priya Nair couldn’t be reached"}, action: "Call Priya Nair"},
		{reason: "LOCAL_HANGUP", want: []string{"You cancelled"}, action: "Call Priya Nair"},
		{reason: "INVALID_DIAL_INFO", want: []string{"This number can’t be called"}},
		{reason: "THROTTLED", want: []string{"Too many calls on your account", "Try again in a minute."}, action: "Call Priya Nair"},
		{reason: "NONE", want: []string{"The call failed"}, action: "Call Priya Nair"},
		{reason: "TIMEOUT", change: incoming, record: &app.CallRecord{Missed: true, RangS: 22}, want: []string{"Missed: Priya Nair", "Rang 22 s"}, action: "Call Priya Nair"},
		{reason: "REMOTE_HANGUP", change: incoming, want: []string{"Missed: Priya Nair"}, action: "Call Priya Nair"},
		{reason: "LOCAL_HANGUP", change: incoming, want: []string{"You declined Priya Nair"}, action: "Call Priya Nair"},
		{reason: "REMOTE_HANGUP", change: incoming, record: &app.CallRecord{}, want: []string{"Priya Nair", "Answered on another phone"}},
	} {
		t.Run(string(c.reason)+" "+c.want[0], func(t *testing.T) {
			snap := madeEnded(c.reason, c.answered)
			if c.change != nil {
				c.change(snap.LastCall)
			}
			s := newStage(t, snap, func(p *madePhone, _ *stageOptions) {
				if c.record != nil {
					c.record.ID, c.record.EndReason = "c1", c.reason
					p.recents = append([]app.CallRecord{*c.record}, p.recents...)
				}
			})
			if s.screenName() != "dial" {
				t.Errorf("the window shows %q", s.screenName())
			}
			for _, want := range c.want {
				if !s.shows(want) {
					t.Errorf("the banner does not say %q", want)
				}
			}
			switch c.action {
			case "":
			case "Rate sound":
				s.tap(c.action)
				s.expect("")
			default:
				s.tap(c.action)
				s.expect("dial:9845012345")
			}
			s.tap("Close")
			s.expect("dismiss-ended")
			if s.shows(c.want[0]) && c.want[0] != "Priya Nair" {
				t.Error("the banner stays")
			}
		})
	}
}

// The banner goes by itself, when a number is typed, and when the next call begins.
func TestTheBannerIsNoTrap(t *testing.T) {
	s := newStage(t, madeEnded("BUSY", false))
	later := s.view()
	later.Now = later.Now.Add(19 * time.Second)
	s.render(later)
	if !s.shows("is busy") {
		t.Error("the banner goes too soon")
	}
	later.Now = later.Now.Add(2 * time.Second)
	s.render(later)
	if s.shows("is busy") {
		t.Error("the banner stays for more than 20 s")
	}
	s.expect("dismiss-ended")

	s = newStage(t, madeEnded("BUSY", false))
	s.typed("1800")
	if s.shows("is busy") || s.dial.Field.Input.Text != "1800" {
		t.Errorf("typing leaves the banner, with %q in the field", s.dial.Field.Input.Text)
	}
	s.press(fyne.KeyReturn)
	s.expect("dismiss-ended dial:1800")
	ring := madeEnded("BUSY", false)
	ring.Call = &app.Call{ID: "x", Direction: "INCOMING", State: "INCOMING", RemoteID: "bob", Started: madeNow}
	s.show(ring)
	if s.screenName() != "incoming" {
		t.Errorf("a ring shows %q", s.screenName())
	}
}

// A rating is sent once: when an issue is chosen, by itself after a while, or when
// the banner is closed.
func TestFeedback(t *testing.T) {
	rate := func() *stage {
		s := newStage(t, madeEnded("REMOTE_HANGUP", true))
		s.tap("Rate sound")
		s.press(fyne.KeyRight) // only the keyboard moves
		s.expect("")
		return s
	}
	s := rate()
	s.tap("Rating 2, Bad")
	s.tap("Choppy sound")
	s.expect("feedback:2:CHOPPY_AUDIO: dismiss-ended")
	for _, due := range s.run.later {
		due()
	}
	s.expect("")

	s = rate()
	s.tap("Rating 4, Good")
	s.tap("Rating 5, Excellent")
	s.run.later[len(s.run.later)-1]()
	s.expect("feedback:5:NO_ISSUE: dismiss-ended")

	s = rate()
	s.tap("Rating 1, Unusable")
	s.tap("Close")
	s.expect("feedback:1:NO_ISSUE: dismiss-ended")

	rated := madeEnded("REMOTE_HANGUP", true)
	rated.FeedbackDue = false
	if s = newStage(t, rated); s.shows("Rate sound") {
		t.Error("a call that was rated is asked about again")
	}
	s.open(screen.PageFeedback)
	s.tap("Rating 3, Average")
	s.tap("Echo")
	s.pages[screen.PageFeedback].(*screen.Feedback).Rating.Note.Input.SetText("since lunch")
	s.tap("Done")
	s.expect("feedback:3:ECHO:since lunch")
}

// What keeps every call away is a page, what leaves one way open a banner over the
// pad; each has one action.
func TestNotReadyHasOneActionEach(t *testing.T) {
	for _, c := range []struct {
		name, action          string
		page                  bool
		button, title, status string
		asked                 string
	}{
		{readiness.Platform, "retry", true, "Try now", "Can’t reach voice.example.com", "Not ready", "retry"},
		{readiness.Token, "sign_in", true, "Sign in", "Sign in again", "Not ready", ""},
		{readiness.Profile, "retry", true, "Try now", "Your phone line isn’t set up yet", "Not ready", "retry"},
		{readiness.Push, "retry", false, "Try now", "Calls can’t reach you", "Outgoing only", "retry"},
		{readiness.Devices, "open_system_settings", false, "Settings", "Callers can’t hear you", "No microphone", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			snap := madeTrouble(c.name, c.action, time.Minute, 0)
			snap.Audio.MicrophoneWorks = c.name != readiness.Devices
			s := newStage(t, snap)
			if got := s.screenName(); got != "dial" != c.page || !s.shows(c.title) || !s.shows(c.status) {
				t.Errorf("%s shows %q", c.name, got)
			}
			if c.page && !s.shows("Since 14:05") {
				t.Error("the page does not say since when")
			}
			s.tap(c.button)
			s.expect(c.asked)
			if c.action == "open_system_settings" && s.host.opened != 1 {
				t.Error("the system's settings were not opened")
			}
			if !c.page {
				s.dial.SetNumber("1800")
				s.press(fyne.KeyReturn)
				s.expect("dial:1800")
			}
		})
	}
	// What has only just begun is not shown as trouble.
	s := newStage(t, madeTrouble(readiness.Platform, "retry", time.Second, 0))
	if s.screenName() != "dial" || !s.shows("Connecting") {
		t.Errorf("a second of settling shows %q", s.screenName())
	}
}

// The header says Ready only when a call would ring.
func TestTheHeaderIsTrue(t *testing.T) {
	for _, c := range []struct {
		choice app.Availability
		other  bool
		want   string
	}{
		{app.Available, false, "Ready"}, {app.Busy, false, "Quiet ring"}, {app.Break, false, "No calls"}, {app.DoNotDisturb, false, "No calls"},
		{app.Available, true, "Other phone"}, {app.Break, true, "Other phone"},
	} {
		snap := madeReady()
		snap.Availability, snap.OnAnotherPhone = c.choice, c.other
		s := newStage(t, snap)
		if got := s.env.StatusOf(s.view()).Word; got != c.want {
			t.Errorf("%s, another phone %v: the header says %q, not %q", c.choice, c.other, got, c.want)
		}
		if c.other {
			s.tap("Use this one")
			s.expect("another:off")
		}
	}
}

func TestSignInAgainAfterExpiry(t *testing.T) {
	snap := madeTrouble(readiness.Token, "sign_in", time.Minute, 0)
	snap.Account.State = app.Expired
	s := newStage(t, snap)
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

func TestAvailabilityMenu(t *testing.T) {
	s := newStage(t, madeReady())
	s.tap("Availability: Available")
	s.press(fyne.KeyDown)
	s.press(fyne.KeyReturn)
	s.expect("availability:busy")
	if len(s.win.Canvas().Overlays().List()) != 0 {
		t.Error("the menu stays open")
	}
	s.tap("Availability: Available")
	s.tap("Take calls on another phone, off")
	s.expect("another:on")
	s.tap("Availability: Available")
	s.press(fyne.KeyEscape)
	s.expect("")
	if f, ok := s.win.Canvas().Focused().(*widget.MenuPill); !ok || f != s.header.Pill {
		t.Error("closing the menu does not give the keyboard back to its opener")
	}
}
