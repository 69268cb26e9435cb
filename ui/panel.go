package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/ui/screen"
)

// panelMargin is how far the panel is from the corner of the screen, in units.
const panelMargin float32 = 16

// callPanel is the small window of an incoming call: always on top, and it never
// takes the keyboard.
type callPanel struct {
	win    fyne.Window
	desk   desk
	screen *screen.Panel
	shown  bool
	parked bool
}

// newCallPanel makes the panel's window, or nil where windows can't be placed. It
// is shown and hidden once, before the main window is there, because only a window
// that exists can be told not to take the focus when it is shown.
func newCallPanel(a fyne.App, d desk, env *screen.Env) *callPanel {
	drv, ok := a.Driver().(desktop.Driver)
	if !ok || !d.CanPlace() {
		return nil
	}
	p := &callPanel{win: drv.CreateSplashWindow(), desk: d, screen: screen.NewPanel(env)}
	p.win.SetTitle("Incoming call")
	p.win.SetPadded(false)
	p.win.SetFixedSize(true)
	p.win.SetContent(p.screen.Object())
	p.win.Resize(fyne.NewSize(screen.PanelWidth, screen.PanelHeight))
	p.win.SetCloseIntercept(p.hide)
	if w, ok := p.win.(desktop.Window); ok {
		w.RequestAlwaysOnTop()
	}
	return p
}

// park shows the panel for a moment where nobody sees it.
func (p *callPanel) park() {
	restore := focusOnShow(false)
	p.place(-4000, -4000)
	p.win.Show()
	p.win.Hide()
	restore()
	p.parked = true
}

func (p *callPanel) place(x, y int) {
	if w, ok := p.win.(desktop.Window); ok {
		w.RequestPosition(x, y)
	}
}

// show shows the panel in the corner of the active screen.
func (p *callPanel) show(v screen.View, hotkeys bool) {
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
