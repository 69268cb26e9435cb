package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/ui/screen"
)

// panelMargin is how far the panel is from the corner of the screen, in units.
const panelMargin float32 = 16

// callPanel is the small window of an incoming call: always on top, and it never
// takes the keyboard.
type callPanel struct {
	driver desktop.Driver
	desk   desk
	env    *screen.Env
	// win is nil until the panel was prepared.
	win    fyne.Window
	screen *screen.Panel
	shown  bool
}

// newCallPanel returns the panel, or nil where windows can't be placed.
func newCallPanel(a fyne.App, d desk, env *screen.Env) *callPanel {
	drv, ok := a.Driver().(desktop.Driver)
	if !ok || !d.CanPlace() {
		return nil
	}
	return &callPanel{driver: drv, desk: d, env: env}
}

// use draws the panel anew with other words.
func (p *callPanel) use(env *screen.Env) {
	if p.env == env && p.screen != nil {
		return
	}
	p.env, p.screen = env, screen.NewPanel(env)
	if p.win != nil {
		p.win.SetTitle(env.T("Incoming call"))
		p.win.SetContent(p.screen.Object())
	}
}

// prepare makes the panel's window, which takes some tenths of a second, before a
// call needs it. The system is told that the window wants no focus between its
// making and its first showing; to find that moment it is shown once and hidden at
// once, veiled and where nobody sees it.
func (p *callPanel) prepare() {
	if p.win != nil {
		return
	}
	p.win = p.driver.CreateSplashWindow()
	p.screen = nil
	p.use(p.env)
	p.win.SetPadded(false)
	p.win.SetFixedSize(true)
	p.win.Resize(fyne.NewSize(screen.PanelWidth, screen.PanelHeight))
	p.win.SetCloseIntercept(p.hide)
	if w, ok := p.win.(desktop.Window); ok {
		w.RequestAlwaysOnTop()
	}
	restore := focusOnShow(false)
	p.place(-4000, -4000)
	unveil := func() {}
	p.win.SetContent(container.New(&firstLook{look: func() bool {
		handle := handleOf(p.win)
		if handle == 0 {
			return false
		}
		p.desk.KeepFocusElsewhere(handle)
		unveil = p.desk.Veil(handle)
		return true
	}}, p.screen.Object()))
	p.win.Show()
	p.win.Hide()
	unveil()
	restore()
	p.win.SetContent(p.screen.Object())
}

// firstLook calls look whenever its content is measured, until that returns true.
// A window measures its content once it exists and before it is seen.
type firstLook struct {
	look func() bool
	done bool
}

// MinSize is the panel's size.
func (l *firstLook) MinSize([]fyne.CanvasObject) fyne.Size {
	if !l.done {
		l.done = l.look()
	}
	return fyne.NewSize(screen.PanelWidth, screen.PanelHeight)
}

// Layout lets the panel fill its window.
func (l *firstLook) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

func (p *callPanel) place(x, y int) {
	if w, ok := p.win.(desktop.Window); ok {
		w.RequestPosition(x, y)
	}
}

// show shows the panel in the corner of the active screen.
func (p *callPanel) show(v screen.View, hotkeys bool) {
	p.prepare()
	p.screen.ShowHints(hotkeys)
	p.screen.Render(v)
	if p.shown {
		return
	}
	p.shown = true
	p.desk.KeepFocusElsewhere(handleOf(p.win))
	scale := p.win.Canvas().Scale()
	x, y, ok := p.desk.Corner(int(screen.PanelWidth*scale), int(screen.PanelHeight*scale), int(panelMargin*scale))
	if ok {
		p.place(x, y)
	}
	p.win.Show()
	if ok {
		p.place(x, y)
	}
}

func (p *callPanel) hide() {
	if p.shown {
		p.shown = false
		p.win.Hide()
	}
}

// handleOf is the window's handle at the system, 0 where there is none.
func handleOf(w fyne.Window) uintptr {
	n, ok := w.(driver.NativeWindow)
	if !ok {
		return 0
	}
	var handle uintptr
	n.RunNative(func(context any) {
		switch c := context.(type) {
		case driver.X11WindowContext:
			handle = c.WindowHandle
		case driver.WindowsWindowContext:
			handle = c.HWND
		case driver.MacWindowContext:
			handle = c.NSWindow
		}
	})
	return handle
}
