package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/internal/drive"
)

// A user who starts the phone by its icon sees why it does not start: in a window,
// worked by keys alone, after which the phone ends as it would have at once.
func TestAFailureAtStartIsSeen(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	dir := t.TempDir()
	display, err := drive.OpenDisplay(ctx, dir, 600, 700)
	if err != nil {
		t.Fatal(err)
	}
	defer display.Close()
	folder, uiMap := filepath.Join(dir, "no-folder"), filepath.Join(dir, "map.json")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program(t, "offhook"), "--config-dir", folder)
	cmd.Env = append(home(dir), "DISPLAY="+display.Name, "WAYLAND_DISPLAY=", "FYNE_SCALE=1", "OFFHOOK_UI_MAP="+uiMap, "LANG=es_ES.UTF-8")
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	for _, said := range []string{"Offhook no puede arrancar", "No se puede usar la carpeta del perfil."} {
		if _, _, err := drive.AwaitObject(ctx, uiMap, said); err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
	}
	if err := drive.AwaitFocus(ctx, uiMap, "Cerrar"); err != nil {
		t.Fatal(err)
	}
	if _, err := display.Window(ctx, "Offhook"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"ctrl+c", "Escape"} {
		if err := display.Press(ctx, key); err != nil {
			t.Fatal(err)
		}
		if key == "ctrl+c" {
			if _, _, err := drive.AwaitObject(ctx, uiMap, "Copiado"); err != nil {
				t.Fatal(err)
			}
		}
	}
	select {
	case <-ended:
	case <-time.After(timeout):
		t.Fatal("Esc does not end the phone")
	}
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("the exit code is %d, not 1", code)
	}
	if out := stderr.String(); !strings.Contains(out, "The profile's folder can't be used.") || !strings.Contains(out, "[INTERNAL_ERROR]") {
		t.Errorf("the standard error says %q", out)
	}
}

// Where nobody could see a window there is none: no screen, or no wish for one. The
// phone says why and ends.
func TestAFailureIsToldWithoutAWindow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := filepath.Join(dir, "no-folder")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, env, said string
		args            []string
	}{
		{"headless", "DISPLAY=:0", "The profile's folder can't be used.", []string{"--headless", "--config-dir", folder}},
		{"no screen, and a folder that can't be used", "DISPLAY=", "The profile's folder can't be used.", []string{"--config-dir", folder}},
		{"no screen", "DISPLAY=", "There is no screen to show the phone on.", nil},
		{"a screen that is not there", "DISPLAY=:64999", "There is no screen to show the phone on.", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			cmd := exec.CommandContext(ctx, program(t, "offhook"), c.args...)
			cmd.Env = append(home(t.TempDir()), "WAYLAND_DISPLAY=", c.env)
			out, err := cmd.CombinedOutput()
			if err == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("the exit code is %d, not 1", cmd.ProcessState.ExitCode())
			}
			if !strings.Contains(string(out), c.said) || strings.Contains(string(out), "panic") {
				t.Errorf("it says %s", out)
			}
		})
	}
}
