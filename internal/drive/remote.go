// Package drive works a running phone from outside, as people's scripts do: by
// `offhook ctl`, and by real mouse and key events on a display of its own. The
// end-to-end tests and the tour of `make demo` use it.
package drive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"offhook/app"
	"offhook/voice"
)

// Remote is the remote control of one running phone.
type Remote struct {
	// Binary is the path of offhook.
	Binary string
	// Profile and ConfigDir name the phone.
	Profile, ConfigDir string
	// Env is the environment of the ctl commands.
	Env []string
}

// Error is what `ctl --json` prints when a command fails.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error returns the code and the sentence.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (r *Remote) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{"ctl", "--config-dir", r.ConfigDir, "--profile", r.Profile}, append(args, "--json")...)
	cmd := exec.CommandContext(ctx, r.Binary, args...)
	cmd.Env = r.Env
	return cmd
}

// Ctl runs `offhook ctl ARGS --json` and decodes what it prints into v, which
// may be nil. A command that the phone refuses returns an *Error.
func (r *Remote) Ctl(ctx context.Context, v any, args ...string) error {
	cmd := r.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		var failed struct {
			Error *Error `json:"error"`
		}
		if json.Unmarshal(stdout.Bytes(), &failed) == nil && failed.Error != nil {
			return failed.Error
		}
	}
	if err != nil {
		return fmt.Errorf("ctl %s: %w: %s%s", strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(stdout.Bytes(), v); err != nil {
		return fmt.Errorf("ctl %s printed %q: %w", strings.Join(args, " "), stdout.String(), err)
	}
	return nil
}

// Until follows the phone's snapshots until one fits, and returns it. It also
// waits for a phone that is just starting. what ends the sentence "the phone
// was not …" of the error that says that ctx ended first.
func (r *Remote) Until(ctx context.Context, what string, fits func(*app.Snapshot) bool) (*app.Snapshot, error) {
	last := "it gave out no snapshot"
	for {
		snapshot, line, err := r.follow(ctx, fits)
		if snapshot != nil || err != nil {
			return snapshot, err
		}
		if line != "" {
			last = line
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the phone was not %s in time; last: %s", what, last)
		case <-time.After(50 * time.Millisecond): // its socket is not there yet
		}
	}
}

func (r *Remote) follow(ctx context.Context, fits func(*app.Snapshot) bool) (found *app.Snapshot, last string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.command(ctx, "events")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for found == nil && lines.Scan() {
		var s app.Snapshot
		if json.Unmarshal(lines.Bytes(), &s) == nil && s.Profile != "" {
			last = lines.Text()
			if fits(&s) {
				found = &s
			}
		}
	}
	cancel()
	_ = cmd.Wait() // killed by cancel
	return found, last, nil
}

// InState fits a snapshot whose call is in a state of the reference.
func InState(state voice.State) func(*app.Snapshot) bool {
	return func(s *app.Snapshot) bool { return s.Call != nil && s.Call.State == state }
}

// Ended fits a snapshot whose call is over.
func Ended(s *app.Snapshot) bool { return s.Call == nil && s.LastCall != nil }
