package widget

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"
)

// control is what every pressable part has in common: pointer, focus, keys, name.
//
// A control that was focused by a tap or by the program keeps the focus without
// an outline until the first key; one that was reached by the Tab key shows it at
// once.
type control struct {
	fynewidget.BaseWidget
	self  fyne.Widget
	label string
	tip   *Tips
	// tipText is shown beside the pointer; "" shows nothing.
	tipText string
	onTap   func()
	// onKey gets the keys that the control has no use for itself; it returns
	// false to pass them on to the window.
	onKey   func(*fyne.KeyEvent) bool
	onFocus func()
	// onShortcut does the same with shortcuts.
	onShortcut func(fyne.Shortcut) bool
	// onMenu opens what else can be done with the control: by the other button of the
	// pointer, the menu key, or Shift F10.
	onMenu   func()
	disabled bool
	// group is the group that the control is part of, or nil.
	group *Group

	hovered, pressed, focused, ring, quiet bool
	guard                                  *guard
}

// guardTime is how long a guarded control ignores presses after it has come or moved:
// a finger on its way to what lay there before does not hang up.
const guardTime = 150 * time.Millisecond

// guard is what a guarded control knows about its place.
type guard struct {
	at      fyne.Position
	shown   bool
	since   time.Time
	refused bool
	now     func() time.Time
}

// Guard makes the control ignore a press of the pointer within 150 ms of its having
// come or moved under it; Settle tells it where it is, now what time it is. It is for what can't be undone.
func (c *control) Guard(now func() time.Time) { c.guard = &guard{now: now} }

// Settle tells a guarded control where it is in its window, or that it is not shown.
// It must be called after each change of the layout.
func (c *control) Settle(at fyne.Position, shown bool) {
	if g := c.guard; g != nil && (g.shown != shown || g.at != at) {
		g.at, g.shown, g.since = at, shown, g.now()
	}
}

var (
	_ fyne.Tappable = (*control)(nil)

	_ fyne.SecondaryTappable = (*control)(nil)
	_ fyne.Focusable         = (*control)(nil)
	_ fyne.Accessible        = (*control)(nil)
	_ fyne.Shortcutable      = (*control)(nil)
	_ desktop.Hoverable      = (*control)(nil)
	_ desktop.Mouseable      = (*control)(nil)
	_ desktop.Cursorable     = (*control)(nil)
)

func (c *control) init(self fyne.Widget, label string, onTap func()) {
	c.self, c.label, c.onTap = self, label, onTap
	c.ExtendBaseWidget(self)
}

// Label is the name that a screen reader says.
func (c *control) Label() string { return c.label }

// SetLabel changes the name that a screen reader says.
func (c *control) SetLabel(label string) { c.label = label }

// SetTip shows text beside the pointer after it has rested on the control.
func (c *control) SetTip(tips *Tips, text string) { c.tip, c.tipText = tips, text }

// AccessibilityLabel is the name that a screen reader says.
func (c *control) AccessibilityLabel() string { return c.label }

// AccessibilityRole is button.
func (c *control) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Enabled reports whether the control can be pressed.
func (c *control) Enabled() bool { return !c.disabled }

// SetEnabled lets the control be pressed or not.
func (c *control) SetEnabled(on bool) {
	if c.disabled == !on {
		return
	}
	c.disabled = !on
	c.self.Refresh()
}

// Disabled is for Fyne's focus order, which leaves disabled controls out: of a group,
// it has one member.
func (c *control) Disabled() bool { return c.disabled || c.group != nil && c.group.stop() != c }

// Enable is for fyne.Disableable.
func (c *control) Enable() { c.SetEnabled(true) }

// Disable is for fyne.Disableable.
func (c *control) Disable() { c.SetEnabled(false) }

// Tapped presses the control.
func (c *control) Tapped(*fyne.PointEvent) {
	c.hideTip()
	if g := c.guard; g != nil && g.refused {
		g.refused = false
		return
	}
	if c.disabled {
		return
	}
	FocusQuietly(c.self)
	c.activate()
}

func (c *control) activate() {
	if c.onTap != nil && !c.disabled {
		c.onTap()
	}
}

// OnMenu calls f for the menu of the control: the other button of the pointer, the menu
// key, Shift F10.
func (c *control) OnMenu(f func()) { c.onMenu = f }

// TappedSecondary is for Fyne.
func (c *control) TappedSecondary(*fyne.PointEvent) {
	if c.onMenu != nil && !c.disabled {
		c.hideTip()
		FocusQuietly(c.self)
		c.onMenu()
	}
}

// asksForMenu reports whether a key asks for the menu of a control.
func asksForMenu(e *fyne.KeyEvent) bool {
	if e.Name != fyne.KeyF10 {
		return e.Name == desktop.KeyMenu
	}
	d, ok := fyne.CurrentApp().Driver().(desktop.Driver)
	return ok && d.CurrentKeyModifiers() == fyne.KeyModifierShift
}

// FocusGained is for Fyne.
func (c *control) FocusGained() {
	c.focused, c.ring = true, !c.quiet
	c.quiet = false
	c.self.Refresh()
	reveal(c.self)
	if c.onFocus != nil {
		c.onFocus()
	}
}

// OnFocus calls f whenever the control gets the keyboard: a menu scrolls to it then,
// whose overlay is not to be walked through.
func (c *control) OnFocus(f func()) { c.onFocus = f }

// FocusLost is for Fyne.
func (c *control) FocusLost() {
	c.focused, c.ring, c.pressed = false, false, false
	c.self.Refresh()
}

// TypedKey presses the control on Enter and Space.
func (c *control) TypedKey(e *fyne.KeyEvent) {
	if !c.ring {
		c.ring = true
		c.self.Refresh()
	}
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		c.activate()
		return
	}
	if c.onMenu != nil && asksForMenu(e) {
		c.onMenu()
		return
	}
	if c.onKey != nil && c.onKey(e) || c.group != nil && c.group.key(c, e) {
		return
	}
	if cv := canvasOf(c.self); cv != nil && cv.OnTypedKey() != nil {
		cv.OnTypedKey()(e)
	}
}

// TypedRune hands the character to the window.
func (c *control) TypedRune(r rune) {
	if r == ' ' {
		return
	}
	if cv := canvasOf(c.self); cv != nil && cv.OnTypedRune() != nil {
		cv.OnTypedRune()(r)
	}
}

// TypedShortcut hands the shortcut to the window.
func (c *control) TypedShortcut(s fyne.Shortcut) {
	if c.onShortcut != nil && c.onShortcut(s) {
		return
	}
	if cv, ok := canvasOf(c.self).(fyne.Shortcutable); ok {
		cv.TypedShortcut(s)
	}
}

// MouseIn is for Fyne.
func (c *control) MouseIn(e *desktop.MouseEvent) {
	c.hovered = true
	c.self.Refresh()
	if c.tip != nil && c.tipText != "" {
		c.tip.Show(c.self, c.tipText)
	}
}

// MouseMoved is for Fyne.
func (c *control) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is for Fyne.
func (c *control) MouseOut() {
	c.hovered, c.pressed = false, false
	c.hideTip()
	c.self.Refresh()
}

// MouseDown is for Fyne.
func (c *control) MouseDown(*desktop.MouseEvent) {
	if g := c.guard; g != nil {
		g.refused = g.now().Sub(g.since) < guardTime
	}
	c.pressed = true
	c.self.Refresh()
}

// MouseUp is for Fyne.
func (c *control) MouseUp(*desktop.MouseEvent) {
	c.pressed = false
	c.self.Refresh()
}

// Cursor is a hand over a control that can be pressed.
func (c *control) Cursor() desktop.Cursor {
	if c.disabled {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

func (c *control) hideTip() {
	if c.tip != nil {
		c.tip.Hide()
	}
}

// Focused reports whether keys go to the control.
func (c *control) Focused() bool { return c.focused }

// Outlined reports whether the control shows that it has the keyboard.
func (c *control) Outlined() bool { return c.ring }

// canvasOf is the canvas that o is on, nil for none. Fyne learns it when it draws o;
// what has the keyboard gets keys within the same frame already, and is found by that.
func canvasOf(o fyne.CanvasObject) fyne.Canvas {
	app := fyne.CurrentApp()
	if app == nil {
		return nil
	}
	if cv := app.Driver().CanvasForObject(o); cv != nil {
		return cv
	}
	for _, w := range app.Driver().AllWindows() {
		if f, ok := w.Canvas().Focused().(fyne.CanvasObject); ok && f == o {
			return w.Canvas()
		}
	}
	return nil
}

// FocusQuietly moves the focus to w without showing the outline before the
// first key. It does nothing if w is not on a canvas yet.
func FocusQuietly(w fyne.CanvasObject) { FocusOn(canvasOf(w), w) }

// FocusOn is FocusQuietly for a part that was put on cv just now.
func FocusOn(cv fyne.Canvas, w fyne.CanvasObject) {
	f, ok := w.(fyne.Focusable)
	if !ok || cv == nil || cv.Focused() == f {
		return
	}
	if q, ok := w.(Grouped); ok {
		q.base().quiet = true
		if g := q.base().group; g != nil {
			g.take(q.base())
		}
	}
	cv.Focus(f)
}
