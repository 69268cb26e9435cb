package ui

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"offhook/app"
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/internal/known"
	"offhook/ui/screen"
	"offhook/ui/theme"
)

// scene is one picture of the phone.
type scene struct {
	name string
	snap func() *app.Snapshot
	made func(*madePhone)
	play func(*harness)
}

func scenes() []scene {
	signedOut := func() *app.Snapshot {
		s := madeReady()
		s.Ready = false
		s.Account = app.Account{State: app.SignedOut, UserName: "meera", Server: "https://voice.example.com", AccountSID: "demo"}
		return s
	}
	return []scene{
		{name: "sign-in", snap: signedOut, made: func(p *madePhone) { p.set.SignedIn = false }, play: func(s *harness) {
			s.pages[screen.PageSignIn].(*screen.SignIn).Pass.Field.SetText("secretword")
		}},
		{name: "sign-in-unreached", snap: func() *app.Snapshot {
			s := signedOut()
			s.Account.Server = "https://acmee"
			s.Account.Err = &app.Problem{Code: "NETWORK_ERROR", Message: lang.Of("server.unknown-name", "acmee")}
			return s
		}, made: func(p *madePhone) { p.set.SignedIn = false }, play: func(s *harness) {
			s.pages[screen.PageSignIn].(*screen.SignIn).SetOpen(true)
		}},
		{name: "sign-in-error", snap: func() *app.Snapshot {
			s := signedOut()
			s.Account.Err = &app.Problem{Code: "INVALID_CREDENTIALS", Message: lang.Literal("No.")}
			return s
		}, made: func(p *madePhone) { p.set.SignedIn = false }},
		{name: "dial", snap: madeReady},
		{name: "dial-name", snap: madeReady, play: func(s *harness) { s.dial.SetNumber("pri") }},
		{name: "dial-number", snap: madeReady, play: func(s *harness) { s.dial.SetNumber("9845012345") }},
		{name: "contacts", snap: madeReady, play: func(s *harness) { s.toTab(screen.TabContacts) }},
		{name: "recents", snap: madeReady, play: func(s *harness) { s.toTab(screen.TabRecents) }},
		{name: "call-detail", snap: madeReady, made: func(p *madePhone) {
			p.recents[1].MOS, p.recents[1].Rating, p.recents[1].Message = 4.31, 5, "Order 4471: delivery is late"
		}, play: func(s *harness) {
			s.toTab(screen.TabRecents)
			s.recents.Open(s.phone.recents[1])
		}},
		{name: "availability", snap: madeReady, play: func(s *harness) { s.openAvailability(s.header.Pill) }},
		{name: "state-reasons", snap: func() *app.Snapshot { return madeBreak(12*time.Minute + 41*time.Second) },
			play: func(s *harness) { s.openAvailability(s.header.Pill) }},
		{name: "break-over", snap: func() *app.Snapshot { return madeBreak(32*time.Minute + 10*time.Second) }},
		{name: "menu", snap: madeReady, play: func(s *harness) { s.openMenu(s.header.Menu) }},
		{name: "incoming", snap: func() *app.Snapshot {
			s := madeCall("INCOMING", 0)
			s.Call.Direction = "INCOMING"
			return s
		}},
		{name: "incoming-long", snap: func() *app.Snapshot {
			s := madeCall("INCOMING", 0)
			s.Call.Direction, s.Call.RemoteName = "INCOMING", "Venkata Subrahmanyam Chandrasekaran"
			s.Call.Message = "Order 4471: delivery is late. The customer has called three times since Monday and was promised a refund of ₹2,400 on Tuesday. Please check with the warehouse in Pune before you promise another date."
			return s
		}},
		{name: "incoming-rtl", snap: func() *app.Snapshot {
			s := madeCall("INCOMING", 0)
			s.Call.Direction, s.Call.RemoteName, s.Call.RemoteID = "INCOMING", "ليلى الرشيد", "+971 50 123 4567"
			s.Call.Message, s.Call.Started = "الطلب ٤٤٧١ متأخر ثلاثة أيام", ago(24*time.Second)
			return s
		}},
		{name: "outgoing", snap: func() *app.Snapshot { return madeCall("RINGING", 0) }},
		{name: "in-call", snap: func() *app.Snapshot { return madeCall("ESTABLISHED", 252*time.Second) }, play: func(s *harness) { s.levels() }},
		{name: "in-call-muted", snap: func() *app.Snapshot {
			s := madeCall("ESTABLISHED", 395*time.Second)
			s.Call.Muted, s.Call.Held, s.Call.Quality = true, true, "on_hold"
			s.Call.HeldSince = at(ago(74 * time.Second))
			return s
		}},
		{name: "in-call-keypad", snap: func() *app.Snapshot {
			s := madeCall("ESTABLISHED", 260*time.Second)
			s.Call.DTMFSent = "4471#"
			return s
		}, play: func(s *harness) { s.call.ShowKeypad(true); s.call.Typed('#') }},
		{name: "in-call-recorded", snap: func() *app.Snapshot { return madeCall("ESTABLISHED", 252*time.Second) },
			made: func(p *madePhone) {
				p.set.Calls.RecordingConsent = "This call is recorded for training. Tell the caller."
			}, play: func(s *harness) { s.levels() }},
		{name: "devices", snap: func() *app.Snapshot { return madeCall("ESTABLISHED", 252*time.Second) }, play: func(s *harness) {
			s.call.Device.Tapped(nil)
		}},
		{name: "quit-in-call", snap: func() *app.Snapshot { return madeCall("ESTABLISHED", 252*time.Second) }, play: func(s *harness) { s.quit() }},
		{name: "settings-locked", snap: madeReady, made: func(p *madePhone) { p.set.Locked = []string{"audio", "calls.auto_answer"} }, play: open(screen.PageCalls)},
		{name: "reconnecting", snap: func() *app.Snapshot {
			s := madeCall("MEDIA_DISRUPTED", 303*time.Second)
			s.Call.SilentSince, s.Call.GiveUpAt, s.Call.Quality = at(ago(6*time.Second)), at(madeNow.Add(24*time.Second)), "no_sound"
			return s
		}, play: func(s *harness) { s.levels() }},
		{name: "ended", snap: func() *app.Snapshot { return madeEnded("REMOTE_HANGUP", true) }},
		{name: "ended-rated", snap: func() *app.Snapshot { return madeEnded("REMOTE_HANGUP", true) }, play: func(s *harness) {
			s.dial.Banner.Rate()
			s.dial.Banner.Rating.Discs.Discs[1].Tapped(nil)
		}},
		{name: "ended-missed", snap: func() *app.Snapshot {
			s := madeEnded("TIMEOUT", false)
			s.LastCall.ID, s.LastCall.Direction, s.LastCall.RemoteID, s.LastCall.RemoteName, s.LastCall.Missed, s.LastCall.RangS = "6", "INCOMING", "9880030021", "Lucía Ortega", true, 22
			return s
		}},
		{name: "audio-check", snap: madeReady, made: func(p *madePhone) {
			p.set.AudioCheckDone = false
			p.checks = madeChecks()
		}, play: func(s *harness) { s.levels() }},
		{name: "settings", snap: madeReady, made: func(p *madePhone) { p.set.Audio.Ring, p.set.Appearance.Language = "device:Computer speakers", "en" }, play: func(s *harness) { s.open(screen.PageSettings); s.levels() }},
		{name: "settings-calls", snap: madeReady, play: open(screen.PageCalls)},
		{name: "settings-network", snap: madeReady, play: open(screen.PageNetwork)},
		{name: "settings-appearance", snap: madeReady, play: open(screen.PageAppearance)},
		{name: "settings-language", snap: madeReady, play: open(screen.PageLanguage)},
		{name: "settings-shortcuts", snap: madeReady, play: open(screen.PageShortcuts)},
		{name: "account", snap: func() *app.Snapshot {
			s := madeEnded("REMOTE_HANGUP", true)
			s.LastCall.Shown = false
			return s
		}, play: open(screen.PageAccount)},
		{name: "diagnostics", snap: func() *app.Snapshot {
			s := madeEnded("REMOTE_HANGUP", true)
			s.LastCall.Shown = false
			return s
		}, made: func(p *madePhone) { p.checks = madeChecks(); p.stats, p.hasStats = madeStats(), true }, play: func(s *harness) {
			open(screen.PageDiagnostics)(s)
			s.pages[screen.PageDiagnostics].(*screen.Diagnostics).CheckAgain.Tapped(nil)
			v := s.view()
			v.Now = v.Now.Add(9 * time.Second)
			s.shown.Render(v)
		}},
		{name: "report", snap: madeReady, play: func(s *harness) {
			open(screen.PageReport)(s)
			s.pages[screen.PageReport].(*screen.Report).Text.Input.SetText("Callers sound broken up since lunch.")
		}},
		{name: "report-sending", snap: madeReady, made: func(p *madePhone) {
			p.report = func(_ context.Context, progress func(float64)) (string, error) {
				progress(0.58)
				return "", errNotYet
			}
		}, play: func(s *harness) {
			open(screen.PageReport)(s)
			s.pages[screen.PageReport].(*screen.Report).Text.Input.SetText("Callers sound broken up since lunch.")
			s.pages[screen.PageReport].(*screen.Report).Send.Tapped(nil)
		}},
		{name: "report-sent", snap: madeReady, play: func(s *harness) {
			open(screen.PageReport)(s)
			s.pages[screen.PageReport].(*screen.Report).Send.Tapped(nil)
		}},
		{name: "report-failed", snap: madeReady, made: func(p *madePhone) { p.fail = errMade }, play: func(s *harness) {
			open(screen.PageReport)(s)
			s.pages[screen.PageReport].(*screen.Report).Send.Tapped(nil)
		}},
		{name: "caller", snap: func() *app.Snapshot { return madeCall("ESTABLISHED", 252*time.Second) }, play: open(screen.PageCaller)},
		{name: "statistics", snap: func() *app.Snapshot { return madeCall("ESTABLISHED", 252*time.Second) },
			made: func(p *madePhone) { p.stats, p.hasStats = madeStats(), true }, play: func(s *harness) {
				open(screen.PageStatistics)(s)
				for i := range 70 {
					s.phone.stats.MOS = known.Figure(4.3 - float64(i%13)/14)
					s.phone.stats.AverageJitterMs = float64(6 + i%17)
					s.phone.stats.FractionLost = float64(i%9) / 4
					v := s.view()
					v.Now = v.Now.Add(time.Duration(i+1) * time.Second)
					s.shown.Render(v)
				}
			}},
		{name: "statistics-empty", snap: madeReady, play: open(screen.PageStatistics)},
		{name: "feedback", snap: func() *app.Snapshot {
			s := madeEnded("REMOTE_HANGUP", true)
			s.LastCall.Shown = false
			return s
		}, play: open(screen.PageFeedback)},
		{name: "remark", snap: madeReady, play: func(s *harness) { s.notify("Jabra Evolve2 65 is gone. Offhook uses the computer's microphone.") }},
		{name: "not-ready-network", snap: func() *app.Snapshot {
			return madeTrouble(readiness.Platform, "retry", 40*time.Second, 7500*time.Millisecond)
		}},
		{name: "not-ready-sign-in", snap: func() *app.Snapshot {
			s := madeTrouble(readiness.Token, "sign_in", 6*time.Minute, 0)
			s.Account.State = app.Expired
			return s
		}},
		{name: "outgoing-only", snap: func() *app.Snapshot {
			return madeTrouble(readiness.Push, "retry", 40*time.Second, 7500*time.Millisecond)
		}},
		{name: "other-phone", snap: func() *app.Snapshot { s := madeReady(); s.OnAnotherPhone = true; return s }},
		{name: "not-ready-microphone", snap: func() *app.Snapshot {
			s := madeTrouble(readiness.Devices, "open_system_settings", 8*time.Minute, 0)
			s.Audio.MicrophoneWorks = false
			return s
		}},
	}
}

func open(p screen.Page) func(*harness) {
	return func(s *harness) { s.open(p) }
}

// window plays a scene.
func (sc scene) window(t *testing.T, change func(*harnessOptions)) *harness {
	t.Helper()
	st := newHarness(t, sc.snap(), func(p *madePhone, o *harnessOptions) {
		o.mode = theme.Light
		change(o)
		if sc.made != nil {
			sc.made(p)
		}
	})
	if sc.play != nil {
		sc.play(st)
	}
	return st
}

// Every screen in both themes is as it was last looked at. With OFFHOOK_PICTURES
// the pictures are also written there in twice the size, to lie beside the design.
func TestPictures(t *testing.T) {
	for _, mode := range []theme.Mode{theme.Light, theme.Dark} {
		for _, sc := range scenes() {
			t.Run(string(mode)+"/"+sc.name, func(t *testing.T) {
				name := sc.name + "-" + string(mode)
				sc.window(t, func(o *harnessOptions) { o.mode = mode }).matchPicture(name)
				if os.Getenv("OFFHOOK_PICTURES") != "" {
					sc.window(t, func(o *harnessOptions) { o.mode, o.scale = mode, 2 }).keep(name)
				}
			})
		}
	}
}

// Small and large windows are as they were last looked at.
func TestPicturesOfOtherSizes(t *testing.T) {
	for _, at := range []struct {
		name   string
		size   fyne.Size
		scenes []string
	}{
		{"smallest", fyne.NewSize(320, 560), []string{"dial", "in-call", "in-call-keypad"}},
		{"low", fyne.NewSize(640, 340), []string{"dial", "ended", "dial-name", "incoming", "in-call", "in-call-keypad", "recents", "not-ready-network"}},
		{"wide", fyne.NewSize(1200, 800), []string{"dial", "in-call", "settings"}},
		{"least", fyne.NewSize(320, 340), []string{"dial", "incoming", "in-call"}},
	} {
		for _, sc := range scenes() {
			if !slices.Contains(at.scenes, sc.name) {
				continue
			}
			t.Run(at.name+"/"+sc.name, func(t *testing.T) {
				sized := func(o *harnessOptions) { o.size = at.size }
				sc.window(t, sized).matchPicture(at.name + "-" + sc.name + "-light")
				if os.Getenv("OFFHOOK_PICTURES") != "" {
					sc.window(t, func(o *harnessOptions) { sized(o); o.scale = 2 }).keep(at.name + "-" + sc.name + "-light")
				}
			})
		}
	}
}

// The small window of an incoming call, in both themes and all languages.
func TestPanelPictures(t *testing.T) {
	for _, mode := range []theme.Mode{theme.Light, theme.Dark} {
		for _, language := range lang.Languages() {
			t.Run(string(mode)+"/"+language, func(t *testing.T) {
				snap := madeCall("INCOMING", 0)
				snap.Call.Direction = "INCOMING"
				s := newHarness(t, snap, func(_ *madePhone, o *harnessOptions) { o.mode, o.language = mode, language })
				p := screen.NewPanel(s.env)
				p.ShowHints(true)
				p.Render(s.view())
				win := test.NewTempWindow(t, p.Object())
				win.SetPadded(false)
				win.Resize(p.Size())
				panel := &harness{t: t, win: win}
				for _, text := range cutTexts(panel) {
					t.Errorf("there is no room for %s", text)
				}
				if language == lang.Base { // the others differ in nothing but text
					panel.matchPicture("panel-" + string(mode))
				}
			})
		}
	}
}

// The small windows as they are with long, short and no messages, and the bar in its
// states: light alone, since the colours are those of the panel above.
func TestFloatingPictures(t *testing.T) {
	long := "Order 4471: delivery is late. The customer has called three times since Monday and was promised a refund of ₹2,400 on Tuesday. Please check with the shop before you call back."
	incoming := func(message string) *app.Snapshot {
		snap := madeCall("INCOMING", 0)
		snap.Call.Direction, snap.Call.Message = "INCOMING", message
		return snap
	}
	live := func(change func(*app.Snapshot)) *app.Snapshot {
		snap := madeCall("ESTABLISHED", 252*time.Second)
		change(snap)
		return snap
	}
	for name, tc := range map[string]struct {
		snap  *app.Snapshot
		hints bool
		whole bool
	}{
		"panel-bare":       {snap: incoming("")},
		"panel-long":       {snap: incoming(long), hints: true},
		"panel-whole":      {snap: incoming(long), whole: true},
		"panel-second":     {snap: madeSecondRings()},
		"bar-two-calls":    {snap: madeTwoCalls()},
		"bar-call":         {snap: live(func(*app.Snapshot) {})},
		"bar-muted":        {snap: live(func(s *app.Snapshot) { s.Call.Muted = true })},
		"bar-held":         {snap: live(func(s *app.Snapshot) { s.Call.Held, s.Call.HeldSince = true, at(ago(42*time.Second)) })},
		"bar-reconnecting": {snap: live(func(s *app.Snapshot) { s.Call.State, s.Call.SilentSince = "MEDIA_DISRUPTED", at(ago(6*time.Second)) })},
		"bar-long-name":    {snap: live(func(s *app.Snapshot) { s.Call.RemoteName = "Venkata Subrahmanyam Chandrasekaran" })},
		"bar-ringing":      {snap: madeCall("RINGING", 0)},
		"bar-ended":        {snap: madeEnded("REMOTE_HANGUP", true)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newHarness(t, tc.snap)
			var content fyne.CanvasObject
			size := fyne.NewSize(screen.BarWidth, screen.BarHeight)
			if strings.HasPrefix(name, "panel") {
				p := screen.NewPanel(s.env)
				p.ShowHints(tc.hints)
				p.Render(s.view())
				if tc.whole {
					p.More()
				}
				content, size = p.Object(), p.Size()
			} else {
				b := screen.NewMiniBar(s.env, func() {})
				b.Render(s.view())
				content = b.Object()
			}
			win := test.NewTempWindow(t, content)
			win.SetPadded(false)
			win.Resize(size)
			(&harness{t: t, win: win}).matchPicture(name)
		})
	}
}
