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
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"offhook/app"
	"offhook/app/control"
)

// agent is one phone under test.
type agent struct {
	name, dir string
	cmd       *exec.Cmd
}

// ctl works the phone; a result may be decoded into v.
func (a *agent) ctl(ctx context.Context, v any, args ...string) error {
	data, err := control.Do(ctx, append([]string{"--config-dir", a.dir, "--profile", a.name}, args...)...)
	if err != nil {
		return fmt.Errorf("%s: ctl %s: %w", a.name, strings.Join(args, " "), err)
	}
	if v == nil {
		return nil
	}
	return json.Unmarshal(data, v)
}

// stage is the platform and the phones on it.
type stage struct {
	dir    string
	up     []*exec.Cmd
	agents []*agent
}

// setUp starts the platform and two phones, and waits until they are ready.
// Whatever it returns has to be closed.
func setUp(ctx context.Context, bin string, profiling bool) (*stage, error) {
	s := &stage{}
	var err error
	if s.dir, err = os.MkdirTemp("", "offhook-soak-"); err != nil {
		return s, err
	}
	platform := exec.CommandContext(ctx, filepath.Join(bin, "offhook-demo"), "serve", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0",
		"--data", filepath.Join(s.dir, "data"), "--json", "--call-rate", "1000", "--call-burst", "1000")
	url, err := startPlatform(platform)
	if err != nil {
		return s, err
	}
	s.up = append(s.up, platform)
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(password, []byte("demo"), 0o600); err != nil {
		return s, err
	}
	for _, name := range []string{"alice", "bob"} {
		a := &agent{name: name, dir: filepath.Join(s.dir, "phones")}
		a.cmd = exec.CommandContext(ctx, filepath.Join(bin, "offhook"), "--headless", "--config-dir", a.dir, "--profile", name, "--server", url,
			"--account", "demo", "--user", name, "--password-file", password, "--audio-in", "sine:300", "--audio-out", "null", "--ring-out", "null")
		a.cmd.Stderr = os.Stderr
		if profiling {
			a.cmd.Env = append(os.Environ(), "GODEBUG=memprofilerate=524288")
		}
		if err := a.cmd.Start(); err != nil {
			return s, err
		}
		s.up = append(s.up, a.cmd)
		s.agents = append(s.agents, a)
	}
	for _, a := range s.agents {
		if err := a.up(ctx); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *stage) close() {
	for i := len(s.up) - 1; i >= 0; i-- {
		end(s.up[i])
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// shift is a simulated shift.
func shift(ctx context.Context, bin string, calls, warm int, talk time.Duration, profiles string) error {
	if profiles != "" {
		var err error
		if profiles, err = filepath.Abs(profiles); err != nil {
			return err
		}
		if err := os.MkdirAll(profiles, 0o700); err != nil {
			return err
		}
	}
	s, err := setUp(ctx, bin, profiles != "")
	defer s.close()
	if err != nil {
		return err
	}
	agents := s.agents
	var before, after []figures
	began := time.Now()
	for n := range calls {
		if n == warm {
			if before, err = measureAll(ctx, agents, profiles, "before"); err != nil {
				return err
			}
		}
		if err := oneCall(ctx, n, agents[n%2], agents[1-n%2], talk); err != nil {
			return fmt.Errorf("call %d: %w", n, err)
		}
	}
	took := time.Since(began)
	if after, err = measureAll(ctx, agents, profiles, "after"); err != nil {
		return err
	}
	fmt.Printf("%d calls in %v; the first figures are from call %d on\n", calls, took.Round(time.Second), warm)
	return report(agents, before, after, calls)
}

func startPlatform(cmd *exec.Cmd) (url string, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	var ready struct {
		URL string `json:"url"`
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil || ready.URL == "" {
		return "", fmt.Errorf("the platform did not start: %w", err)
	}
	return ready.URL, nil
}

func end(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
}

// up waits until the phone listens and is ready.
func (a *agent) up(ctx context.Context) error {
	for range 200 {
		err := a.ctl(ctx, nil, "status", "--wait", "READY", "--timeout", "20s")
		var f *control.Failure
		if !errors.As(err, &f) || f.Code != control.CodeNotRunning {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%s did not start", a.name)
}

// oneCall is a call of a shift: most are answered, some declined, some given
// up, and now and then the agent does something else too.
func oneCall(ctx context.Context, n int, from, to *agent, talk time.Duration) error {
	steps := [][]string{{"dial", to.name, "--message", fmt.Sprint("ticket ", n), "--wait", "RINGING"}}
	do := func(a *agent, args ...string) error { return a.ctl(ctx, nil, args...) }
	if err := do(from, steps[0]...); err != nil {
		return err
	}
	if err := do(to, "status", "--wait", "INCOMING"); err != nil {
		return err
	}
	switch n % 10 {
	case 3: // declined
		if err := do(to, "hangup"); err != nil {
			return err
		}
	case 7: // given up
		if err := do(from, "hangup"); err != nil {
			return err
		}
	default:
		if err := do(to, "answer", "--wait", "ESTABLISHED"); err != nil {
			return err
		}
		if err := do(from, "status", "--wait", "ESTABLISHED"); err != nil {
			return err
		}
		time.Sleep(talk)
		if n%5 == 1 {
			if err := errors.Join(do(from, "mute"), do(from, "dtmf", "12"), do(from, "unmute")); err != nil {
				return err
			}
		}
		if n%20 == 4 {
			if err := errors.Join(do(to, "hold"), do(to, "resume")); err != nil {
				return err
			}
		}
		if err := do(map[bool]*agent{true: from, false: to}[n%3 == 0], "hangup"); err != nil {
			return err
		}
	}
	if err := errors.Join(do(from, "status", "--wait", "IDLE"), do(to, "status", "--wait", "IDLE")); err != nil {
		return err
	}
	if n%10 == 5 {
		if err := do(from, "feedback", "4", "ECHO"); err != nil {
			return err
		}
	}
	if n%25 == 9 { // another network, as far as the phone can tell
		return errors.Join(do(from, "retry"), do(from, "status", "--wait", "READY"), do(to, "availability", "busy"), do(to, "availability", "available"))
	}
	return nil
}

// figures are what may grow.
type figures struct {
	control.ProcessState
	descriptors int
	// resident is the memory that the process holds, anonymous what of it is no
	// file's, in bytes.
	resident, anonymous int64
	calls               int
}

func measureAll(ctx context.Context, agents []*agent, profiles, when string) ([]figures, error) {
	// SIP transactions live 32 s beyond their end (RFC 3261, 64 × T1); what
	// remains after that is no call's any more.
	time.Sleep(36 * time.Second)
	var out []figures
	for _, a := range agents {
		var f figures
		args := []string{"runtime"}
		if profiles != "" {
			args = append(args, filepath.Join(profiles, a.name+"-"+when+".heap"))
		}
		if err := a.ctl(ctx, &f.ProcessState, args...); err != nil {
			return nil, err
		}
		if profiles != "" {
			fmt.Fprintf(os.Stderr, "%s %s: %+v\n", a.name, when, f.ProcessState)
			if err := keep(fmt.Sprintf("/proc/%d/smaps", f.PID), filepath.Join(profiles, a.name+"-"+when+".smaps")); err != nil {
				return nil, err
			}
		}
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", f.PID))
		if err != nil {
			return nil, err
		}
		f.descriptors = len(entries)
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.PID))
		if err != nil {
			return nil, err
		}
		for _, line := range strings.Split(string(status), "\n") {
			var kB int64
			if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kB); err == nil {
				f.resident = kB << 10
			}
			if _, err := fmt.Sscanf(line, "RssAnon: %d kB", &kB); err == nil {
				f.anonymous = kB << 10
			}
		}
		var h struct {
			Calls []app.CallRecord `json:"calls"`
		}
		if err := a.ctl(ctx, &h, "history", "--limit", "100000"); err != nil {
			return nil, err
		}
		f.calls = len(h.Calls)
		out = append(out, f)
	}
	return out, nil
}

// The limits of a flat phone: resident memory grows by 3 % at most. The heap may
// differ by what a garbage collector happens to hold.
const (
	slackGoroutines  = 2
	slackDescriptors = 1
	slackHeap        = 256 << 10
)

func report(agents []*agent, before, after []figures, calls int) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "phone\tgoroutines\tdescriptors\theap KB\tresident KB\tof it anonymous\tgrowth\tcalls in the log")
	var errs []error
	for i, a := range agents {
		b, c := before[i], after[i]
		fmt.Fprintf(t, "%s\t%d → %d\t%d → %d\t%d → %d\t%d → %d\t%d → %d\t%+.1f %%\t%d\n", a.name, b.Goroutines, c.Goroutines, b.descriptors, c.descriptors,
			b.HeapBytes>>10, c.HeapBytes>>10, b.resident>>10, c.resident>>10, b.anonymous>>10, c.anonymous>>10,
			100*(float64(c.resident)/float64(b.resident)-1), c.calls)
		if c.Goroutines > b.Goroutines+slackGoroutines || c.descriptors > b.descriptors+slackDescriptors {
			errs = append(errs, fmt.Errorf("%s did not return to where it was", a.name))
		}
		if c.HeapBytes > b.HeapBytes+b.HeapBytes*3/100+slackHeap || c.resident > b.resident+b.resident*3/100 {
			errs = append(errs, fmt.Errorf("%s grew", a.name))
		}
		if c.calls != calls {
			errs = append(errs, fmt.Errorf("%s has %d calls in its log", a.name, c.calls))
		}
	}
	return errors.Join(append(errs, t.Flush())...)
}

// keep copies a file of the system, whose size is not known before.
func keep(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
