package drive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Manager is the command of a window manager.
type Manager []string

// The window managers that the tests know. xfwm4 wants a session bus.
var (
	Openbox = Manager{"openbox", "--sm-disable"}
	Xfwm    = Manager{"dbus-run-session", "--", "xfwm4", "--compositor=off", "--sm-client-disable"}
)

// Display is a virtual display (Xvfb) with a window manager on it,
// worked by xdotool as a person works a real one: by mouse and keys.
type Display struct {
	// Name is what DISPLAY is set to.
	Name     string
	xvfb, wm *exec.Cmd
	env      []string
}

// OpenDisplay starts a display of width×height under openbox. home is where its
// programs may write. Xvfb chooses a free number by itself.
func OpenDisplay(ctx context.Context, home string, width, height int) (*Display, error) {
	return OpenDisplayUnder(ctx, Openbox, home, width, height)
}

// OpenDisplayUnder is OpenDisplay with another window manager.
func OpenDisplayUnder(ctx context.Context, manager Manager, home string, width, height int) (*Display, error) {
	numberRead, numberWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer numberRead.Close()
	d := &Display{}
	d.xvfb = exec.CommandContext(ctx, "Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height), "-nolisten", "tcp", "-noreset")
	d.xvfb.ExtraFiles = []*os.File{numberWrite}
	d.xvfb.Cancel = func() error { return d.xvfb.Process.Signal(os.Interrupt) }
	d.xvfb.WaitDelay = 5 * time.Second
	if err := d.xvfb.Start(); err != nil {
		numberWrite.Close()
		return nil, fmt.Errorf("starting Xvfb: %w", err)
	}
	numberWrite.Close()
	number, err := bufio.NewReader(numberRead).ReadString('\n')
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("no free display: %w", err)
	}
	d.Name = ":" + strings.TrimSpace(number)
	d.env = append(os.Environ(), "DISPLAY="+d.Name, "HOME="+home)
	d.wm = exec.CommandContext(ctx, manager[0], manager[1:]...)
	d.wm.Env = d.env
	d.wm.WaitDelay = 5 * time.Second
	if err := d.wm.Start(); err != nil {
		d.Close()
		return nil, fmt.Errorf("starting %s: %w", manager[0], err)
	}
	// A window that is shown before the manager is there is placed by nobody.
	for {
		if out, err := d.Run(ctx, "xprop", "-root", "_NET_SUPPORTING_WM_CHECK"); err == nil && strings.Contains(out, "window id") {
			return d, nil
		}
		select {
		case <-ctx.Done():
			d.Close()
			return nil, fmt.Errorf("%s does not manage the display: %w", manager[0], ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Close ends the display and what runs on it.
func (d *Display) Close() {
	for _, cmd := range []*exec.Cmd{d.wm, d.xvfb} {
		if cmd != nil && cmd.Process != nil {
			_ = cmd.Process.Signal(os.Interrupt) // it may be gone already
			_ = cmd.Wait()
		}
	}
}

// Run runs a program on the display and returns what it printed.
func (d *Display) Run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = d.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Window is a visible window of a program on the display.
type Window struct {
	display *Display
	id      string
}

// Window waits for the visible window with a title.
func (d *Display) Window(ctx context.Context, title string) (*Window, error) {
	out, err := d.Run(ctx, "xdotool", "search", "--sync", "--onlyvisible", "--name", "^"+title+"$")
	if err != nil {
		return nil, err
	}
	ids := strings.Fields(out)
	if len(ids) == 0 {
		return nil, errors.New("no window is called " + title)
	}
	return &Window{display: d, id: ids[len(ids)-1]}, nil
}

// ID is the window's number at the X server, as the tools of X take it.
func (w *Window) ID() string { return w.id }

// Activate asks the window manager to bring the window to the front, from wherever
// it is.
func (w *Window) Activate(ctx context.Context) error {
	_, err := w.display.Run(ctx, "xdotool", "windowactivate", "--sync", w.id)
	return err
}

// Minimise makes an icon of the window.
func (w *Window) Minimise(ctx context.Context) error {
	_, err := w.display.Run(ctx, "xdotool", "windowminimize", w.id)
	return err
}

// Origin returns where the window's content begins on the display, in pixels.
func (w *Window) Origin(ctx context.Context) (x, y int, err error) {
	out, err := w.display.Run(ctx, "xwininfo", "-id", w.id)
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch key {
		case "Absolute upper-left X":
			x, err = strconv.Atoi(strings.TrimSpace(value))
		case "Absolute upper-left Y":
			y, err = strconv.Atoi(strings.TrimSpace(value))
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return x, y, nil
}

// Click moves the pointer to a point of the window, rests there for a fifth of a
// second as a hand does, and presses the left button. (What can't be undone takes no
// press for 150 ms after it has come or moved.)
func (w *Window) Click(ctx context.Context, x, y int) error {
	left, top, err := w.Origin(ctx)
	if err != nil {
		return err
	}
	_, err = w.display.Run(ctx, "xdotool", "mousemove", strconv.Itoa(left+x), strconv.Itoa(top+y), "sleep", "0.2", "click", "1")
	return err
}

// Type types text into the window that has the focus, as a person would.
func (d *Display) Type(ctx context.Context, text string) error {
	_, err := d.Run(ctx, "xdotool", "type", "--delay", "20", text)
	return err
}

// Press presses a key by its X name: Return, Escape, ctrl+m.
func (d *Display) Press(ctx context.Context, key string) error {
	_, err := d.Run(ctx, "xdotool", "key", key)
	return err
}

// Picture writes what the whole display shows to w as PNG.
func (d *Display) Picture(ctx context.Context, w io.Writer) error {
	cmd := exec.CommandContext(ctx, "import", "-window", "root", "png:-")
	cmd.Env = d.env
	cmd.Stdout = w
	return cmd.Run()
}

// Picture writes what the window shows to w as PNG.
func (w *Window) Picture(ctx context.Context, out io.Writer) error {
	cmd := exec.CommandContext(ctx, "import", "-window", w.id, "png:-")
	cmd.Env = w.display.env
	cmd.Stdout = out
	return cmd.Run()
}
