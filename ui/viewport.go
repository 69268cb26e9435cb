package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.4/glfw"
)

// viewport is a window as GLFW knows it, the library below Fyne. Fyne tells of the
// focus of the whole application only, repeats shortcuts while their key is held,
// and applies a move of the pointer after a press that followed it: the viewport
// stands between the two and puts that right. It lives on the window's thread.
type viewport struct {
	win *glfw.Window
	// focused is told when this window gets or loses the keyboard, or is minimised
	// or restored.
	focused func()
	// typing reports whether a text field has the keyboard; digit takes a key of
	// the digit row while none has it, and reports whether it had a use for it.
	typing func() bool
	digit  func(rune) bool
	// keyed is told after each press of a key, which may have moved the keyboard.
	keyed func()

	pointer pointerQueue
	// repeating says that the newest key event is the system's repetition of a key
	// that is held; taken that the newest key was a digit that was used, so that
	// the character it makes is none.
	repeating, taken bool
}

// openViewport finds the viewport of a window that was shown, or returns nil where
// there is none. Fyne has no public way to it: while a window's drawing context is
// current, GLFW tells whose it is.
func openViewport(win fyne.Window) *viewport {
	c, ok := win.(interface{ RunWithContext(func()) })
	if !ok {
		return nil
	}
	v := &viewport{}
	c.RunWithContext(func() { v.win = glfw.GetCurrentContext() })
	if v.win == nil {
		return nil
	}
	v.hookFocus()
	v.hookKeys()
	v.hookPointer()
	return v
}

// front reports whether the window has the keyboard and is not an icon.
func (v *viewport) front() bool {
	return v != nil && v.win.GetAttrib(glfw.Focused) == glfw.True && !v.minimised()
}

func (v *viewport) minimised() bool { return v.win.GetAttrib(glfw.Iconified) == glfw.True }

func (v *viewport) hookFocus() {
	tell := func() {
		if v.focused != nil {
			v.focused()
		}
	}
	var before glfw.FocusCallback
	before = v.win.SetFocusCallback(func(w *glfw.Window, on bool) {
		if before != nil {
			before(w, on)
		}
		tell()
	})
	v.win.SetIconifyCallback(func(*glfw.Window, bool) { tell() })
}

// hookKeys makes of a key that is held one press, and of the keys of the digit row
// digits on every keyboard layout, where no text is typed.
func (v *viewport) hookKeys() {
	var key glfw.KeyCallback
	key = v.win.SetKeyCallback(func(w *glfw.Window, k glfw.Key, scancode int, action glfw.Action, mods glfw.ModifierKey) {
		v.repeating = action == glfw.Repeat
		if v.repeating && !mayRepeat(k, mods) {
			return
		}
		if action == glfw.Press {
			d, ok := digitOf(k, mods)
			v.taken = ok && v.digit != nil && !v.typing() && v.digit(d)
			if v.taken {
				return
			}
		}
		if key != nil {
			key(w, k, scancode, action, mods)
		}
		if action != glfw.Release && v.keyed != nil {
			v.keyed()
		}
	})
	var char glfw.CharCallback
	char = v.win.SetCharCallback(func(w *glfw.Window, r rune) {
		if v.taken || v.repeating && v.typing != nil && !v.typing() {
			return
		}
		if char != nil {
			char(w, r)
		}
	})
}

// mayRepeat reports whether a key that is held acts again and again: the keys that
// move and delete, and those that write, but no shortcut and nothing that presses.
func mayRepeat(k glfw.Key, mods glfw.ModifierKey) bool {
	switch k {
	case glfw.KeyLeft, glfw.KeyRight, glfw.KeyUp, glfw.KeyDown, glfw.KeyPageUp, glfw.KeyPageDown, glfw.KeyTab, glfw.KeyBackspace, glfw.KeyDelete:
		return true
	case glfw.KeyEnter, glfw.KeyKPEnter, glfw.KeyEscape, glfw.KeySpace:
		return false
	}
	return mods&(glfw.ModControl|glfw.ModAlt|glfw.ModSuper) == 0 && (k < glfw.KeyF1 || k > glfw.KeyF25)
}

// digitOf is the digit of a key of the digit row, by its place on the keyboard.
// With a modifier the layout decides what the key writes.
func digitOf(k glfw.Key, mods glfw.ModifierKey) (rune, bool) {
	if k < glfw.Key0 || k > glfw.Key9 || mods&(glfw.ModShift|glfw.ModControl|glfw.ModAlt|glfw.ModSuper) != 0 {
		return 0, false
	}
	return '0' + rune(k-glfw.Key0), true
}

// hookPointer hands Fyne the moves and presses of the pointer in their order.
func (v *viewport) hookPointer() {
	q := &v.pointer
	move := v.win.SetCursorPosCallback(func(w *glfw.Window, x, y float64) {
		q.moved(x, y)
	})
	var press glfw.MouseButtonCallback
	press = v.win.SetMouseButtonCallback(func(w *glfw.Window, b glfw.MouseButton, a glfw.Action, m glfw.ModifierKey) {
		q.pressed(func() { press(w, b, a, m) })
	})
	q.move = func(x, y float64) { move(v.win, x, y) }
	q.eachFrame = eachFrame
}

// eachFrame calls f once in each coming frame, after the moves of the pointer have
// been applied, until f returns false. The first call may be in this frame.
func eachFrame(f func() bool) {
	a := &fyne.Animation{Duration: time.Hour, Curve: fyne.AnimationLinear}
	a.Tick = func(float32) {
		if !f() {
			a.Stop()
		}
	}
	a.Start()
}

// pointerQueue keeps the order of what the pointer does. Fyne remembers a move and
// applies it at the end of the frame, but a press at once: a press behind a move in
// one frame, as touch screens and remote desktops send it, would hit what lay under
// the pointer before. So a press waits until the move before it was applied, which
// is later in the same frame, and a move behind it waits for the press.
type pointerQueue struct {
	// move tells Fyne where the pointer is; it is applied at the end of the frame.
	move      func(x, y float64)
	eachFrame func(func() bool)

	x, y  float64
	known bool
	// waiting is what was not handed on yet: presses, and moves behind them.
	waiting []pointerEvent
}

type pointerEvent struct {
	x, y  float64
	press func() // nil for a move
}

func (q *pointerQueue) moved(x, y float64) {
	q.x, q.y, q.known = x, y, true
	switch n := len(q.waiting); {
	case n == 0:
		q.move(x, y)
	case q.waiting[n-1].press == nil:
		q.waiting[n-1] = pointerEvent{x: x, y: y}
	default:
		q.waiting = append(q.waiting, pointerEvent{x: x, y: y})
	}
}

func (q *pointerQueue) pressed(press func()) {
	q.waiting = append(q.waiting, pointerEvent{press: press})
	if len(q.waiting) > 1 {
		return
	}
	if q.known {
		q.move(q.x, q.y)
	}
	q.eachFrame(q.drain)
}

// drain hands on the presses whose move was applied, and the next move.
func (q *pointerQueue) drain() (more bool) {
	for len(q.waiting) > 0 {
		e := q.waiting[0]
		if e.press == nil {
			q.move(e.x, e.y)
			q.waiting = q.waiting[1:]
			return len(q.waiting) > 0
		}
		e.press() // may make the window's own loop run, so it stays in the queue
		q.waiting = q.waiting[1:]
	}
	return false
}

// pointerOnScreen is where the pointer is on the screen, in pixels.
func (v *viewport) pointerOnScreen() (x, y int) {
	x, y = v.win.GetPos()
	cx, cy := v.win.GetCursorPos()
	return x + int(cx), y + int(cy)
}
