package ui

import (
	"errors"
	"os"
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"github.com/go-gl/glfw/v3.4/glfw"

	"offhook/voice/fault"
)

// Screen says why there can be no screen on which a window could be shown. Whether
// one that is named is there turns out when the first window is shown.
func Screen() error {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return noScreen(errors.New("neither DISPLAY nor WAYLAND_DISPLAY is set"))
	}
	return nil
}

func noScreen(cause error) error {
	return fault.Wrap(cause, fault.ConfigurationInvalid, "program.no-screen")
}

// firstShown makes and shows the first window, by show, and says why it can't be
// shown: the window library panics where there is no screen, and goes on without a
// window where there is no OpenGL.
func firstShown(show func() (fyne.Window, bool)) (err error) {
	defer func() {
		gone := recover()
		if gone == nil {
			return
		}
		cause, known := gone.(*glfw.Error)
		if !known {
			panic(gone)
		}
		err = noScreen(cause)
	}()
	if win, shown := show(); shown && !exists(win) {
		return fault.New(fault.ConfigurationInvalid, "program.no-opengl")
	}
	return nil
}

// exists reports whether a window that was shown is one of the system's.
func exists(win fyne.Window) bool {
	n, ok := win.(driver.NativeWindow)
	if !ok {
		return true
	}
	there := false
	n.RunNative(func(context any) {
		switch c := context.(type) {
		case driver.WaylandWindowContext:
			there = c.WaylandSurface != 0
		default:
			there = handleOf(win) != 0
		}
	})
	return there
}
