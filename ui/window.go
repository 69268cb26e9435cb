package ui

import (
	"context"
	"net/url"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/app"
	"offhook/app/settings"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/words"
)

// The beats of the window while it is seen.
const (
	clockBeat = time.Second
	meterBeat = time.Second / 15
	mapBeat   = 50 * time.Millisecond
)

// panelDelay is how long after its start the window prepares the panel of incoming
// calls: not while the user waits for the first page.
const panelDelay = 2 * time.Second

// window is the main window with everything around it: the panel of an incoming
// call, the tray icon, notifications.
type window struct {
	app      fyne.App
	win      fyne.Window
	phone    screen.Phone
	opts     Options
	adapter  *adapter
	shell    *shell
	mode     theme.Mode
	mapFile  *mapWriter
	desktop  desktopEnv
	floating *floating
	tray     *tray
	// view is the window below Fyne, nil until it was shown.
	view *viewport

	stopMeters func()
	stopClock  func()
	// running says that the first picture is there.
	running  bool
	quitting bool
	// hidden says that the user closed the window; front that it has the focus.
	hidden, front bool
	place         settings.Window

	// What runs while it rings.
	ringing     string
	stopKeys    func()
	endNotice   func()
	hasHotkeys  bool
	told        time.Time
	missed      int
	missedKnown bool
	title       string
}

func newWindow(a fyne.App, phone screen.Phone, opts Options) *window {
	set := phone.Settings()
	// Nobody signs in at a window that isn't there.
	opts.Hidden = (opts.Hidden || set.Appearance.StartHidden) && set.SignedIn
	w := &window{app: a, phone: phone, opts: opts, adapter: newAdapter(), desktop: openDesktop(opts.Log), hidden: opts.Hidden}
	w.mode = modeOf(set.Appearance.Theme)
	th := theme.New(w.mode)
	a.Settings().SetTheme(th)
	w.shell = newShell(phone, w.adapter, w, words.New(languageOf(set)), th, time.Now)

	w.shell.speak = w.desktop.Say
	w.title = opts.Title
	w.win = a.NewWindow(opts.Title)
	nameClass()
	w.win.SetPadded(false)
	w.win.SetMaster()
	w.win.SetContent(w.shell.content())
	w.shell.bindKeys(w.win.Canvas())
	w.win.SetCloseIntercept(w.closed)
	w.restorePlace(set.Appearance.Window)
	w.floating = newFloating(w)
	if opts.AccessMap != "" {
		w.mapFile = &mapWriter{path: opts.AccessMap}
	}
	return w
}

// restorePlace gives the window the size and place that it had.
func (w *window) restorePlace(p *settings.Window) {
	size := fyne.NewSize(defaultWidth, defaultHeight)
	if p != nil {
		w.place = *p
		least := w.shell.root.MinSize()
		size = fyne.NewSize(max(p.Width, least.Width), max(p.Height, least.Height))
	}
	w.win.Resize(size)
	w.win.CenterOnScreen()
}

// placed puts the window, once it is there, where it was, if that can be seen: all
// of it, when the screen is large enough.
func (w *window) placed() {
	if w.view == nil || !w.desktop.CanPlace() {
		return
	}
	x, y := w.view.win.GetPos()
	if w.place != (settings.Window{}) {
		x, y = w.place.X, w.place.Y
	}
	width, height := w.view.win.GetSize()
	a := fit(area{x, y, width, height}, workAreas())
	if a.w != width || a.h != height {
		scale := w.win.Canvas().Scale()
		w.shell.least = leastSize.Min(fyne.NewSize(float32(a.w)/scale, float32(a.h)/scale))
		w.win.SetFixedSize(false) // has Fyne tell the system the smallest size anew
		w.view.win.SetSize(a.w, a.h)
	}
	if d, ok := w.win.(desktop.Window); ok {
		d.RequestPosition(a.x, a.y)
	}
}

// keepPlace remembers where the window is, when that changed.
func (w *window) keepPlace() {
	if w.hidden || w.win.FullScreen() {
		return
	}
	now := w.place
	size := w.win.Canvas().Size()
	now.Width, now.Height = size.Width, size.Height
	if w.view != nil && w.desktop.CanPlace() {
		now.X, now.Y = w.view.win.GetPos()
	}
	if now == w.place {
		return
	}
	w.place = now
	w.adapter.Go(func(context.Context) error {
		return w.phone.UpdateSettings(func(s *app.Settings) { s.Appearance.Window = &now })
	}, nil) // a place that can't be kept is no trouble
}

// start shows the window and begins to follow the phone.
func (w *window) start() {
	w.shell.show(w.phone.Snapshot())
	if w.opts.Hidden && w.desktop.HasTray() {
		w.shell.visible = false
	} else {
		w.hidden = false
		w.win.Show()
		w.attach()
		if w.opts.Hidden {
			w.desktop.Minimise(handleOf(w.win)) // the taskbar is the only way back
		}
	}
	w.app.Lifecycle().SetOnStarted(w.started)
}

// attach takes hold of the window below Fyne, once there is one.
func (w *window) attach() {
	if w.view != nil {
		return
	}
	if w.view = openViewport(w.win); w.view == nil {
		return
	}
	w.view.typing, w.view.digit, w.view.keyed = w.shell.inField, w.shell.typedDigit, w.shell.tellFocus
	w.view.focused = w.refront
	w.placed()
	w.refront()
}

// refront follows whether the main window itself is in front of the user: not the
// program, of which the panel is a window, too.
func (w *window) refront() {
	if on := !w.hidden && w.view.front(); on != w.front {
		w.fronted(on)
	}
}

// firstPicture is how long the library takes to its first picture once it runs: it
// draws sixty times a second. What it is given before that delays the picture.
const firstPicture = 2 * time.Second / 60

// started is called when the library begins to draw.
func (w *window) started() {
	w.adapter.After(firstPicture, func() {
		w.settle()
		w.follow()
	})
}

// follow begins to follow the phone.
func (w *window) follow() {
	w.tray = newTray(w.app, w.desktop)
	w.adapter.watch(w.phone, w.show, w.phoneClosed)
	w.adapter.prefills(w.phone, w.prefill)
	w.running = true
	w.followClock()
	w.adapter.After(panelDelay, w.floating.prepare)
	if w.mapFile != nil {
		w.adapter.every(mapBeat, w.writeMap)
	}
}

// settle does what could wait for the first picture.
func (w *window) settle() {
	w.app.SetIcon(appIcon())
	w.shell.refocus()
	if w.shell.snap != nil {
		w.shell.render(w.shell.view())
	}
}

func (w *window) show(s *app.Snapshot) {
	offered := w.shell.offered
	w.tellOfSound(s)
	w.shell.show(s)
	if w.shell.offered && !offered && !w.front {
		w.desktop.Attention(handleOf(w.win), true) // until the window is in front
	}
	w.followMeters()
	if w.shell.settings.Calls.GlobalHotkeys {
		w.desktop.WantHotkeys(w.shell.env.T("Answer"), w.shell.env.T("Decline"))
	}
	w.followRinging()
	w.followMissed(s)
	w.followTitle()
	if w.tray != nil {
		w.tray.show(w, s)
	}
}

func (w *window) tick() {
	w.shell.tick()
	w.floating.tick()
}

// followTitle says the state in the title, which the taskbar and screen readers
// tell.
func (w *window) followTitle() {
	title := w.opts.Title
	signedIn := w.shell.snap.Account.State == app.SignedIn
	if w.shell.phase.InCall() || w.shell.phase == screen.PhaseNotReady && signedIn {
		title += " - " + w.shell.env.StatusOf(w.shell.view()).Word
	}
	if title != w.title {
		w.title = title
		w.win.SetTitle(title)
	}
}

// fronted follows whether the main window has the focus.
func (w *window) fronted(on bool) {
	w.front = on
	if on {
		w.desktop.Attention(handleOf(w.win), false)
	} else {
		w.keepPlace()
	}
	w.followFloating()
}

// followFloating follows what stands for the window while it is not in front.
func (w *window) followFloating() {
	if w.shell.snap != nil && !w.quitting {
		w.floating.follow()
		w.followClock()
	}
}

// while returns do for another goroutine: it is done on the window's thread, if that
// is still what the user meant then.
func (w *window) while(holds func() bool, do func()) func() {
	return func() {
		w.adapter.Post(func() {
			if holds() {
				do()
			}
		})
	}
}

// followMissed tells of a missed call while the window is not in front.
func (w *window) followMissed(s *app.Snapshot) {
	more := w.missedKnown && s.MissedUnseen > w.missed
	w.missed, w.missedKnown = s.MissedUnseen, true
	if !more || w.front || !w.shell.settings.Appearance.Notifications {
		return
	}
	text := ""
	if r := w.phone.Recents(); len(r) > 0 && r[0].Missed {
		text = screen.Party(r[0].RemoteName, r[0].RemoteID)
	}
	w.desktop.Notify(notice{Title: w.shell.env.T("Missed call"), Text: text, Category: "call.unanswered", Open: func() { w.adapter.Post(w.Raise) }})
}

// followClock runs the clock's beat only while the window, its panel or its bar is
// seen.
func (w *window) followClock() {
	on := w.running && (!w.hidden || w.ringing != "" || w.floating.seen())
	switch {
	case on && w.stopClock == nil:
		w.stopClock = w.adapter.every(clockBeat, w.tick)
	case !on && w.stopClock != nil:
		w.stopClock()
		w.stopClock = nil
	}
}

// followMeters runs the meters' beat only while there is something to measure.
func (w *window) followMeters() {
	on := w.shell.wantsLevels()
	switch {
	case on && w.stopMeters == nil:
		w.stopMeters = w.adapter.every(meterBeat, w.levels)
	case !on && w.stopMeters != nil:
		w.stopMeters()
		w.stopMeters = nil
	}
}

func (w *window) levels() {
	w.shell.levels()
	if !w.shell.wantsLevels() {
		w.followMeters()
	}
}

func (w *window) writeMap() {
	m := mapOf(w.win.Canvas(), w.shell.screenName(), w.shell.overlay())
	m.Front = w.front
	if f := w.floating.panel; f != nil && f.shown {
		p := mapOf(f.win.Canvas(), "panel", nil)
		m.Panel = &p
	}
	if f := w.floating.bar; f != nil && f.shown {
		b := mapOf(f.win.Canvas(), "bar", nil)
		m.Bar = &b
	}
	if err := w.mapFile.write(m); err != nil {
		w.opts.Log.Warn("accessibility map", "err", err)
		w.mapFile.last = ""
	}
}

// prefill takes a number from a link, or "" from a second start.
func (w *window) prefill(number string) {
	w.Raise()
	if number != "" {
		w.shell.prefill(number)
	}
}

// closed is what the window's close button does: the phone goes on in the tray,
// else as an icon of the taskbar. Only a user who wants the phone to end with its
// window ends it so, and never during a call.
func (w *window) closed() {
	w.keepPlace()
	if !w.shell.settings.Appearance.CloseToTray && !w.shell.phase.InCall() {
		w.Quit()
		return
	}
	if w.tray == nil && w.desktop.Minimise(handleOf(w.win)) {
		return
	}
	w.Hide()
}

// Raise brings the window to the front.
func (w *window) Raise() {
	w.hidden, w.shell.visible = false, true
	w.win.Show()
	w.attach()
	w.win.RequestFocus()
	w.shell.tick()
	w.refront()
	w.followClock()
}

// Hide takes the window away while the phone goes on.
func (w *window) Hide() {
	w.hidden, w.shell.visible = true, false
	w.shell.still()
	w.followMeters()
	w.win.Hide()
	w.refront()
	w.followClock()
}

// Quit ends the program's window; the phone is closed by what runs it.
func (w *window) Quit() {
	if !w.quitting {
		w.quitting = true
		w.app.Quit()
	}
}

// phoneClosed ends the window of a phone that was closed. A signal ends both at
// once: Fyne, which has its own eye on signals, may have let go of its windows
// already, and GLFW panics when it is asked for one then.
func (w *window) phoneClosed() {
	defer func() {
		if gone := recover(); gone != nil {
			w.opts.Log.Debug("the window was gone before the phone", "cause", gone)
		}
	}()
	w.Quit()
}

// Copy puts text on the clipboard.
func (w *window) Copy(text string) { w.app.Clipboard().SetContent(text) }

// SetTheme changes between light, dark and the system's choice.
func (w *window) SetTheme(mode theme.Mode) {
	if w.mode == mode {
		return
	}
	w.mode = mode
	w.shell.theme.SetMode(mode)
	w.app.Settings().SetTheme(w.shell.theme)
}

// Language is the user's choice of language.
func (w *window) Language() string { return languageOf(w.shell.settings) }

func languageOf(s app.Settings) string {
	if s.Appearance.Language == "" {
		return "system"
	}
	return s.Appearance.Language
}

// SetLanguage remembers another choice.
func (w *window) SetLanguage(l string) {
	w.adapter.Go(func(context.Context) error {
		return w.phone.UpdateSettings(func(s *app.Settings) { s.Appearance.Language = l })
	}, w.shell.env.Complain)
}

// OpenURL opens a page in the user's browser.
func (w *window) OpenURL(u *url.URL) {
	if err := w.app.OpenURL(u); err != nil {
		w.shell.notify(w.shell.env.T("The browser can't be opened from here."))
	}
}

// OpenSystemSettings opens the system's page for the microphone.
func (w *window) OpenSystemSettings() {
	if err := openMicrophoneSettings(); err != nil {
		w.shell.notify(w.shell.env.T("The system's settings can't be opened from here."))
	}
}

func (w *window) stop() {
	w.endRinging()
	w.floating.goAway()
	w.adapter.close()
	w.desktop.Close()
}
