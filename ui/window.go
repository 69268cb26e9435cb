package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/words"
)

// The beats of the window while it is seen.
const (
	clockBeat = time.Second
	meterBeat = time.Second / 15
	mapBeat   = 50 * time.Millisecond
)

// window is the main window with everything around it.
type window struct {
	app     fyne.App
	win     fyne.Window
	phone   Phone
	opts    Options
	adapter *adapter
	shell   *shell
	mode    theme.Mode
	mapFile *mapWriter

	stopMeters func()
	quitting   bool
}

func newWindow(a fyne.App, phone Phone, opts Options) *window {
	w := &window{app: a, phone: phone, opts: opts, adapter: newAdapter()}
	set := phone.Settings()
	w.mode = modeOf(set.Appearance.Theme)
	th := theme.New(w.mode)
	a.Settings().SetTheme(th)
	a.SetIcon(appIcon())
	w.win = a.NewWindow(opts.Title)
	w.win.SetPadded(false)
	w.win.SetMaster()
	w.shell = newShell(phone, w.adapter, w, words.New(language(a)), th, time.Now)
	w.win.SetContent(w.shell.content())
	w.shell.bindKeys(w.win.Canvas())
	size := fyne.NewSize(defaultWidth, defaultHeight)
	if p := set.Appearance.Window; p != nil && p.Width >= 320 && p.Height >= 560 {
		size = fyne.NewSize(p.Width, p.Height)
	}
	w.win.Resize(size)
	w.win.SetCloseIntercept(w.closed)
	if opts.AccessMap != "" {
		w.mapFile = &mapWriter{path: opts.AccessMap}
	}
	return w
}

// start shows the window and begins to follow the phone.
func (w *window) start() {
	w.shell.show(w.phone.Snapshot())
	if !w.opts.Hidden {
		w.win.Show()
	}
	w.app.Lifecycle().SetOnStarted(func() {
		w.shell.refocus()
		w.adapter.watch(w.phone, w.show, w.Quit)
		w.adapter.prefills(w.phone, w.prefill)
		w.adapter.every(clockBeat, w.shell.tick)
		if w.mapFile != nil {
			w.adapter.every(mapBeat, w.writeMap)
		}
	})
}

func (w *window) show(s *app.Snapshot) {
	w.shell.show(s)
	w.followMeters()
}

// followMeters runs the meters' beat only while there is something to measure.
func (w *window) followMeters() {
	on := w.shell.wantsLevels()
	switch {
	case on && w.stopMeters == nil:
		w.stopMeters = w.adapter.every(meterBeat, w.shell.levels)
	case !on && w.stopMeters != nil:
		w.stopMeters()
		w.stopMeters = nil
	}
}

func (w *window) writeMap() {
	m := mapOf(w.win.Canvas(), w.shell.screenName())
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

// closed is what the window's close button does.
func (w *window) closed() { w.Quit() }

// Raise brings the window to the front.
func (w *window) Raise() {
	w.win.Show()
	w.win.RequestFocus()
}

// Hide takes the window away while the phone goes on.
func (w *window) Hide() { w.win.Hide() }

// Quit ends the program's window; the phone is closed by whoever runs it.
func (w *window) Quit() {
	if !w.quitting {
		w.quitting = true
		w.app.Quit()
	}
}

// Copy puts text on the clipboard.
func (w *window) Copy(text string) { w.app.Clipboard().SetContent(text) }

// SetTheme changes between light, dark and the system's choice.
func (w *window) SetTheme(mode theme.Mode) {
	if w.mode == mode {
		return
	}
	w.mode = mode
	th := theme.New(mode)
	w.shell.theme, w.shell.env.Theme = th, th
	w.app.Settings().SetTheme(th)
}

// languageKey is where the user's choice of language is kept.
const languageKey = "language"

func language(a fyne.App) string { return a.Preferences().StringWithFallback(languageKey, "system") }

// Language is the user's choice of language.
func (w *window) Language() string { return language(w.app) }

// SetLanguage remembers another choice.
func (w *window) SetLanguage(l string) { w.app.Preferences().SetString(languageKey, l) }

// OpenSystemSettings opens the system's page for the microphone.
func (w *window) OpenSystemSettings() {
	if err := openMicrophoneSettings(); err != nil {
		w.shell.notify(w.shell.env.T("The system's settings can't be opened from here."))
	}
}

func (w *window) stop() { w.adapter.close() }
