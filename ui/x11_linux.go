package ui

import (
	"errors"
	"io"
	"os"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/shape"
	"github.com/jezek/xgb/xproto"

	"offhook/internal/crash"
)

// x11 is a connection to the X server beside Fyne's own. It does what Fyne has
// no way for: windows that float over other work, keys that work in all windows.
type x11 struct {
	conn *xgb.Conn
	root xproto.Window
	// shapes says that windows need not be rectangles.
	shapes bool
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

// float makes of a window that is not shown one that floats over other work. A
// window manager forgets the states of a window that is hidden, so they are set
// before each showing (EWMH, _NET_WM_STATE).
func (x *x11) float(win uintptr) error {
	words := map[string]xproto.Atom{}
	for _, name := range []string{"_NET_WM_USER_TIME", "_NET_WM_DESKTOP", "_NET_WM_STATE", "_NET_WM_STATE_ABOVE", "_NET_WM_STATE_STICKY",
		"_NET_WM_STATE_SKIP_TASKBAR", "_NET_WM_STATE_SKIP_PAGER"} {
		a, err := x.atom(name)
		if err != nil {
			return err
		}
		words[name] = a
	}
	set := func(property, kind xproto.Atom, values ...uint32) error {
		data := make([]byte, 4*len(values))
		for i, v := range values {
			xgb.Put32(data[4*i:], v)
		}
		return xproto.ChangePropertyChecked(x.conn, xproto.PropModeReplace, xproto.Window(win), property, kind, 32, uint32(len(values)), data).Check()
	}
	// No input (ICCCM, section 4.1.7), not even by a click; and the user did nothing
	// that asked for the window (EWMH, _NET_WM_USER_TIME).
	const inputHint, stateHint, normalState = 1, 2, 1
	return errors.Join(
		set(xproto.AtomWmHints, xproto.AtomWmHints, inputHint|stateHint, 0, normalState, 0, 0, 0, 0, 0, 0),
		set(words["_NET_WM_USER_TIME"], xproto.AtomCardinal, 0),
		set(words["_NET_WM_DESKTOP"], xproto.AtomCardinal, 0xffffffff),
		set(words["_NET_WM_STATE"], xproto.AtomAtom, uint32(words["_NET_WM_STATE_ABOVE"]), uint32(words["_NET_WM_STATE_STICKY"]),
			uint32(words["_NET_WM_STATE_SKIP_TASKBAR"]), uint32(words["_NET_WM_STATE_SKIP_PAGER"])))
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

// places are the keys of the letters A and D by their place on the keyboard, as
// evdev numbers them: what has these letters on a Latin keyboard.
var places = map[rune]xproto.Keycode{'a': 38, 'd': 40}

// letterKeys finds the key of each letter: the one that writes it in any of the
// keyboard's layouts, else, as on a keyboard with a Hindi layout alone, the one in
// its place.
func letterKeys(first xproto.Keycode, perKey int, syms []xproto.Keysym, letters string) map[xproto.Keycode]rune {
	codes := map[xproto.Keycode]rune{}
	for _, letter := range letters {
		found := false
		for i := 0; i+perKey <= len(syms) && perKey > 0; i += perKey {
			for _, s := range syms[i : i+perKey] {
				if rune(s) == letter {
					codes[first+xproto.Keycode(i/perKey)] = letter
					found = true
				}
			}
		}
		if !found {
			codes[places[letter]] = letter
		}
	}
	return codes
}

// hotkeys takes Ctrl Shift A and Ctrl Shift D from all windows until the
// returned function is called. pressed gets the letter, from another goroutine.
func (x *x11) hotkeys(pressed func(letter rune)) (stop func(), err error) {
	conn, err := xgb.NewConn()
	if err != nil {
		return nil, err
	}
	setup := xproto.Setup(conn)
	m, err := xproto.GetKeyboardMapping(conn, setup.MinKeycode, byte(setup.MaxKeycode-setup.MinKeycode+1)).Reply()
	if err != nil {
		conn.Close()
		return nil, err
	}
	codes := letterKeys(setup.MinKeycode, int(m.KeysymsPerKeycode), m.Keysyms, "ad")
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
		defer crash.Guard()
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
