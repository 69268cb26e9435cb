package ui

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app/readiness"
	"offhook/ui/screen"
	"offhook/ui/widget"
)

// focusables are the controls of what is shown that can have the keyboard, also
// those that a page must scroll to.
func (s *harness) focusables() (list []fyne.Focusable) {
	root := s.win.Canvas().Content()
	if over := s.overlay(); over != nil {
		root = over
	}
	visible(root, fyne.NewPos(0, 0), func(o fyne.CanvasObject, _ fyne.Position) {
		f, ok := o.(fyne.Focusable)
		if !ok {
			return
		}
		if d, ok := o.(fyne.Disableable); ok && d.Disabled() {
			return
		}
		list = append(list, f)
	})
	return list
}

func nameOfFocusable(f fyne.Focusable) string {
	if a, ok := f.(fyne.Accessible); ok {
		return a.AccessibilityLabel()
	}
	return fmt.Sprintf("%T", f)
}

// The Tab key comes to every control of every screen, once each and in the order of
// the design, then begins anew: nothing keeps it. Whatever has the keyboard shows
// it, and the page scrolls to it.
func TestTheTabKeyWalksEveryScreen(t *testing.T) {
	for _, size := range []fyne.Size{fyne.NewSize(380, 660), fyne.NewSize(320, 560), fyne.NewSize(640, 340)} {
		for _, sc := range append(scenes(), accountScenes()...) {
			t.Run(fmt.Sprintf("%.0f/%s", size.Width, sc.name), func(t *testing.T) {
				s := sc.window(t, func(o *harnessOptions) { o.size = size })
				all := s.focusables()
				cv := s.win.Canvas()
				cv.Unfocus()
				var order []fyne.Focusable
				for range 4*len(all) + 8 {
					cv.FocusNext()
					f := cv.Focused()
					if f == nil || len(order) > 0 && f == order[0] {
						break
					}
					order = append(order, f)
					s.judgeFocus(f)
				}
				for _, f := range all {
					if n := count(order, f); n != 1 {
						t.Errorf("the Tab key comes to %q %d times", nameOfFocusable(f), n)
					}
				}
				if s.overlay() == nil && s.root.Objects[0] == fyne.CanvasObject(s.tabs.Container) {
					s.judgeOrder(order)
				}
			})
		}
	}
}

func count(list []fyne.Focusable, f fyne.Focusable) (n int) {
	for _, x := range list {
		if x == f {
			n++
		}
	}
	return n
}

// judgeFocus finds fault with a control that has the keyboard.
func (s *harness) judgeFocus(f fyne.Focusable) {
	s.t.Helper()
	name := nameOfFocusable(f)
	if name == "" {
		s.t.Errorf("%T has the keyboard and no name", f)
	}
	if tab, ok := f.(fyne.Tabbable); ok && tab.AcceptsTab() {
		s.t.Errorf("%q keeps the Tab key to itself", name)
	}
	if o, ok := f.(interface{ Outlined() bool }); !ok || !o.Outlined() {
		s.t.Errorf("%q does not show that it has the keyboard", name)
	}
	for _, o := range mapOf(s.win.Canvas(), "", s.overlay()).Objects {
		if o.Label == name && o.H >= min(f.(fyne.CanvasObject).Size().Height, 40)-1 {
			return
		}
	}
	s.t.Errorf("the page does not scroll to %q", name)
}

// judgeOrder holds the walk against the design: content, tabs, availability, menu.
func (s *harness) judgeOrder(order []fyne.Focusable) {
	s.t.Helper()
	at := func(f fyne.Focusable) int { return slices.Index(order, f) }
	places := []int{at(s.header.Tabs.Tabs[0]), at(s.header.Tabs.Tabs[1]), at(s.header.Tabs.Tabs[2]), at(s.header.Pill), at(s.header.Menu)}
	if !slices.IsSorted(places) || places[0] < 0 {
		s.t.Errorf("tabs, availability and menu come as %v", places)
	}
	for i, f := range order[:max(0, places[0])] {
		if o := f.(fyne.CanvasObject); i > 0 && !scrolledAway(s, o) && fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Y < s.header.Object().Size().Height-1 {
			s.t.Errorf("%q comes before the tabs", nameOfFocusable(f))
		}
	}
}

// scrolledAway reports whether o lies in something that scrolls.
func scrolledAway(s *harness, o fyne.CanvasObject) bool {
	away := false
	visible(s.win.Canvas().Content(), fyne.NewPos(0, 0), func(c fyne.CanvasObject, _ fyne.Position) {
		if sc, ok := c.(*container.Scroll); ok && shows(sc, o) {
			away = true
		}
	})
	return away
}

// The device menu of a call changes what the call uses at once, by keys alone, and
// gives the keyboard back.
func TestADeviceIsChangedInMidCall(t *testing.T) {
	s := newHarness(t, madeCall("ESTABLISHED", time.Minute))
	widget.FocusMember(s.call.Device)
	s.press(fyne.KeySpace)
	if s.overlay() == nil {
		t.Fatal("no menu of the sound devices")
	}
	var labels []string
	for range 12 {
		label := nameOfFocusable(s.win.Canvas().Focused())
		if strings.HasPrefix(label, "Speaker: Computer speakers") {
			break
		}
		labels = append(labels, label)
		s.press(fyne.KeyDown)
	}
	s.press(fyne.KeyReturn)
	s.expect("settings")
	if got := s.phone.set.Audio.Speaker; got != "device:speakers = Computer speakers" {
		t.Fatalf("the speaker is %q; the menu has %q", got, labels)
	}
	if s.overlay() != nil || s.win.Canvas().Focused() != fyne.Focusable(s.call.Device) {
		t.Error("the menu is open or the keyboard is elsewhere")
	}

	// The phone says what became of it, and the switch shows that.
	snap := madeCall("ESTABLISHED", time.Minute)
	snap.Audio.Speaker, snap.SettingsRevision = "Computer speakers", 1
	s.show(snap)
	if s.call.Device.Word() != "Computer speakers" {
		t.Errorf("the switch says %q", s.call.Device.Word())
	}
	s.tap(s.call.Device.Label())
	if !s.shows("Speaker: Computer speakers, chosen") {
		t.Error("the menu does not show the device in use")
	}

	// A call that ends takes its menu along.
	s.show(madeEnded("REMOTE_HANGUP", true))
	if s.overlay() != nil {
		t.Error("the menu outlives the call")
	}
}

// The lamp of the header shows voice messages and calls them; the header says how
// many lines are up, and the menu below it why the others are not.
func TestTheHeaderTellsOfLinesAndMessages(t *testing.T) {
	snap := madeLines()
	snap.Lines[0].MessagesAt = "sip:*97@pbx.example.com"
	s := newHarness(t, snap)
	if !s.shows("2 of 4 lines") {
		t.Error("the header does not say how many lines are up")
	}
	s.tap("New voice messages: 2. Call *97")
	s.expect("dial:sip:*97@pbx.example.com")
	s.tap("Menu")
	for _, text := range []string{"meera@pbx.example.com", "The SIP server does not answer. Retrying in 8 s."} {
		if !s.shows(text) {
			t.Errorf("the menu does not say %q", text)
		}
	}
	v := s.view()
	v.Now = v.Now.Add(3 * time.Second)
	s.render(v)
	if !s.shows("Retrying in 5 s.") {
		t.Error("the countdown stands still in an open menu")
	}
	s.closeMenu()
	quiet := madeReady()
	s.show(quiet)
	if s.header.Lamp.Visible() && s.shows("voice messages") {
		t.Error("the lamp shines without messages")
	}
	s.show(madeTrouble(readiness.Platform, "retry", time.Minute, 8*time.Second))
	if !s.shows("retrying in 8 s") {
		t.Error("the page has no countdown")
	}
}

// The servers of a SIP account that relay its sound are kept with the account,
// their password beside it.
func TestTURNServersOfASIPAccount(t *testing.T) {
	sc := accountScenes()[1]
	s := sc.window(t, func(*harnessOptions) {})
	list, form := s.pages[screen.PageAccounts].(*screen.Accounts), s.pages[screen.PageSIPAccount].(*screen.SIPAccount)
	list.Add.Tapped(nil)
	form.Address.Input.SetText("100@lab.test")
	form.Server.Input.SetText("pbx.lab.test")
	form.ICE.Input.SetText("turn.lab.test")
	form.Save.Tapped(nil)
	if !s.shows("Start with turn:") {
		t.Error("a server without a scheme is taken")
	}
	form.ICE.Input.SetText("turn:turn.lab.test, stun:stun.lab.test")
	form.ICEUser.Input.SetText("meera")
	form.ICEPass.Input.SetText("s3cret")
	form.Save.Tapped(nil)
	if asked := s.phone.asked(); !strings.Contains(asked, "ice:100@lab.test:s3cret line:100@lab.test:") {
		t.Errorf("asked %s", asked)
	}
	if form.ICEPass.Input.Text != "" {
		t.Error("the password stays in the form")
	}
}

// A report that takes long to put together can be stopped.
func TestAReportBeingPutTogetherCanBeStopped(t *testing.T) {
	s := newHarness(t, madeReady())
	stopped := make(chan struct{})
	s.phone.drafting = sync.OnceFunc(func() { close(stopped) })
	open(screen.PageReport)(s)
	v := s.view()
	v.Now = v.Now.Add(2 * time.Second)
	s.shown.Render(v)
	s.tap("Stop")
	select {
	case <-stopped:
	case <-time.After(time.Minute):
		t.Error("the work goes on")
	}
	if !s.shows("Try again") {
		t.Error("there is no way to begin again")
	}
}
