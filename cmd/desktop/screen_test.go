package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/internal/drive"
)

// When the X server is gone in mid-call, the far side is told at once, and the phone
// ends with a reason.
func TestTheScreenGoesInACall(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	bob := startPhone(t, platform.url, "bob", "sine:300")
	dir := t.TempDir()
	display, err := drive.OpenDisplay(t.Context(), dir, 600, 800)
	if err != nil {
		t.Fatal(err)
	}
	defer display.Close()
	alice := startWindow(t, display, platform.url, "alice")
	bob.ready(t)
	alice.ready(t)
	alice.do(t, "dial", "bob", "--wait", "RINGING")
	bob.untilState(t, "INCOMING")
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	alice.untilState(t, "ESTABLISHED")

	gone := time.Now()
	display.Close()
	if end := bob.untilEnded(t); end.EndReason != "REMOTE_HANGUP" {
		t.Errorf("bob's phone says %s", end.EndReason)
	} else if took := end.Ended.Sub(gone); took > time.Second {
		t.Errorf("bob learns of it after %v", took)
	}
	select {
	case <-alice.done:
	case <-time.After(timeout):
		t.Fatal("the phone goes on without a screen")
	}
	if out := alice.output.String(); !strings.Contains(out, "The screen on which Offhook was shown is gone.") {
		t.Errorf("the phone says %q", out)
	}
	left, err := filepath.Glob(filepath.Join(alice.remote.ConfigDir, "alice", "logs", "crash-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if text, _ := os.ReadFile(path); len(text) > 0 {
			t.Errorf("a crash was written: %s", text)
		}
	}
}

// startWindow starts a phone with its window on a display.
func startWindow(t *testing.T, display *drive.Display, server, user string) *phone {
	t.Helper()
	return startPhoneIn(t, []string{"DISPLAY=" + display.Name, "WAYLAND_DISPLAY=", "FYNE_SCALE=1"}, server, user, "demo",
		"--headless=false", "--audio-in", "sine:440")
}
