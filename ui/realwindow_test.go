//go:build realwindow && linux

package ui

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"offhook/internal/drive"
)

// timeout is how long anything may take on a busy machine.
const timeout = time.Minute

// real is this program as a phone's real window, on a display of its own.
type real struct {
	t       *testing.T
	ctx     context.Context
	display *drive.Display
	window  *drive.Window
	uiMap   string
	orders  io.Writer
	// asked gets what the window asked of its phone.
	asked chan string
}

func openReal(t *testing.T, scene, scale string) *real { return openRealWith(t, scene, scale) }

// openRealWith is openReal with more in the window's environment.
func openRealWith(t *testing.T, scene, scale string, env ...string) *real {
	t.Helper()
	return openRealUnder(t, drive.Openbox, scene, scale, env...)
}

// openRealUnder is openRealWith under another window manager.
func openRealUnder(t *testing.T, manager drive.Manager, scene, scale string, env ...string) *real {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	dir := t.TempDir()
	r := &real{t: t, ctx: ctx, uiMap: filepath.Join(dir, "map.json"), asked: make(chan string, 64)}
	var err error
	if r.display, err = drive.OpenDisplayUnder(ctx, manager, dir, 1200, 1200); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.display.Close)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "OFFHOOK_REAL_WINDOW="+scene, "DISPLAY="+r.display.Name, "HOME="+dir, "XDG_RUNTIME_DIR="+dir, "WAYLAND_DISPLAY=",
		"DBUS_SESSION_BUS_ADDRESS=unix:path="+dir+"/none", "OFFHOOK_UI_MAP="+r.uiMap, "FYNE_SCALE="+scale)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	if r.orders, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			select {
			case r.asked <- lines.Text():
			default: // nobody wants to know
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait() // killed
	})
	if r.window, err = r.display.Window(ctx, "Offhook.*"); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *real) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *real) see(name string) (drive.MapObject, float64) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, timeout)
	defer cancel()
	o, scale, err := drive.AwaitObject(ctx, r.uiMap, name)
	r.must(err)
	return o, scale
}

func (r *real) click(name string) {
	r.t.Helper()
	o, scale := r.see(name)
	r.must(r.window.Click(r.ctx, int((o.X+o.W/2)*scale), int((o.Y+o.H/2)*scale)))
}

func (r *real) press(key string) { r.t.Helper(); r.must(r.display.Press(r.ctx, key)) }

// pressAtOnce presses keys within one frame: what the first ones bring is not drawn yet
// when the last one comes.
func (r *real) pressAtOnce(keys ...string) {
	r.t.Helper()
	_, err := r.display.Run(r.ctx, "xdotool", append([]string{"key", "--delay", "0"}, keys...)...)
	r.must(err)
}

// expect waits until the phone was asked for something.
func (r *real) expect(want string) {
	r.t.Helper()
	limit := time.After(timeout)
	var got []string
	for {
		select {
		case asked := <-r.asked:
			if asked == want {
				return
			}
			got = append(got, asked)
		case <-limit:
			r.t.Fatalf("the phone was asked for %q, not %q", got, want)
		}
	}
}

func (r *real) order(what string) {
	r.t.Helper()
	_, err := fmt.Fprintln(r.orders, what)
	r.must(err)
}

// A call from the first letter to the end of it, by keys and mouse, at the scales
// that screens have.
func TestRealWindowCall(t *testing.T) {
	for _, scale := range []string{"1", "1.5"} {
		t.Run(scale, func(t *testing.T) {
			r := openReal(t, "dial", scale)
			r.click("Name or number")
			r.must(r.display.Type(r.ctx, "pri"))
			r.see("Call Priya Nair")
			r.press("Down")
			r.see("Call Prince Samuel")
			r.press("Up")
			r.see("Call Priya Nair")
			r.press("Return")
			r.expect("dial:9845012345")
			r.see("Mute, off")
			r.press("ctrl+m")
			r.expect("mute")
			r.click("Mute, on")
			r.expect("unmute")
			r.click("Keypad")
			r.see("Hide keypad")
			r.must(r.display.Type(r.ctx, "4"))
			r.expect("dtmf:4")
			r.click("Key 7")
			r.expect("dtmf:7")
			r.press("Escape") // closes the keypad, and never hangs up
			r.see("Mute, off")
			r.click("Hang up")
			r.expect("hangup")
		})
	}
}

// The Tab key alone comes from the number field to a tab, and Return takes it.
func TestRealWindowByKeyboardAlone(t *testing.T) {
	r := openReal(t, "dial", "1")
	r.click("Name or number")
	focus := func(name string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(r.ctx, timeout)
		defer cancel()
		r.must(drive.AwaitFocus(ctx, r.uiMap, name))
	}
	focus("Name or number")
	r.press("shift+Tab") // backwards past the strip to the menu
	r.press("shift+Tab")
	focus("Menu")
	r.press("Return")
	r.see("Settings")
	r.press("Escape")
	focus("Menu")
	r.press("ctrl+2")
	focus("Search names and numbers")
	r.pressAtOnce("ctrl+shift+0", "Down", "Return")
	r.expect("availability:busy")
}

// other is a window of another program that writes down which keys it gets.
type other struct {
	conn *xgb.Conn
	id   xproto.Window
	keys chan xproto.Keycode
	seen chan struct{}
}

func openOther(t *testing.T, display string) *other {
	t.Helper()
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		t.Fatal(err)
	}
	screen := xproto.Setup(conn).DefaultScreen(conn)
	o := &other{conn: conn, keys: make(chan xproto.Keycode, 64), seen: make(chan struct{}, 8)}
	if o.id, err = xproto.NewWindowId(conn); err != nil {
		t.Fatal(err)
	}
	const mask = xproto.EventMaskKeyPress | xproto.EventMaskFocusChange
	if err := xproto.CreateWindowChecked(conn, screen.RootDepth, o.id, screen.Root, 0, 0, 300, 200, 0, xproto.WindowClassInputOutput,
		screen.RootVisual, xproto.CwBackPixel|xproto.CwEventMask, []uint32{0x404040, mask}).Check(); err != nil {
		t.Fatal(err)
	}
	name := "Other work"
	xproto.ChangeProperty(conn, xproto.PropModeReplace, o.id, xproto.AtomWmName, xproto.AtomString, 8, uint32(len(name)), []byte(name))
	if err := xproto.MapWindowChecked(conn, o.id).Check(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for {
			ev, err := conn.WaitForEvent()
			if ev == nil && err == nil {
				return // closed
			}
			switch ev := ev.(type) {
			case xproto.KeyPressEvent:
				o.keys <- ev.Detail
			case xproto.FocusInEvent:
				select {
				case o.seen <- struct{}{}:
				default:
				}
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-read })
	return o
}

// got waits for a key.
func (o *other) got(t *testing.T, when string) {
	t.Helper()
	select {
	case <-o.keys:
	case <-time.After(timeout):
		t.Fatalf("%s: the key went elsewhere", when)
	}
}

// The panel of an incoming call never takes the keyboard from another window:
// neither when it comes, nor while it is there, nor when it goes; a click in it
// still works.
func TestRealWindowPanelTakesNoFocus(t *testing.T) {
	r := openReal(t, "dial", "1")
	r.see("Name or number")
	o := openOther(t, r.display.Name)
	w, err := r.display.Window(r.ctx, "Other work")
	r.must(err)
	r.must(w.Click(r.ctx, 20, 20))
	select {
	case <-o.seen:
	case <-time.After(timeout):
		t.Fatal("the other window does not get the keyboard")
	}
	r.press("a")
	o.got(t, "before the call")

	for round := range 2 {
		r.order("ring")
		r.awaitPanel(true)
		for _, key := range []string{"b", "Return", "space"} {
			r.press(key)
			o.got(t, fmt.Sprintf("ring %d, key %s", round, key))
		}
		if name := focusedName(t, o.conn); !strings.Contains(name, "Other work") {
			t.Fatalf("the keyboard is at %q", name)
		}
		r.order("give up")
		r.awaitPanel(false)
		r.press("c")
		o.got(t, "after the call")
	}
	select {
	case asked := <-r.asked:
		t.Errorf("a key of the other window asked the phone for %q", asked)
	default:
	}

	r.order("ring")
	panel := r.awaitPanel(true)
	p, err := r.display.Window(r.ctx, "Incoming call")
	r.must(err)
	for _, o := range panel.Objects {
		if o.Label == "Silence" {
			r.must(p.Click(r.ctx, int(o.X+o.W/2), int(o.Y+o.H/2)))
			r.expect("silence")
			return
		}
	}
	t.Errorf("the panel has no Silence: %v", panel.Objects)
}

// awaitPanel waits until the panel is shown or gone.
func (r *real) awaitPanel(on bool) *AccessMap {
	r.t.Helper()
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var m AccessMap
		if raw, err := os.ReadFile(r.uiMap); err == nil && json.Unmarshal(raw, &m) == nil && (m.Panel != nil) == on {
			return m.Panel
		}
	}
	r.t.Fatalf("the panel is not as expected (shown: %v)", on)
	return nil
}

// focusedName is the title of the window that has the keyboard.
func focusedName(t *testing.T, conn *xgb.Conn) string {
	t.Helper()
	f, err := xproto.GetInputFocus(conn).Reply()
	if err != nil {
		t.Fatal(err)
	}
	for id := f.Focus; id > 1; {
		p, err := xproto.GetProperty(conn, false, id, xproto.AtomWmName, xproto.GetPropertyTypeAny, 0, 64).Reply()
		if err == nil && len(p.Value) > 0 {
			return string(p.Value)
		}
		tree, err := xproto.QueryTree(conn, id).Reply()
		if err != nil || tree.Parent == tree.Root {
			break
		}
		id = tree.Parent
	}
	return ""
}
