package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sound is a PulseAudio server of the shift's own, with a loudspeaker, a
// microphone that hears it, and a headset that comes and goes.
type sound struct {
	server string
	cmd    *exec.Cmd
	// listener keeps the null sink to an even clock: without a reader it sleeps up
	// to 2 s.
	listener *exec.Cmd
	env      []string
	headset  string // its module, "" while it is unplugged
}

func startSound(ctx context.Context, dir string) (*sound, error) {
	socket := filepath.Join(dir, "pulse")
	s := &sound{server: "unix:" + socket, env: append(os.Environ(), "HOME="+dir, "PULSE_RUNTIME_PATH="+dir)}
	s.cmd = exec.CommandContext(ctx, "pulseaudio", "--daemonize=no", "-n", "--exit-idle-time=-1",
		"--realtime=no", "--high-priority=no", "--use-pid-file=no",
		"-L", "module-native-protocol-unix auth-anonymous=1 socket="+socket, "-L", "module-rescue-streams",
		"-L", "module-null-sink sink_name=built-in rate=48000 channels=1 format=s16le",
		"-L", "module-remap-source source_name=microphone master=built-in.monitor")
	s.cmd.Env = s.env
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("PulseAudio (run with -devices=false without it): %w", err)
	}
	for range 200 {
		if _, err := s.do(ctx, "info"); err == nil {
			s.listener = exec.CommandContext(ctx, "parec", "--server="+s.server, "--device=microphone", "--latency-msec=10", "--rate=48000", "--channels=1", "--format=s16le")
			s.listener.Env = s.env
			return s, s.listener.Start()
		}
		time.Sleep(50 * time.Millisecond)
	}
	end(s.cmd)
	return nil, errors.New("PulseAudio does not answer")
}

func (s *sound) close() {
	end(s.listener)
	end(s.cmd)
}

func (s *sound) do(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "pactl", append([]string{"-s", s.server}, args...)...)
	cmd.Env = s.env
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("pactl %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// toggle plugs the headset in, which then is the default, or pulls it out.
func (s *sound) toggle(ctx context.Context) (err error) {
	if s.headset != "" {
		_, err = s.do(ctx, "unload-module", s.headset)
		s.headset = ""
		return err
	}
	if s.headset, err = s.do(ctx, "load-module", "module-null-sink", "sink_name=headset", "rate=48000", "channels=1", "format=s16le",
		"sink_properties=device.description=Headset"); err != nil {
		return err
	}
	_, err = s.do(ctx, "set-default-sink", "headset")
	return err
}
