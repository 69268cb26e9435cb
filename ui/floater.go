package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/driver/desktop"
)

// floaterMargin is how far a floater is from the corner of the screen, in units.
const floaterMargin float32 = 16

// floater is a small window over other work: undecorated, above all other windows
// and on every workspace, and it never takes the keyboard. The panel of an incoming
// call is one, the bar of a live call another.
type floater struct {
	driver  desktop.Driver
	desktop desktopEnv
	title   string
	size    fyne.Size
	content fyne.CanvasObject

	// win is nil until the floater was prepared.
	win   fyne.Window
	view  *viewport
	shown bool
	// right and bottom are where the user dragged the lower right corner to, in
	// pixels of the screen; dragged says that this happened.
	right, bottom int
	dragged       bool
	// above is a floater over which this one stands, or nil; x and y are where this one
	// was put, in pixels of the screen.
	above *floater
	x, y  int
}

// newFloater returns a floater, or nil where windows can't be placed.
func newFloater(a fyne.App, d desktopEnv) *floater {
	drv, ok := a.Driver().(desktop.Driver)
	if !ok || !d.CanPlace() {
		return nil
	}
	return &floater{driver: drv, desktop: d}
}

// fill changes what the floater shows and how large it is.
func (f *floater) fill(title string, content fyne.CanvasObject, size fyne.Size) {
	if f.win == nil {
		f.title, f.content, f.size = title, content, size
		return
	}
	if f.title != title {
		f.title = title
		f.win.SetTitle(title)
	}
	if f.content != content {
		f.content = content
		f.win.SetContent(content)
	}
	if f.size != size {
		f.size = size
		f.win.Resize(size)
		if f.shown {
			f.place()
		}
	}
}

// prepare makes the window, which takes some tenths of a second, before a call
// needs it. The system is told that the window wants no focus between its making
// and its first showing; to find that moment it is shown once and hidden at once,
// veiled and where nobody sees it.
func (f *floater) prepare() {
	if f.win != nil {
		return
	}
	f.win = f.driver.CreateSplashWindow()
	f.win.SetTitle(f.title)
	f.win.SetPadded(false)
	f.win.SetFixedSize(true)
	f.win.Resize(f.size)
	f.win.SetCloseIntercept(f.hide)
	if w, ok := f.win.(desktop.Window); ok {
		w.RequestAlwaysOnTop()
	}
	restore := focusOnShow(false)
	f.moveTo(-4000, -4000)
	unveil := func() {}
	f.win.SetContent(container.New(&firstLook{size: f.size, look: func() bool {
		handle := handleOf(f.win)
		if handle == 0 {
			return false
		}
		f.desktop.Float(handle)
		unveil = f.desktop.Veil(handle)
		return true
	}}, f.content))
	f.win.Show()
	f.view = openViewport(f.win)
	f.win.Hide()
	unveil()
	restore()
	f.win.SetContent(f.content)
}

// firstLook calls look whenever its content is measured, until that returns true.
// A window measures its content once it exists and before it is seen.
type firstLook struct {
	size fyne.Size
	look func() bool
	done bool
}

// MinSize is the size of the window.
func (l *firstLook) MinSize([]fyne.CanvasObject) fyne.Size {
	if !l.done {
		l.done = l.look()
	}
	return l.size
}

// Layout lets the content fill its window.
func (l *firstLook) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

func (f *floater) moveTo(x, y int) {
	f.x, f.y = x, y
	if w, ok := f.win.(desktop.Window); ok {
		w.RequestPosition(x, y)
	}
}

// place puts the window's lower right corner where the user dragged it to, if that
// can be seen, else into the corner of the screen with the pointer.
func (f *floater) place() {
	scale := f.win.Canvas().Scale()
	w, h := int(f.size.Width*scale), int(f.size.Height*scale)
	screens := workAreas()
	if a := f.above; a != nil && a.shown {
		f.moveTo(stacked(area{a.x, a.y, w, int(a.size.Height * scale)}, h, int(floaterGap*scale), screens))
		return
	}
	// A screen that is gone may come back: the place is kept.
	if f.dragged && onScreens(area{f.right - w, f.bottom - h, w, h}, screens) {
		f.moveTo(f.right-w, f.bottom-h)
		return
	}
	px, py := 0, 0
	if f.view != nil {
		px, py = f.view.pointerOnScreen()
	}
	if x, y, ok := corner(screens, px, py, w, h, int(floaterMargin*scale)); ok {
		f.moveTo(x, y)
	}
}

// floaterGap is the room between two floaters, in units.
const floaterGap float32 = 8

// stacked is where a window of a height stands over another: above it or, where there is
// no room, below.
func stacked(other area, height, gap int, screens []area) (x, y int) {
	above := area{other.x, other.y - gap - height, other.w, height}
	for _, s := range screens {
		if above.x+above.w/2 >= s.x && above.x+above.w/2 < s.x+s.w && above.y >= s.y && above.y < s.y+s.h {
			return above.x, above.y
		}
	}
	return other.x, other.y + other.h + gap
}

// show shows the window.
func (f *floater) show() {
	f.prepare()
	if f.shown {
		return
	}
	f.shown = true
	f.desktop.Float(handleOf(f.win)) // forgotten once it was hidden
	f.place()
	f.win.Show()
	f.place()
}

func (f *floater) hide() {
	if f.shown {
		f.shown = false
		f.win.Hide()
	}
}

// drag moves the window along with the pointer; it is called for each move of a
// drag, with the pointer's way since the drag began.
func (f *floater) drag(begun *dragStart) {
	if f.view == nil {
		return
	}
	px, py := f.view.pointerOnScreen()
	x, y := f.view.win.GetPos()
	if !begun.known {
		*begun = dragStart{known: true, px: px, py: py, x: x, y: y}
	}
	scale := f.win.Canvas().Scale()
	x, y = begun.x+px-begun.px, begun.y+py-begun.py
	f.dragged, f.right, f.bottom = true, x+int(f.size.Width*scale), y+int(f.size.Height*scale)
	f.moveTo(x, y)
}

// dragStart is where pointer and window were when a drag began.
type dragStart struct {
	known        bool
	px, py, x, y int
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
