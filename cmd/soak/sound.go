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

// sound is a PulseAudio server of the shift's own, with a microphone, a
// loudspeaker, and a headset that comes and goes.
type sound struct {
	server  string
	cmd     *exec.Cmd
	headset []string // its modules, nil while it is unplugged
}

func startSound(ctx context.Context, dir string) (*sound, error) {
	socket := filepath.Join(dir, "pulse")
	s := &sound{server: "unix:" + socket}
	s.cmd = exec.CommandContext(ctx, "pulseaudio", "--daemonize=no", "-n", "--exit-idle-time=-1",
		"--realtime=no", "--high-priority=no", "--use-pid-file=no",
		"-L", "module-native-protocol-unix auth-anonymous=1 socket="+socket, "-L", "module-rescue-streams",
		"-L", "module-null-sink sink_name=built-in rate=48000 channels=1 format=s16le",
		"-L", "module-sine-source source_name=microphone rate=48000 frequency=300")
	s.cmd.Env = append(os.Environ(), "HOME="+dir, "PULSE_RUNTIME_PATH="+dir)
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("PulseAudio (run with -devices=false without it): %w", err)
	}
	for range 200 {
		if _, err := s.do(ctx, "info"); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	end(s.cmd)
	return nil, errors.New("PulseAudio does not answer")
}

func (s *sound) do(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "pactl", append([]string{"-s", s.server}, args...)...).Output()
	if err != nil {
		return "", fmt.Errorf("pactl %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// toggle plugs the headset in, which then is the default, or pulls it out.
func (s *sound) toggle(ctx context.Context) error {
	if s.headset != nil {
		var errs []error
		for _, module := range s.headset {
			_, err := s.do(ctx, "unload-module", module)
			errs = append(errs, err)
		}
		s.headset = nil
		return errors.Join(errs...)
	}
	for _, module := range [][]string{
		{"module-null-sink", "sink_name=headset", "rate=48000", "channels=1", "format=s16le", "sink_properties=device.description=Headset"},
		{"module-sine-source", "source_name=headset-microphone", "rate=48000", "frequency=400"},
	} {
		index, err := s.do(ctx, append([]string{"load-module"}, module...)...)
		if err != nil {
			return err
		}
		s.headset = append(s.headset, index)
	}
	_, err := s.do(ctx, "set-default-sink", "headset")
	_, serr := s.do(ctx, "set-default-source", "headset-microphone")
	return errors.Join(err, serr)
}
