package ui

import (
	"log/slog"
	"os"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"offhook/internal/crash"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// Options say how the window begins.
type Options struct {
	// Title is the window's title; "" is "Offhook".
	Title string
	// Profile names the profile in the title when it is not the default one.
	Profile string
	// Hidden starts without showing the window, as at login.
	Hidden bool
	// AccessMap is a file to which the window writes where its parts are, by
	// their accessible names, whenever that changes: for test tools. "" takes
	// the environment variable OFFHOOK_UI_MAP; when that is empty too, nothing is
	// written.
	AccessMap string
	// ScreenGone is called when the X server is gone. It is called on the window's
	// thread, which can do nothing else any more, and must not return: it ends the
	// program. nil leaves that to Xlib, which ends it at once.
	ScreenGone func()
	// Log gets what goes wrong around the window; nil is slog.Default.
	Log *slog.Logger
}

// AppID is the window's name to the system.
const AppID = "io.offhook.Offhook"

// The size of the window at its first start, in units.
const (
	defaultWidth  float32 = 380
	defaultHeight float32 = 660
)

func (o *Options) fill() {
	if o.Title == "" {
		o.Title = "Offhook"
	}
	if o.Profile != "" && o.Profile != "default" {
		o.Title += " - " + o.Profile
	}
	if o.AccessMap == "" {
		o.AccessMap = os.Getenv("OFFHOOK_UI_MAP")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

func modeOf(name string) theme.Mode {
	switch m := theme.Mode(name); m {
	case theme.Light, theme.Dark:
		return m
	default:
		return theme.System
	}
}

// Begun is a window library that has begun.
type Begun struct {
	app fyne.App
	// fonts is closed once they are read: the library measures text for one
	// goroutine at a time.
	fonts chan struct{}
}

// Begin begins with what a window needs and a phone does not, so that the phone can
// be opened at the same time: the fonts are read by another goroutine. It returns
// at once, and must be called on the program's first goroutine.
func Begin() *Begun {
	b := &Begun{app: fyneapp.NewWithID(AppID), fonts: make(chan struct{})}
	fyne.SetCurrentApp(stillApp{b.app})
	go func() {
		defer crash.Guard()
		defer close(b.fonts)
		widget.ReadFont(false)
		widget.ReadFont(true)
	}()
	return b
}

// Run shows the phone's window and blocks until the user quits or the phone is
// closed. It must be called on the program's first goroutine. The caller closes
// the phone afterwards.
func Run(phone screen.Phone, opts Options) error { return Begin().Run(phone, opts) }

// Run is the function Run for a library that has begun.
func (b *Begun) Run(phone screen.Phone, opts Options) error {
	opts.fill()
	<-b.fonts
	w := newWindow(b.app, phone, opts)
	if err := firstShown(func() (fyne.Window, bool) {
		w.start()
		return w.win, !w.hidden
	}); err != nil {
		w.stop()
		return err
	}
	if opts.ScreenGone != nil {
		watchScreen(opts.ScreenGone)
	}
	b.app.Run()
	w.stop() // not after a panic: what recovers it writes its report first
	return nil
}
