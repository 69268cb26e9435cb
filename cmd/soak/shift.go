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
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"offhook/app"
	"offhook/app/control"
	"offhook/app/readiness"
)

// agent is one phone under test.
type agent struct {
	name, dir string
	cmd       *exec.Cmd
	// asked are the calls in its log that only asked somebody.
	asked int
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

// plan is what the shift is made of.
type plan struct {
	bin         string
	calls, warm int
	talk, idle  time.Duration
	profiles    string
	devices     bool
}

// shift is a shift under way.
type shift struct {
	plan
	agents  []*agent
	network *network
	sound   *sound // nil without devices
	cuts    int
	plugs   int
	// handed are the calls that carol got by a transfer.
	handed int
}

// run works the shift.
func (p plan) run(ctx context.Context) error {
	return p.with(ctx, []string{"alice", "bob", "carol"}, func(s *shift) error { return s.work(ctx) })
}

// with calls f with a platform, a network, and phones that are ready.
func (p plan) with(ctx context.Context, names []string, f func(*shift) error) error {
	dir, err := os.MkdirTemp("", "offhook-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if p.profiles != "" {
		if p.profiles, err = filepath.Abs(p.profiles); err != nil {
			return err
		}
		if err := os.MkdirAll(p.profiles, 0o700); err != nil {
			return err
		}
	}
	s := &shift{plan: p}
	if s.network, err = newNetwork(); err != nil {
		return err
	}
	defer s.network.close()
	// Phones are told the network's address in place of the platform's.
	platform := exec.CommandContext(ctx, filepath.Join(p.bin, "offhook-demo"), "serve", "--listen", s.network.to, "--media-listen", "127.0.0.1:0",
		"--public-url", s.network.url(), "--data", filepath.Join(dir, "data"), "--json", "--call-rate", "1000", "--call-burst", "1000",
		"--break-reasons", "Lunch=30m,Training", "--outcomes", "Sold,Call back")
	if err := startPlatform(platform); err != nil {
		return err
	}
	defer end(platform)
	go s.network.run()
	if p.devices {
		if s.sound, err = startSound(ctx, dir); err != nil {
			return err
		}
		defer s.sound.close()
	}
	for _, name := range names {
		a, err := s.start(ctx, dir, name)
		if err != nil {
			return err
		}
		defer end(a.cmd)
		s.agents = append(s.agents, a)
	}
	for _, a := range s.agents {
		if err := a.up(ctx); err != nil {
			return err
		}
	}
	return f(s)
}

// start starts a phone: alice's has the sound server's devices, bob's none.
func (s *shift) start(ctx context.Context, dir, name string) (*agent, error) {
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("demo"), 0o600); err != nil {
		return nil, err
	}
	a := &agent{name: name, dir: filepath.Join(dir, "phones")}
	in, out := "sine:300", "null"
	if s.sound != nil && name == "alice" {
		in, out = "default", "default"
	}
	a.cmd = exec.CommandContext(ctx, filepath.Join(s.bin, "offhook"), "--headless", "--config-dir", a.dir, "--profile", name, "--server", s.network.url(),
		"--account", "demo", "--user", name, "--password-file", password, "--audio-in", in, "--audio-out", out, "--ring-out", out)
	a.cmd.Stderr = os.Stderr
	a.cmd.Env = os.Environ()
	if s.sound != nil {
		a.cmd.Env = append(a.cmd.Env, "PULSE_SERVER="+s.sound.server)
	}
	if s.profiles != "" {
		a.cmd.Env = append(a.cmd.Env, "GODEBUG=memprofilerate=524288")
	}
	return a, a.cmd.Start()
}

// work makes all calls and measures what they left.
func (s *shift) work(ctx context.Context) (err error) {
	var before, after []figures
	began := time.Now()
	for n := range s.calls {
		if n == s.warm {
			if before, err = measureAll(ctx, s.agents, s.profiles, "before"); err != nil {
				return err
			}
		}
		if err := s.oneCall(ctx, n, s.agents[n%2], s.agents[1-n%2]); err != nil {
			return fmt.Errorf("call %d: %w", n, err)
		}
		if n%100 == 60 { // nobody calls for a while
			time.Sleep(s.idle)
		}
	}
	took := time.Since(began)
	if s.sound != nil && s.sound.headset != "" {
		if err := s.sound.toggle(ctx); err != nil {
			return err
		}
	}
	if after, err = measureAll(ctx, s.agents, s.profiles, "after"); err != nil {
		return err
	}
	fmt.Printf("%d calls in %v; the first figures are from call %d on; sockets cut %d times, the headset plugged in or pulled out %d times\n",
		s.calls, took.Round(time.Second), s.warm, s.cuts, s.plugs)
	fmt.Printf("%d of them were handed on, at once, after asking, or by a conference; %d changes of state\n", s.handed, 2*s.calls/10)
	return report(s.agents, before, after, []int{s.calls, s.calls, s.handed})
}

// startPlatform returns when the platform serves.
func startPlatform(cmd *exec.Cmd) error {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var ready struct {
		URL string `json:"url"`
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil || ready.URL == "" {
		return fmt.Errorf("the platform did not start: %w", err)
	}
	return nil
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

// cut breaks all sockets of the phones and waits until both are ready again.
func (s *shift) cut(ctx context.Context) error {
	began := time.Now()
	if s.network.cut() == 0 {
		return errors.New("there were no sockets to cut")
	}
	s.cuts++
	for _, a := range s.agents {
		if err := a.readySince(ctx, began); err != nil {
			return err
		}
	}
	return nil
}

// readySince waits until the phone has proven that it is ready after a time: the
// inbox and the platform were lost, and are back.
func (a *agent) readySince(ctx context.Context, t time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var last []app.Condition
	for {
		var now app.Snapshot
		if err := a.ctl(ctx, &now, "status"); err == nil {
			last = now.Conditions
		} else if ctx.Err() == nil {
			return err
		}
		proven := 0
		for _, c := range now.Conditions {
			if (c.Name == readiness.Push || c.Name == readiness.Platform) && c.OK && c.Since.After(t) {
				proven++
			}
		}
		// In a call the devices may be judged by what they deliver: nothing, here.
		if proven == 2 && (now.Ready || now.Call != nil) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready again: %+v", a.name, last)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// figures are what may grow.
type figures struct {
	control.ProcessState
	descriptors int
	// resident is the memory that the process holds, anonymous what of it is no
	// file's, in bytes.
	resident, anonymous int64
	calls               int
	// idle is the share of a core that the phone took while nobody called.
	idle float64
}

func measureAll(ctx context.Context, agents []*agent, profiles, when string) ([]figures, error) {
	// SIP transactions live 32 s beyond their end (RFC 3261, 64 × T1); what
	// remains after that is no call's any more.
	began := time.Now()
	var worked []time.Duration
	for _, a := range agents {
		used, err := processor(a.cmd.Process.Pid)
		if err != nil {
			return nil, err
		}
		worked = append(worked, used)
	}
	time.Sleep(36 * time.Second)
	var out []figures
	for i, a := range agents {
		var f figures
		used, err := processor(a.cmd.Process.Pid)
		if err != nil {
			return nil, err
		}
		f.idle = float64(used-worked[i]) / float64(time.Since(began))
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
		for _, c := range h.Calls {
			f.calls += max(1, c.Times)
		}
		out = append(out, f)
	}
	return out, nil
}

// The limits of a flat phone: resident memory grows by 3 % at most. The heap may
// differ by what a garbage collector happens to hold. A phone that nobody calls
// takes less than a fiftieth of a core.
const (
	slackGoroutines  = 2
	slackDescriptors = 1
	slackHeap        = 256 << 10
	slackIdle        = 0.02
)

func report(agents []*agent, before, after []figures, calls []int) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "phone\tgoroutines\tdescriptors\theap KB\tresident KB\tof it anonymous\tgrowth\tidle CPU\tcalls in the log")
	var errs []error
	for i, a := range agents {
		b, c := before[i], after[i]
		fmt.Fprintf(t, "%s\t%d → %d\t%d → %d\t%d → %d\t%d → %d\t%d → %d\t%+.1f %%\t%.2f %%\t%d\n", a.name, b.Goroutines, c.Goroutines, b.descriptors, c.descriptors,
			b.HeapBytes>>10, c.HeapBytes>>10, b.resident>>10, c.resident>>10, b.anonymous>>10, c.anonymous>>10,
			100*(float64(c.resident)/float64(b.resident)-1), 100*c.idle, c.calls)
		if c.Goroutines > b.Goroutines+slackGoroutines || c.descriptors > b.descriptors+slackDescriptors {
			errs = append(errs, fmt.Errorf("%s did not return to where it was", a.name))
		}
		if c.HeapBytes > b.HeapBytes+b.HeapBytes*3/100+slackHeap || c.resident > b.resident+b.resident*3/100 {
			errs = append(errs, fmt.Errorf("%s grew", a.name))
		}
		if c.idle > slackIdle {
			errs = append(errs, fmt.Errorf("%s takes %.1f %% of a core for nothing", a.name, 100*c.idle))
		}
		if c.calls != calls[i]+a.asked {
			errs = append(errs, fmt.Errorf("%s has %d calls in its log", a.name, c.calls))
		}
	}
	return errors.Join(append(errs, t.Flush())...)
}

// processor is the time that a process has used so far.
func processor(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// What stands after the name counts from the third field (proc(5)).
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// keep copies a file of the system, whose size is not known before.
func keep(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
