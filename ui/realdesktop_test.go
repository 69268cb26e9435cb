//go:build realwindow && linux

package ui

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"offhook/internal/drive"
)

// theMap is the map of the window as it is now.
func (r *real) theMap() (m AccessMap) {
	if raw, err := os.ReadFile(r.uiMap); err == nil {
		_ = json.Unmarshal(raw, &m) // half written is as good as not there
	}
	return m
}

// await waits until the map is as it should be.
func (r *real) await(what string, holds func(AccessMap) bool) AccessMap {
	r.t.Helper()
	var m AccessMap
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if m = r.theMap(); holds(m) {
			return m
		}
	}
	r.t.Fatalf("%s: the screen is %q, the panel shown: %v, the bar: %v", what, m.Screen, m.Panel != nil, m.Bar != nil)
	return m
}

// floats waits until the small window of a title is the topmost one that can be
// seen, and returns it.
func (r *real) floats(when, title string) *drive.Window {
	r.t.Helper()
	w, err := r.display.Window(r.ctx, title)
	if err != nil {
		r.t.Fatalf("%s: %v", when, err)
	}
	for end := time.Now().Add(timeout); ; time.Sleep(20 * time.Millisecond) {
		if top := r.topmost(); top == title {
			return w
		} else if time.Now().After(end) {
			r.t.Fatalf("%s: %q lies over %q", when, top, title)
		}
	}
}

// topmost is the title of the window that lies over all others.
func (r *real) topmost() string {
	r.t.Helper()
	out, err := r.display.Run(r.ctx, "xprop", "-root", "_NET_CLIENT_LIST_STACKING")
	r.must(err)
	_, list, _ := strings.Cut(out, "# ")
	ids := strings.Split(list, ", ")
	title, err := r.display.Run(r.ctx, "xdotool", "getwindowname", ids[len(ids)-1])
	r.must(err)
	return title
}

// pressIn presses the part of a small window by its label.
func (r *real) pressIn(w *drive.Window, m *AccessMap, label string) {
	r.t.Helper()
	for _, o := range m.Objects {
		if o.Label == label || strings.HasPrefix(o.Label, label+" ") || strings.HasPrefix(o.Label, label+",") {
			r.must(w.Click(r.ctx, int(o.X+o.W/2), int(o.Y+o.H/2)))
			return
		}
	}
	var labels []string
	for _, o := range m.Objects {
		labels = append(labels, o.Label)
	}
	r.t.Fatalf("no %q: %q", label, labels)
}

// rings is how often it rings under each window manager; by hand it is 50.
var rings = flag.Int("rings", 10, "how often TestRealWindowRings rings")

// Every ring is seen, the last as the first, wherever the main window is: in front
// it shows the call itself, else the panel lies over all other work. A live call is
// always on the screen: the bar takes the panel's place.
func TestRealWindowRings(t *testing.T) {
	for name, manager := range map[string]drive.Manager{"openbox": drive.Openbox, "xfwm4": drive.Xfwm} {
		t.Run(name, func(t *testing.T) { everyRing(t, openRealUnder(t, manager, "dial", "1")) })
	}
}

func everyRing(t *testing.T, r *real) {
	r.see("Name or number")
	o := openOther(t, r.display.Name)
	elsewhere, err := r.display.Window(r.ctx, "Other work")
	r.must(err)
	main := r.window

	front := func() {
		r.must(main.Activate(r.ctx))
		r.await("in front", func(m AccessMap) bool { return m.Front })
	}
	away := func() { r.await("away", func(m AccessMap) bool { return !m.Front }) }
	places := []struct {
		name string
		take func()
	}{
		{"in front", front},
		{"behind", func() { front(); r.must(elsewhere.Activate(r.ctx)); r.must(elsewhere.Click(r.ctx, 20, 20)); away() }},
		{"minimised", func() { front(); r.must(main.Minimise(r.ctx)); away() }},
		{"on another workspace", func() {
			front()
			_, err := r.display.Run(r.ctx, "xdotool", "set_desktop", "1")
			r.must(err)
			away()
		}},
	}
	for round := range *rings {
		place := places[(round+1)%len(places)]
		when := fmt.Sprintf("ring %d, the window %s", round+1, place.name)
		place.take()
		r.order("ring")
		if place.name == "in front" {
			r.await(when, func(m AccessMap) bool { return m.Screen == "incoming" && m.Panel == nil })
			r.press("ctrl+shift+a")
			r.expect("answer")
			r.await(when, func(m AccessMap) bool { return m.Screen == "in-call" && m.Bar == nil })
			r.press("ctrl+shift+e")
			r.expect("hangup")
			continue
		}
		m := r.await(when, func(m AccessMap) bool { return m.Panel != nil })
		panel := r.floats(when, "Incoming call")
		switch round % 3 {
		case 0:
			r.pressIn(panel, m.Panel, "Answer")
			r.expect("answer")
			r.await(when, func(m AccessMap) bool { return m.Panel == nil && m.Bar != nil })
			bar := r.floats(when, "Call")
			for end := time.Now().Add(200 * time.Millisecond); time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond) // the bar takes no press so soon after the panel
			}
			m := r.theMap()
			r.pressIn(bar, m.Bar, "Mute")
			r.expect("mute")
			r.pressIn(bar, m.Bar, "Hang up")
			r.expect("hangup")
			r.await(when, func(m AccessMap) bool { return m.Bar == nil })
		case 1:
			r.pressIn(panel, m.Panel, "Decline")
			r.expect("hangup")
			r.await(when, func(m AccessMap) bool { return m.Panel == nil })
		default:
			r.order("give up")
			r.await(when, func(m AccessMap) bool { return m.Panel == nil })
		}
		if name := focusedName(t, o.conn); strings.HasPrefix(name, "Incoming") || name == "Call" {
			t.Fatalf("%s: the keyboard is at %q", when, name)
		}
		_, err := r.display.Run(r.ctx, "xdotool", "set_desktop", "0")
		r.must(err)
	}
}

// watcher is a made place for tray icons.
type watcher struct{}

// RegisterStatusNotifierItem is the watcher's method.
func (watcher) RegisterStatusNotifierItem(string) *dbus.Error { return nil }

// A window that was closed to the tray rings like any other, time after time, by
// panel and notification, and tells of each missed call.
func TestRealWindowInTheTray(t *testing.T) {
	address, service := newBus(t)
	if err := service.conn.Export(watcher{}, "/StatusNotifierWatcher", trayName); err != nil {
		t.Fatal(err)
	}
	if _, err := service.conn.RequestName(trayName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	r := openRealWith(t, "dial", "1", "DBUS_SESSION_BUS_ADDRESS="+address)
	r.see("Name or number")
	r.must(r.window.Activate(r.ctx))
	r.await("in front", func(m AccessMap) bool { return m.Front })
	r.press("alt+F4")
	r.await("closed", func(m AccessMap) bool { return !m.Front })
	told := func(what string) {
		t.Helper()
		if got := await(t, "notification", service.shown); got[0] != what {
			t.Fatalf("the notification %v, want %s", got[:2], what)
		}
	}
	for round := range 4 {
		when := fmt.Sprintf("ring %d in the tray", round+1)
		r.order("ring")
		m := r.await(when, func(m AccessMap) bool { return m.Panel != nil })
		panel := r.floats(when, "Incoming call")
		told("Incoming call")
		if round%2 == 0 {
			r.pressIn(panel, m.Panel, "Decline")
			r.expect("hangup")
		} else {
			r.order("give up")
		}
		r.await(when, func(m AccessMap) bool { return m.Panel == nil })
		r.order("miss")
		told("Missed call")
	}
}

// A headset that goes during a call is told of by the system while the window is not in
// front, and the one that appears is offered above the call.
func TestRealWindowDevicesOfACall(t *testing.T) {
	address, service := newBus(t)
	r := openRealWith(t, "in-call", "1", "DBUS_SESSION_BUS_ADDRESS="+address)
	r.see("Mute, off")
	openOther(t, r.display.Name)
	elsewhere, err := r.display.Window(r.ctx, "Other work")
	r.must(err)
	r.must(elsewhere.Activate(r.ctx))
	r.await("away", func(m AccessMap) bool { return !m.Front })
	r.order("unplug")
	if got := await(t, "notification", service.shown); !strings.HasPrefix(fmt.Sprint(got[0]), "In a call with") || !strings.Contains(fmt.Sprint(got[1]), "was unplugged") {
		t.Errorf("the notification %v", got[:2])
	}
	r.must(r.window.Activate(r.ctx))
	r.see("Jabra Evolve2 65 was unplugged. ")
	r.click("Close")
	r.order("offer")
	r.click("Use it")
	r.expect("take-device")
}

// Ten calls one after the other by the keyboard alone, from whatever page the last
// one left the window on.
func TestRealWindowTenCalls(t *testing.T) {
	r := openReal(t, "dial", "1")
	r.see("Name or number")
	r.must(r.window.Activate(r.ctx))
	r.await("in front", func(m AccessMap) bool { return m.Front })
	for i, begin := range []string{"", "ctrl+k", "ctrl+2 ctrl+k", "ctrl+3 ctrl+k", "", "ctrl+1", "F6", "ctrl+shift+0 Escape", "", "ctrl+k"} {
		number := fmt.Sprintf("10%d", i)
		if begin != "" {
			r.pressAtOnce(strings.Fields(begin)...)
		}
		r.must(r.display.Type(r.ctx, number)) // a digit begins the next number from every page
		r.press("Return")
		r.expect("dial:" + number)
		r.await(number, func(m AccessMap) bool { return m.Screen == "in-call" })
		r.must(r.display.Type(r.ctx, "42"))
		r.expect("dtmf:4")
		r.expect("dtmf:2")
		r.press("ctrl+shift+e")
		r.expect("hangup")
		r.await(number, func(m AccessMap) bool { return m.Screen != "in-call" })
	}
}

// A key that is held is one press.
func TestRealWindowHeldKeys(t *testing.T) {
	r := openReal(t, "in-call", "1")
	r.see("Mute, off")
	r.must(r.window.Activate(r.ctx))
	r.await("in front", func(m AccessMap) bool { return m.Front })
	hold := func(keys ...string) {
		t.Helper()
		args := []string{}
		for _, k := range keys {
			args = append(args, "keydown", k)
		}
		args = append(args, "sleep", "1.2")
		for i := len(keys) - 1; i >= 0; i-- {
			args = append(args, "keyup", keys[i])
		}
		_, err := r.display.Run(r.ctx, "xdotool", args...)
		r.must(err)
	}
	for _, tc := range []struct {
		keys []string
		want string
	}{
		{[]string{"ctrl", "m"}, "mute"}, {[]string{"ctrl", "m"}, "unmute"}, {[]string{"7"}, "dtmf:7"}, {[]string{"ctrl", "h"}, "hold"},
	} {
		hold(tc.keys...)
		r.expect(tc.want)
		hold("shift") // a key without a meaning: what the keys before it did has come
		select {
		case asked := <-r.asked:
			t.Errorf("%v held: and then %q", tc.keys, asked)
		default:
		}
	}
}

// Digits and shortcuts work on every keyboard layout: digits by the digit row, also
// where it writes letters or Devanagari, shortcuts by the letter on the key, or by its
// place where there is no such letter.
func TestRealWindowLayouts(t *testing.T) {
	r := openReal(t, "dial", "1")
	r.see("Name or number")
	r.must(r.window.Activate(r.ctx))
	r.await("in front", func(m AccessMap) bool { return m.Front })
	const row1, row2, row3, keyQ, keyA, keyE = "10", "11", "12", "24", "38", "26" // by place, as evdev numbers them
	const dvorakE = "40"                                                          // where others have D
	for layout, keys := range map[string][2]string{"us": {keyA, keyE}, "fr": {keyQ, keyE}, "in": {keyA, keyE}, "ru": {keyA, keyE}, "cz": {keyA, keyE}, "us(dvorak)": {keyA, dvorakE}} {
		name, variant, _ := strings.Cut(strings.TrimSuffix(layout, ")"), "(")
		_, err := r.display.Run(r.ctx, "setxkbmap", "-layout", name, "-variant", variant)
		r.must(err)
		_, err = r.display.Run(r.ctx, "sleep", "0.3") // the window hears of it by an event of its own
		r.must(err)
		r.order("ring")
		r.await(layout, func(m AccessMap) bool { return m.Screen == "incoming" })
		chord := func(key string) {
			t.Helper()
			_, err := r.display.Run(r.ctx, "xdotool", "keydown", "37", "keydown", "50", "key", key, "keyup", "50", "keyup", "37")
			r.must(err)
		}
		chord(keys[0])
		r.expect("answer")
		r.await(layout, func(m AccessMap) bool { return m.Screen == "in-call" })
		for digit, key := range []string{row1, row2, row3} {
			r.press(key)
			r.expect(fmt.Sprintf("dtmf:%d", digit+1))
		}
		chord(keys[1])
		r.expect("hangup")
		r.await(layout, func(m AccessMap) bool { return m.Screen != "in-call" })
	}
}

// Caps Lock and Num Lock change nothing about shortcuts and digits, nor do modifiers
// that are latched: pressed and let go before the key, as sticky keys are.
func TestRealWindowLocksAndLatches(t *testing.T) {
	r := openReal(t, "in-call", "1")
	r.see("Mute, off")
	r.must(r.window.Activate(r.ctx))
	r.await("in front", func(m AccessMap) bool { return m.Front })
	const keyCtrl, keyShift, keyM, keyE, key7, pad7 = "37", "50", "58", "26", "16", "79"
	for _, lock := range []string{"Caps_Lock", "Num_Lock"} {
		r.press(lock)
		r.press("ctrl+" + keyM)
		r.expect("mute")
		r.press("ctrl+" + keyM)
		r.expect("unmute")
		r.press(key7)
		r.expect("dtmf:7")
	}
	r.press(pad7) // the number pad, with its lock on
	r.expect("dtmf:7")
	r.press("Num_Lock")
	r.press("Caps_Lock")

	latched := filepath.Join(t.TempDir(), "latched.xkb")
	r.must(os.WriteFile(latched, []byte(`xkb_keymap {
	xkb_keycodes { include "evdev+aliases(qwerty)" };
	xkb_types { include "complete" };
	xkb_compat { include "complete" };
	xkb_symbols { include "pc+us+inet(evdev)"
		replace key <LCTL> { type="ONE_LEVEL", symbols[Group1]=[Control_L], actions[Group1]=[LatchMods(modifiers=Control)] };
		replace key <LFSH> { type="ONE_LEVEL", symbols[Group1]=[Shift_L], actions[Group1]=[LatchMods(modifiers=Shift)] };
	};
};`), 0o600))
	_, err := r.display.Run(r.ctx, "xkbcomp", "-w0", latched, r.display.Name)
	r.must(err)
	_, err = r.display.Run(r.ctx, "sleep", "0.3") // the window hears of it by an event of its own
	r.must(err)
	for _, key := range []string{keyCtrl, keyM} {
		r.press(key)
	}
	r.expect("mute")
	for _, key := range []string{keyCtrl, keyShift, keyE} {
		r.press(key)
	}
	r.expect("hangup")
}

// A press lands where the pointer is, also when it comes in the same frame as the
// move: as touch screens and remote desktops send it.
func TestRealWindowPressesLand(t *testing.T) {
	r := openReal(t, "in-call", "1")
	r.click("Keypad")
	r.see("Hide keypad")
	at := map[string][2]int{}
	left, top, err := r.window.Origin(r.ctx)
	r.must(err)
	for _, key := range "123456789" {
		o, scale := r.see("Key " + string(key))
		at[string(key)] = [2]int{left + int((o.X+o.W/2)*scale), top + int((o.Y+o.H/2)*scale)}
	}
	hang, scale := r.see("Hang up")
	red := [2]int{left + int((hang.X+hang.W/2)*scale), top + int((hang.Y+hang.H/2)*scale)}
	// The pointer stays until the press was answered: a window manager under load hands
	// a press on late, and says by then where the pointer is, not where it was.
	for _, wait := range []string{"0", "0.005", "0.01", "0.015"} {
		for i := range 50 {
			key := string(rune('1' + i*7%9))
			p := at[key]
			_, err := r.display.Run(r.ctx, "xdotool", "mousemove", fmt.Sprint(red[0]), fmt.Sprint(red[1]), "sleep", "0.03",
				"mousemove", fmt.Sprint(p[0]), fmt.Sprint(p[1]), "sleep", wait, "click", "1")
			r.must(err)
			select {
			case asked := <-r.asked:
				if asked != "dtmf:"+key {
					t.Fatalf("%s s between, press %d: the phone was asked for %q, not for %s", wait, i, asked, key)
				}
			case <-time.After(timeout):
				t.Fatalf("%s s between, press %d of %s did nothing", wait, i, key)
			}
		}
	}
}

// Where the last screen was is gone, and the window is on the screen that is there.
func TestRealWindowIsPlacedWhereItIsSeen(t *testing.T) {
	for name, place := range map[string]string{"right of it": "9000,20", "below it": "40,5000", "above it": "40,-600"} {
		r := openRealWith(t, "dial", "1", "OFFHOOK_REAL_PLACE="+place)
		r.see("Name or number")
		x, y, err := r.window.Origin(r.ctx)
		r.must(err)
		if x < 0 || y < 0 || x > 1200-380 || y > 1200-660 {
			t.Errorf("%s: the window is at %d, %d", name, x, y)
		}
		class, err := r.display.Run(r.ctx, "xprop", "-id", r.window.ID(), "WM_CLASS")
		r.must(err)
		if !strings.Contains(class, `"Offhook"`) {
			t.Errorf("the window's class is %s", class)
		}
	}
}
