package audio

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// pulse is a private sound server with null sinks a and b.
type pulse struct {
	t      testing.TB
	socket string
	cmd    *exec.Cmd
	// readers keep the null sinks at blocks of 10 ms, as sound cards have them.
	readers []*exec.Cmd
}

func startPulse(t testing.TB) *pulse {
	t.Helper()
	dir, err := os.MkdirTemp("", "snd") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &pulse{t: t, socket: filepath.Join(dir, "p")}
	t.Setenv("PULSE_SERVER", "unix:"+p.socket)
	t.Setenv("PULSE_RUNTIME_PATH", dir)
	t.Setenv("HOME", dir)
	p.start("a", "b")
	t.Cleanup(p.stop)
	return p
}

// start runs the server with these sinks; the first is the default.
func (p *pulse) start(sinks ...string) {
	p.t.Helper()
	args := []string{"--daemonize=no", "-n", "--exit-idle-time=-1", "--realtime=no", "--high-priority=no", "--use-pid-file=no",
		"-L", "module-native-protocol-unix auth-anonymous=1 socket=" + p.socket}
	for _, s := range sinks {
		args = append(args, "-L", "module-null-sink sink_name="+s+" rate=48000 channels=1 format=s16le sink_properties=device.description=Sink_"+s)
	}
	p.cmd = exec.Command("pulseaudio", args...)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal("these tests need the packages pulseaudio and pulseaudio-utils: ", err)
	}
	p.until("the sound server is up", func() bool {
		return exec.Command("pactl", "info").Run() == nil
	})
	var warm sync.WaitGroup
	for _, s := range sinks {
		r := exec.Command("parec", "--device="+s+".monitor", "--latency-msec=10", "--rate=48000", "--channels=1", "--format=s16le")
		out, err := r.StdoutPipe()
		if err == nil {
			err = r.Start()
		}
		if err != nil {
			p.t.Fatal(err)
		}
		p.readers = append(p.readers, r)
		warm.Add(1)
		go readEvenly(out, warm.Done)
	}
	warm.Wait()
}

// readEvenly reads for good, and calls even once blocks come as from a sound
// card: a null sink sleeps up to 2 s before it heeds its first reader.
func readEvenly(r io.Reader, even func()) {
	buf := make([]byte, 4096)
	last, run := time.Now(), 0
	for {
		_, err := r.Read(buf)
		if d := time.Since(last); d > time.Millisecond && d < 40*time.Millisecond {
			run++
		} else if d >= 40*time.Millisecond {
			run = 0
		}
		last = time.Now()
		if even != nil && (run == 15 || err != nil) {
			even()
			even = nil
		}
		if err != nil {
			return
		}
	}
}

func (p *pulse) stop() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.cmd = nil
		_ = os.Remove(p.socket)
		for _, r := range p.readers {
			_ = r.Process.Kill()
			_ = r.Wait()
		}
		p.readers = nil
	}
}

func (p *pulse) ctl(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("pactl", args...).Output()
	if err != nil {
		p.t.Fatalf("pactl %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// unplug takes a sink and its monitor away, plug brings one back.
func (p *pulse) unplug(sink string) {
	p.t.Helper()
	for _, line := range strings.Split(p.ctl("list", "short", "modules"), "\n") {
		if strings.Contains(line, "sink_name="+sink) {
			p.ctl("unload-module", strings.Fields(line)[0])
		}
	}
}

func (p *pulse) plug(sink string) {
	p.t.Helper()
	p.ctl("load-module", "module-null-sink", "sink_name="+sink, "rate=48000", "channels=1", "format=s16le")
}

// until waits for a condition, by looking.
func (p *pulse) until(what string, ok func() bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			p.t.Fatal("never came: ", what)
		case <-tick.C:
		}
	}
}

// loop is a far side that plays a tone and remembers when it last heard it.
type loop struct {
	mu       sync.Mutex
	tone     *source
	on       bool
	frames   int
	pulls    int
	lastLoud time.Time
	lastAny  time.Time
	lastPull time.Time
	gap      time.Duration // longest time between two loud frames
	pullGap  time.Duration
}

func newLoop() *loop { return &loop{tone: newSineSource(800), on: true} }

func (l *loop) Push(frame []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.frames++
	l.lastAny = now
	if loudness(frame) > -30 {
		if !l.lastLoud.IsZero() {
			l.gap = max(l.gap, now.Sub(l.lastLoud))
		}
		l.lastLoud = now
	}
}

func (l *loop) Pull(frame []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.lastPull.IsZero() {
		l.pullGap = max(l.pullGap, now.Sub(l.lastPull))
	}
	l.lastPull = now
	l.pulls++
	l.tone.fill(frame)
}

// measure begins to look for gaps, with devices that are warm.
func (l *loop) measure(srv *pulse) {
	srv.t.Helper()
	srv.until("the devices are warm", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.frames > 100 && l.pulls > 100
	})
	l.mu.Lock()
	l.gap, l.pullGap = 0, 0
	l.mu.Unlock()
}

// hears reports whether the tone came through in the last moment.
func (l *loop) hears() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.lastLoud) < 100*time.Millisecond
}

func (l *loop) gaps() (sound, pulls time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gap, l.pullGap
}

type noticed struct {
	mu   sync.Mutex
	list []Notice
}

func (n *noticed) add(x Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, x)
}

func (n *noticed) has(code NoticeCode, kind Kind) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, x := range n.list {
		if x.Code == code && x.Kind == kind {
			return true
		}
	}
	return false
}

func (n *noticed) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var b strings.Builder
	for _, x := range n.list {
		fmt.Fprintf(&b, "%s %s %q %v; ", x.Kind, x.Code, x.Device, x.Err)
	}
	return b.String()
}

func pulsePath(t testing.TB, in, out string) (System, *Path, *loop, *noticed) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	sys, err := NewSystem(Config{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	n, l := &noticed{}, newLoop()
	i, _ := ParseSpec(in)
	o, _ := ParseSpec(out)
	p := NewPath(sys, PathConfig{In: i, Out: o, Notice: n.add, Log: log})
	t.Cleanup(func() {
		_ = p.Close()
		_ = sys.Close()
	})
	if err := p.OpenPlayout(l); err != nil {
		t.Fatal(err)
	}
	if err := p.OpenCapture(l); err != nil {
		t.Fatal(err)
	}
	return sys, p, l, n
}

func TestSoundGoesThroughRealDevices(t *testing.T) {
	srv := startPulse(t)
	sys, p, l, n := pulsePath(t, "device:a.monitor", "device:a")
	srv.until("the tone came through", func() bool { return l.hears() })
	devices, err := sys.Devices()
	if err != nil {
		t.Fatal(err)
	}
	if len(devices) != 2 || devices[0].Name != "Sink_a" || devices[0].ID != "a" || !devices[0].IsDefault || devices[1].IsDefault {
		t.Errorf("devices %+v", devices)
	}
	srv.until("both devices are in use", func() bool {
		mic, speaker, e1, e2 := p.InUse()
		return mic != "" && speaker == "Sink_a" && e1 == nil && e2 == nil
	})
	t.Log("notices: ", n)
}

func TestServerDiesInACallAndComesBack(t *testing.T) {
	srv := startPulse(t)
	_, p, l, n := pulsePath(t, "device:a.monitor", "device:a")
	srv.until("the tone came through", func() bool { return l.hears() })
	l.measure(srv)
	srv.stop()
	srv.until("both ends noticed", func() bool { return n.has(NoDevice, Capture) && n.has(NoDevice, Playback) })
	_, pulls := l.gaps()
	t.Logf("the network side waited %v for the loudspeaker", pulls)
	srv.start("a", "b")
	srv.until("the devices are back in use", func() bool { return n.has(Returned, Capture) && n.has(Returned, Playback) })
	srv.until("the tone came through again", func() bool { return l.hears() })
	_ = p.Close() // comes back, though the old server's devices never closed
}

func TestPinnedDeviceGoesAndReturns(t *testing.T) {
	srv := startPulse(t)
	_, _, l, n := pulsePath(t, "device:a.monitor", "device:b")
	l.measure(srv)
	srv.unplug("b")
	srv.until("the loss was told", func() bool { return n.has(FellBack, Playback) })
	srv.until("the default device plays instead", func() bool { return l.hears() })
	srv.plug("b")
	srv.until("the return was told", func() bool { return n.has(Returned, Playback) })
	srv.until("the default device is silent again", func() bool { return !l.hears() })
	_, pulls := l.gaps()
	t.Logf("the call waited %v for a loudspeaker; %s", pulls, n)
}

func TestPinnedMicrophoneGoesAndReturns(t *testing.T) {
	srv := startPulse(t)
	_, p, l, n := pulsePath(t, "device:b.monitor", "device:a")
	l.measure(srv)
	srv.unplug("b")
	srv.until("the loss was told", func() bool { return n.has(FellBack, Capture) || n.has(NoDevice, Capture) })
	srv.until("frames go on", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return time.Since(l.lastAny) < 50*time.Millisecond })
	if _, _, problem, _ := p.InUse(); problem == nil || !strings.Contains(problem.Message(), "b.monitor") {
		t.Errorf("the problem is told as %v", problem)
	}
	srv.plug("b")
	srv.until("the return was told", func() bool { return n.has(Returned, Capture) })
	srv.until("the microphone is the chosen one", func() bool { mic, _, problem, _ := p.InUse(); return mic != "" && problem == nil })
	t.Log(n)
}

// A microphone that brings digital zeros is named; so is, with the cause, a device
// that is muted in the system, within a second or so.
func TestSilentDevicesAreNamed(t *testing.T) {
	srv := startPulse(t)
	_, _, _, n := pulsePath(t, "device:b.monitor", "device:a") // nothing plays on b
	srv.until("the dead microphone was told", func() bool { return n.has(DeadMicrophone, Capture) })
	for _, c := range []struct {
		kind   Kind
		what   string
		device string
	}{{Capture, "set-source-mute", "b.monitor"}, {Playback, "set-sink-mute", "a"}} {
		if n.has(SystemMuted, c.kind) {
			t.Errorf("the %s is told to be muted before it is", c.kind)
		}
		srv.ctl(c.what, c.device, "1")
		srv.until("the mute was told", func() bool { return n.has(SystemMuted, c.kind) })
		srv.ctl(c.what, c.device, "0")
		srv.until("its end was told", func() bool { return n.has(SystemUnmuted, c.kind) })
	}
	if text := n.String(); !strings.Contains(text, "is muted in the system") || !strings.Contains(text, "Sink_a") {
		t.Error(text)
	}
}

func TestDefaultDeviceIsFollowed(t *testing.T) {
	srv := startPulse(t)
	_, p, l, n := pulsePath(t, "device:b.monitor", "default")
	srv.until("the default is known", func() bool { _, speaker, _, _ := p.InUse(); return speaker == "Sink_a" })
	l.measure(srv)
	srv.ctl("set-default-sink", "b")
	srv.until("the move was told", func() bool { return n.has(Moved, Playback) })
	srv.until("the tone comes from the new default", func() bool { return l.hears() })
}

func TestNoMicrophoneIsNotTheLoudspeakersMonitor(t *testing.T) {
	srv := startPulse(t)
	_, _, l, n := pulsePath(t, "default", "default")
	srv.until("the missing microphone was told", func() bool { return n.has(NoDevice, Capture) })
	srv.until("frames flow", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.frames > 100 && l.pulls > 100 })
	if l.hears() {
		t.Error("the far side hears itself")
	}
}
