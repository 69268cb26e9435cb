package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"offhook/app"
	"offhook/internal/drive"
	"offhook/internal/listen"
	"offhook/voice"
)

// tour is one run: a platform, a display, a phone on it.
type tour struct {
	out     string
	display *drive.Display
	window  *drive.Window
	remote  drive.Remote
	uiMap   string
	started time.Time
	report  *report
	phone   *exec.Cmd
	// speech is what the phone's microphone hears, heard what its loudspeaker says.
	speech, heard string
	closers       []func()
}

// open starts the platform, the display and the phone on it, with its files in
// dir and with added to its environment. What it returns must be closed, also after an error.
func open(ctx context.Context, phone, platform, dir, out string, with []string, args ...string) (*tour, error) {
	t := &tour{out: out, uiMap: filepath.Join(dir, "map.json"), report: &report{Date: time.Now()}}
	err := os.MkdirAll(out, 0o755)
	if err != nil {
		return t, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "run"), 0o700); err != nil {
		return t, err
	}
	if phone, err = filepath.Abs(phone); err != nil {
		return t, err
	}
	if t.display, err = drive.OpenDisplay(ctx, dir, 760, 760); err != nil {
		return t, err
	}
	t.closers = append(t.closers, t.display.Close)
	url, stopPlatform, err := startPlatform(ctx, platform, dir)
	if err != nil {
		return t, err
	}
	t.closers = append(t.closers, stopPlatform)

	t.started = time.Now()
	env := append(os.Environ(), "DISPLAY="+t.display.Name, "HOME="+dir, "XDG_CONFIG_HOME="+dir+"/config", "XDG_RUNTIME_DIR="+dir+"/run",
		"DBUS_SESSION_BUS_ADDRESS=unix:path="+dir+"/none", "OFFHOOK_UI_MAP="+t.uiMap, "WAYLAND_DISPLAY=", "FYNE_SCALE=1")
	env = append(env, with...)
	t.remote = drive.Remote{Binary: phone, Profile: "tour", ConfigDir: filepath.Join(dir, "phone"), Env: env}
	t.speech, t.heard = filepath.Join(dir, "speech.wav"), filepath.Join(dir, "heard.wav")
	if err := os.WriteFile(t.speech, spoken, 0o644); err != nil {
		return t, err
	}
	t.phone = exec.CommandContext(ctx, phone, append([]string{"--profile", "tour", "--config-dir", t.remote.ConfigDir, "--server", url, "--account", "demo",
		"--audio-in", "file:" + t.speech, "--audio-out", "file:" + t.heard, "--ring-out", "null"}, args...)...)
	t.phone.Env = env
	log, err := os.Create(filepath.Join(out, "phone.log"))
	if err != nil {
		return t, err
	}
	t.closers = append(t.closers, func() { _ = log.Close() }) // what is missing of it is seen
	t.phone.Stdout, t.phone.Stderr = log, log
	if err := t.phone.Start(); err != nil {
		return t, err
	}
	t.closers = append(t.closers, func() { _ = t.phone.Process.Kill(); _ = t.phone.Wait() }) // it has quit by itself when all went well
	return t, nil
}

// close ends what was opened, the latest first.
func (t *tour) close() {
	for i := len(t.closers) - 1; i >= 0; i-- {
		t.closers[i]()
	}
}

// run makes the tour. It returns what it has even when it fails.
func run(ctx context.Context, phone, platform, out string) (*report, error) {
	dir, err := os.MkdirTemp("", "offhook-tour-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t, err := open(ctx, phone, platform, dir, out, nil)
	defer t.close()
	if err != nil {
		return t.report, err
	}
	for _, part := range []func(context.Context) error{t.signIn, t.callEcho, t.beCalledBack, t.quit} {
		if err := part(ctx); err != nil {
			t.shot(context.WithoutCancel(ctx), "failed")
			return t.report, err
		}
	}
	said, err := listen.ReadWAV(t.speech)
	if err != nil {
		return t.report, err
	}
	recording, err := listen.ReadWAV(t.heard)
	if err != nil {
		return t.report, err
	}
	if t.report.Heard = listen.Find(recording, said).Correlation; t.report.Heard < 0.8 {
		return t.report, fmt.Errorf("the echo was not heard: correlation %.2f", t.report.Heard)
	}
	return t.report, nil
}

// startPlatform runs the demo platform on ports of the system's choice.
func startPlatform(ctx context.Context, binary, dir string) (url string, stop func(), err error) {
	cmd := exec.CommandContext(ctx, binary, "serve", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--data", filepath.Join(dir, "platform"), "--json")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() } // its exit code is of no interest here
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	var ready struct {
		URL string `json:"url"`
	}
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err == nil && ready.URL == "" {
		err = errors.New("it did not say its address")
	}
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("starting the demo platform: %w", err)
	}
	return ready.URL, stop, nil
}

// signIn types name and password into the sign-in page.
func (t *tour) signIn(ctx context.Context) error {
	var err error
	if t.window, err = t.display.Window(ctx, "Offhook.*"); err != nil {
		return err
	}
	if err := t.enter(ctx, "User name", "alice"); err != nil {
		return err
	}
	t.shot(ctx, "sign-in")
	if err := t.enter(ctx, "Password", "demo"); err != nil {
		return err
	}
	if err := t.click(ctx, "Sign in"); err != nil {
		return err
	}
	s, err := t.until(ctx, "ready", func(s *app.Snapshot) bool { return s.Ready })
	if err != nil {
		return err
	}
	t.report.Version = s.Version
	// The first start checks the sound before it shows the dial page.
	if err := t.see(ctx, "Start working"); err != nil {
		return err
	}
	t.shot(ctx, "audio-check")
	return t.click(ctx, "Start working")
}

// callEcho dials by keyboard, mutes, types digits and hangs up by mouse.
func (t *tour) callEcho(ctx context.Context) error {
	if err := t.see(ctx, "Name or number"); err != nil {
		return err
	}
	t.shot(ctx, "dial")
	if err := t.enter(ctx, "Name or number", "echo"); err != nil {
		return err
	}
	if err := t.see(ctx, "Call Echo: hear yourself"); err != nil {
		return err
	}
	t.shot(ctx, "dial-typed")
	if err := t.display.Press(ctx, "Return"); err != nil {
		return err
	}
	if _, err := t.until(ctx, "connected to echo", drive.InState(voice.StateEstablished)); err != nil {
		return err
	}
	cpu := processorTime(t.phone.Process.Pid)
	talking := time.Now()
	if _, err := t.until(ctx, "measured", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.DurationS >= 12 }); err != nil {
		return err
	}
	t.report.CPU = float64(processorTime(t.phone.Process.Pid)-cpu) / float64(time.Since(talking)) * 100
	t.report.Memory = memory(t.phone.Process.Pid)
	t.shot(ctx, "in-call")
	if err := t.click(ctx, "Mute, off"); err != nil {
		return err
	}
	if _, err := t.until(ctx, "muted", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.Muted }); err != nil {
		return err
	}
	t.shot(ctx, "muted")
	if err := t.display.Press(ctx, "ctrl+m"); err != nil {
		return err
	}
	if _, err := t.until(ctx, "unmuted", func(s *app.Snapshot) bool { return s.Call != nil && !s.Call.Muted }); err != nil {
		return err
	}
	if err := t.click(ctx, "Keypad"); err != nil {
		return err
	}
	if err := t.see(ctx, "Hide keypad"); err != nil {
		return err
	}
	if err := t.display.Type(ctx, "44"); err != nil {
		return err
	}
	if err := t.click(ctx, "7"); err != nil {
		return err
	}
	if _, err := t.until(ctx, "sending digits", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.DTMFSent == "447" }); err != nil {
		return err
	}
	t.shot(ctx, "keypad")
	if err := t.measure(ctx); err != nil {
		return err
	}
	if err := t.click(ctx, "Hang up"); err != nil {
		return err
	}
	if err := t.ended(ctx); err != nil {
		return err
	}
	// The number field is back at once, under a banner that says how the call ended.
	if err := t.see(ctx, "Rate sound"); err != nil {
		return err
	}
	t.shot(ctx, "ended")
	return nil
}

// beCalledBack dials the bot that hangs up and calls, and answers it.
func (t *tour) beCalledBack(ctx context.Context) error {
	if err := t.enter(ctx, "Name or number", "callback"); err != nil {
		return err
	}
	if err := t.display.Press(ctx, "Return"); err != nil {
		return err
	}
	if _, err := t.until(ctx, "called back", drive.InState(voice.StateIncoming)); err != nil {
		return err
	}
	if err := t.see(ctx, "Answer"); err != nil {
		return err
	}
	t.shot(ctx, "incoming")
	if err := t.click(ctx, "Answer"); err != nil {
		return err
	}
	if _, err := t.until(ctx, "talking to the caller", func(s *app.Snapshot) bool {
		return s.Call != nil && s.Call.State == voice.StateEstablished && s.Call.DurationS >= 6
	}); err != nil {
		return err
	}
	t.shot(ctx, "answered")
	if err := t.measure(ctx); err != nil {
		return err
	}
	if err := t.click(ctx, "Hang up"); err != nil {
		return err
	}
	return t.ended(ctx)
}

func (t *tour) quit(ctx context.Context) error {
	if err := t.remote.Ctl(ctx, nil, "quit"); err != nil {
		return err
	}
	return t.phone.Wait()
}

func (t *tour) until(ctx context.Context, what string, fits func(*app.Snapshot) bool) (*app.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	return t.remote.Until(ctx, what, fits)
}

// see waits until the window shows an object.
func (t *tour) see(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	_, _, err := drive.AwaitObject(ctx, t.uiMap, name)
	return err
}

// click presses the left button in the middle of an object.
func (t *tour) click(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	o, scale, err := drive.AwaitObject(ctx, t.uiMap, name)
	if err != nil {
		return err
	}
	return t.window.Click(ctx, int((o.X+o.W/2)*scale), int((o.Y+o.H/2)*scale))
}

// enter clicks into a field, sees the cursor there, and types.
func (t *tour) enter(ctx context.Context, field, text string) error {
	if err := t.click(ctx, field); err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := drive.AwaitFocus(limit, t.uiMap, field); err != nil {
		return err
	}
	return t.display.Type(ctx, text)
}

// shot keeps a picture of the step that was just done.
func (t *tour) shot(ctx context.Context, name string) {
	file := fmt.Sprintf("%02d-%s.png", len(t.report.Steps)+1, name)
	f, err := os.Create(filepath.Join(t.out, file))
	if err != nil {
		return
	}
	defer f.Close()
	if t.window == nil || t.window.Picture(ctx, f) != nil {
		_ = t.display.Picture(ctx, f) // a picture that fails is seen to be missing
	}
	t.report.Steps = append(t.report.Steps, step{Name: name, AtS: time.Since(t.started).Seconds(), Picture: file})
}

// measure notes the statistics of the call in progress.
func (t *tour) measure(ctx context.Context) error {
	var c call
	if err := t.remote.Ctl(ctx, &c, "stats"); err != nil {
		return err
	}
	t.report.Calls = append(t.report.Calls, c)
	return nil
}

// ended waits for the end of the call that was measured last.
func (t *tour) ended(ctx context.Context) error {
	s, err := t.until(ctx, "done with its call", drive.Ended)
	if err != nil {
		return err
	}
	c := &t.report.Calls[len(t.report.Calls)-1]
	c.With, c.Direction, c.EndReason = s.LastCall.RemoteID, s.LastCall.Direction, s.LastCall.EndReason
	return nil
}
