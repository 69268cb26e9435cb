package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"offhook/app"
	"offhook/internal/drive"
	"offhook/voice"
)

// timeout bounds every wait of a test: long beyond any slow machine.
const timeout = 3 * time.Minute

// built is where programs has put what it built, once it has.
var built string

// programs builds offhook, offhook-headless and offhook-demo once, with the race detector if the
// tests have it.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "offhook-bin-")
	if err != nil {
		return "", err
	}
	built = dir
	for name, args := range map[string][]string{
		"offhook": {"offhook/cmd/desktop"}, "offhook-demo": {"offhook/cmd/demo"},
		slimName: {"-tags", "headless,nolibopusfile", "offhook/cmd/desktop"},
	} {
		args = append([]string{"build", "-o", filepath.Join(dir, name)}, args...)
		if raceEnabled {
			args = slices.Insert(args, 1, "-race")
		}
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			return dir, fmt.Errorf("building %s: %w\n%s", name, err, out)
		}
	}
	return dir, nil
})

// program returns the path of offhook or offhook-demo.
func program(t testing.TB, name string) string {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// process is a program of ours that runs for a test and is ended with it. Its
// output goes to the test's log when the test fails.
type process struct {
	cmd    *exec.Cmd
	output lockedBuffer
	lines  chan string
	done   chan struct{}
	err    error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// home is an environment in which a program finds no display, no keyring and no
// settings but the test's.
func home(dir string) []string {
	env := []string{"HOME=" + dir, "XDG_CONFIG_HOME=" + dir + "/config", "XDG_RUNTIME_DIR=" + dir + "/run", "DBUS_SESSION_BUS_ADDRESS=unix:path=" + dir + "/none"}
	for _, name := range []string{"PATH", "TMPDIR", "LANG", "GORACE"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func start(t *testing.T, dir, name string, args ...string) *process {
	t.Helper()
	return startIn(t, dir, nil, name, args...)
}

// startIn is start with more in the environment.
func startIn(t *testing.T, dir string, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program(t, name), args...), lines: make(chan string, 256), done: make(chan struct{})}
	p.cmd.Env = append(home(dir), env...)
	if err := os.MkdirAll(filepath.Join(dir, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = &p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(io.TeeReader(stdout, &p.output))
		for lines.Scan() {
			select {
			case p.lines <- lines.Text():
			default:
			}
		}
		close(p.lines)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			out := p.output.String()
			if len(out) > 12000 {
				out = out[:4000] + "\n…\n" + out[len(out)-8000:]
			}
			t.Logf("%s %s said:\n%s", name, strings.Join(args, " "), out)
		}
		if strings.Contains(p.output.String(), "DATA RACE") {
			t.Errorf("%s has a data race", name)
		}
	})
	return p
}

// stop ends the process with SIGTERM and expects it to go.
func (p *process) stop(t *testing.T) {
	t.Helper()
	select {
	case <-p.done:
		return
	default:
	}
	p.cmd.Process.Signal(syscall.SIGCONT)
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(timeout):
		p.cmd.Process.Signal(syscall.SIGQUIT)
		<-p.done
		t.Errorf("%s did not end in time of SIGTERM", filepath.Base(p.cmd.Path))
	}
}

// descriptors lists the process's open files and sockets.
func (p *process) descriptors(t *testing.T) []string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, e := range entries {
		// One that was closed meanwhile has no target any more.
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			open = append(open, target)
		}
	}
	slices.Sort(open)
	return open
}

// platform is the demo platform as a process of its own.
type platform struct {
	*process
	url string
}

func startPlatform(t *testing.T, args ...string) *platform {
	t.Helper()
	dir := t.TempDir()
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--json"}, args...)
	p := &platform{process: start(t, dir, "offhook-demo", args...)}
	select {
	case line := <-p.lines:
		var ready struct {
			URL string `json:"url"`
		}
		if err := json.Unmarshal([]byte(line), &ready); err != nil || ready.URL == "" {
			t.Fatalf("the platform's first line is not its address: %q", line)
		}
		p.url = ready.URL
	case <-p.done:
		t.Fatalf("the platform ended at its start: %v\n%s", p.err, p.output.String())
	case <-time.After(timeout):
		t.Fatal("the platform was not ready in time")
	}
	return p
}

// phone is a headless phone as a process of its own.
type phone struct {
	*process
	user      string
	recording string
	remote    drive.Remote
}

func startPhone(t *testing.T, server, user, microphone string, args ...string) *phone {
	t.Helper()
	return startPhoneWith(t, server, user, "demo", append([]string{"--audio-in", microphone}, args...)...)
}

// startPhoneWith starts a phone with any password.
func startPhoneWith(t *testing.T, server, user, password string, args ...string) *phone {
	t.Helper()
	return startPhoneIn(t, nil, server, user, password, args...)
}

// startPhoneIn starts a phone with more in its environment.
func startPhoneIn(t *testing.T, env []string, server, user, password string, args ...string) *phone {
	t.Helper()
	dir := t.TempDir()
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &phone{user: user, recording: filepath.Join(dir, user+".wav")}
	p.remote = drive.Remote{Binary: program(t, "offhook"), Profile: user, ConfigDir: filepath.Join(dir, "phone"), Env: home(dir)}
	args = append([]string{"--headless", "--config-dir", p.remote.ConfigDir, "--profile", user,
		"--server", server, "--account", "demo", "--user", user, "--password-file", secret,
		"--audio-out", "file:" + p.recording, "--ring-out", "null"}, args...)
	p.process = startIn(t, dir, env, "offhook", args...)
	return p
}

func (p *phone) ready(t *testing.T) {
	t.Helper()
	p.until(t, timeout, "ready", func(s *app.Snapshot) bool { return s.Ready })
}

// ctl runs `offhook ctl ARGS --json` and decodes what it prints into v.
func (p *phone) ctl(v any, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return p.remote.Ctl(ctx, v, args...)
}

// do runs a ctl command that must succeed.
func (p *phone) do(t *testing.T, args ...string) {
	t.Helper()
	if err := p.ctl(nil, args...); err != nil {
		t.Fatalf("%s: ctl %s: %v", p.user, strings.Join(args, " "), err)
	}
}

// status is the phone's present snapshot.
func (p *phone) status(t *testing.T) *app.Snapshot {
	t.Helper()
	var s app.Snapshot
	if err := p.ctl(&s, "status"); err != nil {
		t.Fatalf("%s: %v", p.user, err)
	}
	return &s
}

// until follows the phone's snapshots until one fits, and returns it.
func (p *phone) until(t *testing.T, limit time.Duration, what string, fits func(*app.Snapshot) bool) *app.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	go func() {
		select {
		case <-p.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	s, err := p.remote.Until(ctx, what, fits)
	if err != nil {
		t.Fatalf("%s: %v", p.user, err)
	}
	return s
}

func (p *phone) untilState(t *testing.T, state voice.State) *app.Snapshot {
	t.Helper()
	return p.until(t, timeout, string(state), drive.InState(state))
}

// untilEnded waits for the end of the call and returns it.
func (p *phone) untilEnded(t *testing.T) *app.EndedCall {
	t.Helper()
	return p.until(t, timeout, "done with its call", drive.Ended).LastCall
}

// untilRecorded waits until the recording of what the phone plays has a length.
func (p *phone) untilRecorded(t *testing.T, length time.Duration) {
	t.Helper()
	deadline := time.Now().Add(length + timeout)
	for {
		info, err := os.Stat(p.recording)
		if err == nil && info.Size() >= int64(length.Seconds()*2*48000) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s did not play %v of sound in time", p.user, length)
		}
		p.status(t) // paces the loop by a round trip to the phone
	}
}

// quit ends the phone by ctl; its recording is complete then.
func (p *phone) quit(t *testing.T) {
	t.Helper()
	p.do(t, "quit")
	select {
	case <-p.done:
	case <-time.After(timeout):
		t.Fatalf("%s did not end in time of quit", p.user)
	}
	if p.err != nil {
		t.Errorf("%s: quit is a clean end, not %v", p.user, p.err)
	}
}
