package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/ui/words"
)

// part is a screen or a tab.
type part interface {
	Object() fyne.CanvasObject
	Render(screen.View)
}

// shell is the content of the main window: it chooses which screen is shown, and
// turns what the user asks for into commands to the phone. It lives on the
// window's thread.
type shell struct {
	phone screen.Phone
	run   screen.Runner
	now   func() time.Time
	words *words.Catalogue
	theme *theme.Theme
	env   *screen.Env
	host  screen.Host

	canvas fyne.Canvas
	root   *fyne.Container
	// least is the smallest window: less than leastSize on a screen without room for it.
	least fyne.Size

	header   *screen.Header
	strip    *widget.StatusStrip
	tabs     *tabsBox
	middle   *fyne.Container
	dial     *screen.Dial
	incoming *screen.Incoming
	call     *screen.Call
	notReady *screen.NotReady
	contacts *screen.Contacts
	recents  *screen.Recents
	pages    map[screen.Page]part

	layout screen.Layout
	page   screen.Page
	tab    int
	shown  part
	// side is what stands beside it in a wide window, sideTab the list chosen there.
	side     part
	sideTab  int
	sideTabs *widget.TabBar
	// sideFocus is what in it had the keyboard last, since sideAt; callerFor is the call for
	// which the page about the far side has come by itself, "" for none.
	sideFocus fyne.Focusable
	sideAt    time.Time
	callerFor string
	sideHead  fyne.CanvasObject
	snap      *app.Snapshot
	settings  app.Settings
	revision  int
	phase     screen.Phase
	callID    string
	// offered says that the far side asks to hand the user to somebody else.
	offered bool
	visible bool
	// adding says that the number field stands beside the call, for another one.
	adding  bool
	calls   int    // how many there were
	second  string // the call that rings beside another
	backBar *screen.BackBar
	// wrap is the page of the work after a call, wrapCall the call that it is about, and
	// leftWrap that the user has left it for the number field.
	wrap     *screen.WrapUp
	wrapCall string
	leftWrap bool

	// speak has a screen reader say something, nil where nothing can; heard is what it was
	// told last.
	speak func(text string, urgent bool)
	heard heard

	// keys are what the shortcuts do, by Fyne's names; bound are those of the canvas.
	keys      map[string]func()
	bound     []fyne.Shortcut
	menu      *menu
	fade      *fade
	noticeBox *fyne.Container
	noticeAt  time.Time
	// pairingCode is the code that is shown for a web page, "" for none.
	pairingCode string
	pairing     *remark
	noticeStop  func()
	// note is the passing remark, offer the device that is offered; over and inBar are
	// those of them that are shown over the window and above the phone. nil is none.
	note, offer, over, inBar *remark
	offeredDevice            *app.DeviceOffer
}

func newShell(phone screen.Phone, run screen.Runner, h screen.Host, w *words.Catalogue, th *theme.Theme, now func() time.Time) *shell {
	s := &shell{phone: phone, run: run, host: h, now: now, words: w, theme: th, visible: true, least: leastSize}
	s.settings = phone.Settings()
	s.revision = -1
	s.build(&widget.Early{})
	return s
}

// build makes the screens; again when the language changes. Early, those that can't
// be the first to be seen wait for complete.
func (s *shell) build(early *widget.Early) {
	s.env = &screen.Env{
		Words: s.words, Tips: widget.NewTips(s.run.After), Theme: s.theme, Phone: s.phone, Run: s.run, Host: s.host,
		Open: s.open, Notify: s.notify, SettingsChanged: s.settingsChanged, SetLanguage: s.chooseLanguage,
		AddCall: s.addCall, Offer: s.offerFor,
		PopUp: s.openMenuWith, CloseMenu: s.closeMenu, RenderMenu: s.renderMenu, Menu: s.openMenu, AvailabilityMenu: s.openAvailability,
		Commands: s.commandList, SetKeys: s.setKeys,
		Early: early, Mac: onMac, Now: func() time.Time { return s.now() }, Canvas: func() fyne.Canvas { return s.canvas }, StillMotion: func() bool { return s.settings.Appearance.ReducedMotion },
	}
	s.header = screen.NewHeader(s.env, s.tabTaken)
	s.backBar = screen.NewBackBar(s.env, s.goBack)
	s.strip = widget.NewStatusStrip(func() { s.open(screen.PageSettings) })
	s.dial, s.incoming, s.call, s.wrap, s.notReady, s.contacts, s.recents, s.pages = nil, nil, nil, nil, nil, nil, nil, nil
	s.middle = container.NewStack()
	s.tabs = newTabsBox(s.header.Object(), s.middle, s.strip, widget.NewSlimBanner(s.env.T("Close"), s.env.Tips,
		func() { s.answerBar(true) }, func() { s.answerBar(false) }, widget.Gap(0)))
	s.note, s.offer, s.over, s.inBar, s.offeredDevice = nil, nil, nil, nil, nil
	s.shown, s.side = nil, nil
	s.sideTabs = widget.NewTabBar(func(i int) { s.toTab([]int{screen.TabRecents, screen.TabContacts, sideWrapUp}[i]) },
		widget.NewTab(s.env.T("Recents"), theme.History), widget.NewTab(s.env.T("Contacts"), theme.Contacts), widget.NewTab(s.env.T("Wrap-up"), theme.EditNote))
	s.sideTabs.Tabs[2].Hide()
	s.sideHead = widget.NewPanel(theme.Surface, 0, widget.Column(widget.Row(container.New(&sideTabsLayout{s}, s.sideTabs.Container), widget.Flex(0)), widget.NewLine()))
	s.noticeBox = container.New(noticeLayout{})
	s.fade = newFade()
	s.root = container.New(&rootLayout{s: s}, s.tabs.Container, s.noticeBox, s.env.Tips.Layer(), s.fade.veil)
}

// begin makes the one screen that the window opens with, if it is one of the two
// that it usually opens with; else complete makes all.
func (s *shell) begin(v screen.View) {
	if s.env.Early == nil || s.pages != nil {
		return
	}
	switch page := s.wanted(v); {
	case page == screen.PageSignIn:
		s.pages = map[screen.Page]part{screen.PageSignIn: screen.NewSignIn(s.env)}
	case page == screen.PageNone && s.phase == screen.PhaseIdle && s.settings.AudioCheckDone && v.WrapUp == nil:
		s.dial = screen.NewDial(s.env)
		s.pages = map[screen.Page]part{}
	default:
		s.complete()
	}
}

// complete makes what begin left out. It must be called once the first picture is
// there, and by what needs more before.
func (s *shell) complete() {
	early := s.env.Early
	if early == nil {
		return
	}
	if s.env.Early = nil; s.dial == nil {
		s.dial = screen.NewDial(s.env)
	}
	s.incoming = screen.NewIncoming(s.env)
	s.call = screen.NewCall(s.env)
	s.wrap = screen.NewWrapUp(s.env)
	s.notReady = screen.NewNotReady(s.env)
	s.contacts = screen.NewContacts(s.env)
	recents, detail := screen.NewRecents(s.env)
	s.recents = recents
	pages := s.makePages()
	pages[screen.PageCall] = detail
	pages[screen.PageCaller] = screen.NewCallerCard(s.env, recents.Open)
	for name, p := range s.pages {
		pages[name] = p
	}
	s.pages = pages
	early.Over()
}

// content is what the window shows.
func (s *shell) content() fyne.CanvasObject { return s.root }

// show draws a snapshot.
func (s *shell) show(snap *app.Snapshot) {
	if snap == nil {
		return
	}
	before := s.phase
	s.snap = snap
	if snap.SettingsRevision != s.revision {
		s.revision = snap.SettingsRevision
		s.settings = s.phone.Settings()
		s.applySettings()
	}
	v := s.view()
	s.phase = screen.PhaseOf(v)
	if s.shown == nil {
		s.begin(v)
	} else {
		s.complete()
	}
	s.follow(before, v)
	s.render(v)
}

// tick draws what changes by time alone.
func (s *shell) tick() {
	if s.snap == nil || !s.visible {
		return
	}
	s.complete()
	v := s.view()
	if p := screen.PhaseOf(v); p != s.phase {
		before := s.phase
		s.phase = p
		s.follow(before, v)
	} else if s.shown == part(s.dial) && !s.dial.Changes() && !s.backBar.Object().Visible() || s.shown == part(s.contacts) {
		// Nothing on these changes by time alone, but for what is above them.
		s.header.Render(v)
		if s.side != nil {
			s.side.Render(v)
		}
		s.renderOverlays(v)
		s.followSide(v)
		return
	}
	s.render(v)
}

// renderOverlays draws what lies over the window and changes by time.
func (s *shell) renderOverlays(v screen.View) {
	if s.menu != nil && s.menu.render != nil {
		s.menu.render(v)
	}
	s.renderNotice(v)
	s.renderPairing(v.Pairing)
}

func (s *shell) view() screen.View {
	return screen.View{Snapshot: s.snap, Now: s.now(), Settings: s.settings, Layout: s.layout}
}

// wanted is the page that covers the tabs now.
func (s *shell) wanted(v screen.View) screen.Page {
	if s.page == screen.PageCaller && v.Call == nil && v.LastCall == nil {
		s.page = screen.PageNone
	}
	state := v.Account.State
	switch {
	case state == app.SignedOut, state == app.SigningIn && !s.settings.SignedIn && !v.Ready, s.page == screen.PageSignIn && state != app.SignedIn:
		if s.page == screen.PageReport || s.page == screen.PageDiagnostics || s.page == screen.PageAccounts || s.page == screen.PageSIPAccount {
			return s.page
		}
		return screen.PageSignIn
	case s.page == screen.PageSignIn:
		s.page = screen.PageNone
	}
	if state == app.SignedIn && !s.settings.AudioCheckDone && !s.phase.InCall() && s.page == screen.PageNone && s.pages[screen.PageAudioCheck] != nil {
		return screen.PageAudioCheck
	}
	if s.page == screen.PageTransfer && !screen.Established(v.Snapshot) {
		s.page = screen.PageNone // its call is over
	}
	if s.pages[s.page] == nil {
		return screen.PageNone
	}
	return s.page
}

// tabPart is what the chosen tab shows.
func (s *shell) tabPart() part {
	switch s.tab {
	case screen.TabContacts:
		return s.contacts
	case screen.TabRecents:
		return s.recents
	}
	return s.phonePart()
}

// phonePart is what the first tab shows.
func (s *shell) phonePart() part {
	switch s.phase {
	case screen.PhaseIncoming:
		return s.incoming
	case screen.PhaseOutgoing, screen.PhaseTalking, screen.PhaseReconnecting, screen.PhaseEnding:
		if s.adding {
			return s.dial
		}
		return s.call
	}
	switch {
	case s.wrapping() && !s.leftWrap && !s.layout.Wide:
		return s.wrap
	case s.phase == screen.PhaseNotReady:
		return s.notReady
	}
	return s.dial
}

func (s *shell) render(v screen.View) {
	page := s.wanted(v)
	var p, side part
	wide := v.Wide && s.besides(v, page)
	switch {
	case wide:
		p, side = s.phonePart(), s.sidePart(page)
	case page != screen.PageNone:
		p = s.pages[page]
	default:
		s.header.Tabs.Choose(s.tab)
		p = s.tabPart()
	}
	whole := page != screen.PageNone && !wide
	if !whole {
		s.header.Left = s.leftWrap
		s.header.Render(v)
		s.renderStrip(v)
	}
	s.backBar.Render(v, p == part(s.dial) && (v.Call != nil || s.leftWrap && !wide))
	changed := p != s.shown
	if changed {
		s.closeMenu()
		s.put(p, whole)
	}
	p.Render(v)
	widget.Relayout(p.Object())
	s.renderSide(v, side, page)
	s.renderOverlays(v)
	if s.call != nil {
		s.call.SetTurning(p == part(s.call) && s.visible)
	}
	if changed {
		s.focusOn(p)
	}
	s.leaveHidden()
	settle(s.root, fyne.Position{}, true)
	s.followSide(v)
	s.tell(v)
	s.tellFocus()
}

// put shows a part in place of another, over the whole window or with the header.
func (s *shell) put(p part, whole bool) {
	if l, ok := s.shown.(interface{ Left() }); ok {
		l.Left()
	}
	first := s.shown == nil
	if !first {
		settle(s.shown.Object(), fyne.Position{}, false)
	}
	s.shown = p
	s.env.Tips.Hide()
	if whole {
		s.root.Objects[0] = p.Object()
	} else {
		s.middle.Objects = []fyne.CanvasObject{container.NewBorder(s.backBar.Object(), nil, nil, nil, p.Object())}
		s.tabs.setStrip(!s.layout.Low && (p == part(s.dial) || p == part(s.contacts) || p == part(s.recents) || p == part(s.notReady)))
		s.root.Objects[0] = s.tabs.Container
	}
	s.root.Refresh()
	if !first {
		s.fadeIn(whole)
	}
	if e, ok := p.(interface{ Entered() }); ok {
		e.Entered()
	}
}

// focusOn gives the keyboard to a part that has just appeared. An incoming call
// moves no focus.
func (s *shell) focusOn(p part) {
	if s.canvas == nil {
		return
	}
	s.canvas.Unfocus() // what has it may be gone, and what shall have it may not want it now
	if p == part(s.incoming) {
		return
	}
	if f, ok := p.(interface{ Focus() }); ok {
		f.Focus()
	}
}

func (s *shell) renderStrip(v screen.View) {
	e := s.env
	device := v.Audio.Microphone
	switch device {
	case "":
		device = e.T("System's default device")
	case app.NoDevice:
		device = e.T("No microphone")
	}
	if v.Audio.MicrophoneWorks {
		s.strip.Set(device, e.T("Mic works"), true, e.T("{device}. Mic works. Open audio settings", "device", device))
	} else {
		s.strip.Set(device, e.T("Mic blocked"), false, e.T("{device}. Mic blocked. Open audio settings", "device", device))
	}
}

// tabTaken follows a tab that the user pressed.
func (s *shell) tabTaken(i int) {
	was := s.tab
	switch {
	case !s.layout.Wide:
		s.tab = i
	case i == screen.TabDial:
		was = i // the phone is there anyway
	default:
		if was = screen.TabRecents; s.side == part(s.contacts) {
			was = screen.TabContacts
		}
		s.sideTab = i
	}
	if was == screen.TabRecents && i != screen.TabRecents {
		s.phone.MarkRecentsSeen()
	}
	if s.snap != nil {
		s.render(s.view())
	}
}

// takeTab changes the tab by the program.
func (s *shell) takeTab(i int) {
	if s.tab == i {
		return
	}
	s.header.Tabs.Choose(i)
	s.tabTaken(i)
}

// open shows a page, or the tabs.
func (s *shell) open(p screen.Page) {
	s.page = p
	if s.snap != nil {
		s.render(s.view())
	}
}

// settingsChanged draws what follows from settings that were just changed.
func (s *shell) settingsChanged() {
	s.settings = s.phone.Settings()
	s.applySettings()
	if s.snap != nil {
		s.render(s.view())
	}
}

// chooseLanguage remembers another language and speaks it.
func (s *shell) chooseLanguage(language string) {
	s.host.SetLanguage(language)
	s.setLanguage(language)
}

// refocus gives the keyboard to what is shown, once the window is on screen.
func (s *shell) refocus() {
	s.complete()
	if s.layout.Wide && s.side == nil && s.snap != nil {
		s.render(s.view()) // what stands beside the phone is there only now
	}
	if s.shown != nil {
		s.focusOn(s.shown)
	}
}

// prefill puts a number into the number field.
func (s *shell) prefill(number string) {
	s.leaveWrapUp()
	s.toTab(screen.TabDial)
	s.dial.SetNumber(number)
}
