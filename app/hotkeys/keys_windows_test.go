package hotkeys

import (
	"testing"
	"time"
)

var keybdEvent = user32.NewProc("keybd_event")

// press presses Ctrl Shift and a key, and lets go of them.
func press(key uintptr) {
	const up, shift, control = 2, 0x10, 0x11
	for _, k := range []uintptr{control, shift, key} {
		_, _, _ = keybdEvent.Call(k, 0, 0, 0)
	}
	for _, k := range []uintptr{key, shift, control} {
		_, _, _ = keybdEvent.Call(k, 0, up, 0)
	}
}

func TestKeysOfAllWindows(t *testing.T) {
	pressed := make(chan string, 4)
	take := func() (func(), error) {
		return Take(func() { pressed <- "answer" }, func() { pressed <- "decline" })
	}
	stop, err := take()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := take(); err == nil {
		t.Error("two have the keys")
	}
	for key, want := range map[uintptr]string{keyAnswer: "answer", keyDecline: "decline"} {
		press(key)
		select {
		case got := <-pressed:
			if got != want {
				t.Errorf("%s came, want %s", got, want)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("no %s", want)
		}
	}
	stop()
	again, err := take()
	if err != nil {
		t.Fatal(err)
	}
	again()
}
