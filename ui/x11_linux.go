package ui

import (
	"errors"
	"io"
	"os"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/shape"
	"github.com/jezek/xgb/xproto"
)

// x11 is a connection to the X server beside Fyne's own. It does what Fyne has
// no way for: where the screens are, keeping the focus elsewhere, keys that work
// in all windows.
type x11 struct {
	conn *xgb.Conn
	root xproto.Window
	// monitors says that the server tells its monitors.
	monitors bool
	// shapes says that windows need not be rectangles.
	shapes bool
}

// area is a rectangle of the screen, in pixels.
type area struct{ x, y, w, h int }

func (a area) holds(x, y int) bool { return x >= a.x && y >= a.y && x < a.x+a.w && y < a.y+a.h }

func (a area) cut(b area) area {
	x, y := max(a.x, b.x), max(a.y, b.y)
	return area{x, y, max(0, min(a.x+a.w, b.x+b.w)-x), max(0, min(a.y+a.h, b.y+b.h)-y)}
}

// openX11 connects to the server of DISPLAY. On Wayland there is none to use.
func openX11() (*x11, error) {
	if os.Getenv("DISPLAY") == "" || os.Getenv("WAYLAND_DISPLAY") != "" {
		return nil, errors.New("ui: no X server")
	}
	xgb.Logger.SetOutput(io.Discard) // what fails comes back as an error
	conn, err := xgb.NewConn()
	if err != nil {
		return nil, err
	}
	x := &x11{conn: conn, root: xproto.Setup(conn).DefaultScreen(conn).Root}
	x.monitors = randr.Init(conn) == nil
	x.shapes = shape.Init(conn) == nil
	return x, nil
}

func (x *x11) close() { x.conn.Close() }

func (x *x11) atom(name string) (xproto.Atom, error) {
	r, err := xproto.InternAtom(x.conn, false, uint16(len(name)), name).Reply()
	if err != nil {
		return 0, err
	}
	return r.Atom, nil
}

func (x *x11) cardinals(win xproto.Window, name string) []uint32 {
	a, err := x.atom(name)
	if err != nil {
		return nil
	}
	r, err := xproto.GetProperty(x.conn, false, win, a, xproto.GetPropertyTypeAny, 0, 64).Reply()
	if err != nil || r.Format != 32 {
		return nil
	}
	var list []uint32
	for i := 0; i+4 <= len(r.Value); i += 4 {
		list = append(list, xgb.Get32(r.Value[i:]))
	}
	return list
}

// keepFocusElsewhere tells the window manager that the user did nothing that
// asked for win, so that showing it moves no focus (EWMH, _NET_WM_USER_TIME).
func (x *x11) keepFocusElsewhere(win uintptr) error {
	a, err := x.atom("_NET_WM_USER_TIME")
	if err != nil {
		return err
	}
	return xproto.ChangePropertyChecked(x.conn, xproto.PropModeReplace, xproto.Window(win), a, xproto.AtomCardinal, 32, 1, make([]byte, 4)).Check()
}

// veil gives a window the shape of nothing, or its own again (X Nonrectangular
// Window Shape Extension).
func (x *x11) veil(win uintptr, on bool) error {
	if !x.shapes {
		return errors.New("ui: no shapes")
	}
	if on {
		return shape.RectanglesChecked(x.conn, shape.SoSet, shape.SkBounding, xproto.ClipOrderingUnsorted, xproto.Window(win), 0, 0, nil).Check()
	}
	return shape.MaskChecked(x.conn, shape.SoSet, shape.SkBounding, xproto.Window(win), 0, 0, xproto.PixmapNone).Check()
}

// screens lists the monitors, or the whole root window when the server does not
// tell.
func (x *x11) screens() []area {
	var list []area
	if x.monitors {
		if r, err := randr.GetScreenResourcesCurrent(x.conn, x.root).Reply(); err == nil {
			for _, c := range r.Crtcs {
				i, err := randr.GetCrtcInfo(x.conn, c, r.ConfigTimestamp).Reply()
				if err == nil && i.Width > 0 && i.NumOutputs > 0 {
					list = append(list, area{int(i.X), int(i.Y), int(i.Width), int(i.Height)})
				}
			}
		}
	}
	if len(list) == 0 {
		if g, err := xproto.GetGeometry(x.conn, xproto.Drawable(x.root)).Reply(); err == nil {
			list = append(list, area{0, 0, int(g.Width), int(g.Height)})
		}
	}
	return list
}

// workArea is the part of the screen with the pointer that no bar covers.
func (x *x11) workArea() (area, bool) {
	screens := x.screens()
	if len(screens) == 0 {
		return area{}, false
	}
	active := screens[0]
	if p, err := xproto.QueryPointer(x.conn, x.root).Reply(); err == nil {
		for _, s := range screens {
			if s.holds(int(p.RootX), int(p.RootY)) {
				active = s
			}
		}
	}
	if w := x.cardinals(x.root, "_NET_WORKAREA"); len(w) >= 4 {
		if d := x.cardinals(x.root, "_NET_CURRENT_DESKTOP"); len(d) == 1 && len(w) >= int(d[0])*4+4 {
			w = w[d[0]*4:]
		}
		if a := active.cut(area{int(int32(w[0])), int(int32(w[1])), int(w[2]), int(w[3])}); a.w > 0 && a.h > 0 {
			active = a
		}
	}
	return active, true
}

// position is where the content of win is on the screen.
func (x *x11) position(win uintptr) (px, py int, ok bool) {
	r, err := xproto.TranslateCoordinates(x.conn, xproto.Window(win), x.root, 0, 0).Reply()
	if err != nil {
		return 0, 0, false
	}
	return int(r.DstX), int(r.DstY), true
}

// onScreen reports whether a window placed at x, y could be reached.
func (x *x11) onScreen(px, py int) bool {
	for _, s := range x.screens() {
		if s.holds(px+40, py+10) {
			return true
		}
	}
	return false
}

func (x *x11) tellRoot(win uintptr, name string, data ...uint32) error {
	a, err := x.atom(name)
	if err != nil {
		return err
	}
	full := make([]uint32, 5)
	copy(full, data)
	ev := xproto.ClientMessageEvent{Format: 32, Window: xproto.Window(win), Type: a, Data: xproto.ClientMessageDataUnionData32New(full)}
	return xproto.SendEventChecked(x.conn, false, x.root, xproto.EventMaskSubstructureRedirect|xproto.EventMaskSubstructureNotify, string(ev.Bytes())).Check()
}

// minimise asks the window manager to make an icon of win (ICCCM, section 4.1.4).
func (x *x11) minimise(win uintptr) error { return x.tellRoot(win, "WM_CHANGE_STATE", 3) }

// askAttention lights the window's entry in the taskbar, or ends that.
func (x *x11) askAttention(win uintptr, on bool) error {
	a, err := x.atom("_NET_WM_STATE_DEMANDS_ATTENTION")
	if err != nil {
		return err
	}
	action := uint32(0)
	if on {
		action = 1
	}
	return x.tellRoot(win, "_NET_WM_STATE", action, uint32(a), 0, 1)
}

// The lock keys that do not change what a shortcut means.
var locks = []uint16{0, xproto.ModMaskLock, xproto.ModMask2, xproto.ModMaskLock | xproto.ModMask2}

// hotkeys takes Ctrl Shift A and Ctrl Shift D from all windows until the
// returned function is called. pressed gets the letter, from another goroutine.
func (x *x11) hotkeys(pressed func(letter rune)) (stop func(), err error) {
	conn, err := xgb.NewConn()
	if err != nil {
		return nil, err
	}
	codes := map[xproto.Keycode]rune{}
	setup := xproto.Setup(conn)
	m, err := xproto.GetKeyboardMapping(conn, setup.MinKeycode, byte(setup.MaxKeycode-setup.MinKeycode+1)).Reply()
	if err != nil {
		conn.Close()
		return nil, err
	}
	for i := 0; i+int(m.KeysymsPerKeycode) <= len(m.Keysyms); i += int(m.KeysymsPerKeycode) {
		if s := rune(m.Keysyms[i]); s == 'a' || s == 'd' {
			codes[setup.MinKeycode+xproto.Keycode(i/int(m.KeysymsPerKeycode))] = s
		}
	}
	for code := range codes {
		for _, l := range locks {
			if err := xproto.GrabKeyChecked(conn, false, x.root, xproto.ModMaskControl|xproto.ModMaskShift|l, code,
				xproto.GrabModeAsync, xproto.GrabModeAsync).Check(); err != nil {
				conn.Close() // somebody else has the key; closing gives back what was taken
				return nil, err
			}
		}
	}
	go func() {
		for {
			ev, xerr := conn.WaitForEvent()
			if ev == nil && xerr == nil {
				return
			}
			if k, ok := ev.(xproto.KeyPressEvent); ok {
				if letter, ok := codes[k.Detail]; ok {
					pressed(letter)
				}
			}
		}
	}()
	return conn.Close, nil
}
