package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The switch for the start at login makes an entry of the system that starts this very
// phone, hidden, and takes it away; a phone that was moved writes it anew.
func TestStartAtLogin(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	config := t.TempDir()
	alice := startPhoneIn(t, []string{"XDG_CONFIG_HOME=" + config}, platform.url, "alice", "demo", "--audio-in", "null")
	alice.ready(t)
	alice.do(t, "settings", "appearance.start_at_login", "true")
	entry := filepath.Join(config, "autostart", "offhook-alice.desktop")
	text, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Exec=" + alice.remote.Binary, " --headless --profile alice --config-dir " + alice.remote.ConfigDir, "Name=Offhook - alice"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	alice.do(t, "settings", "appearance.start_at_login", "false")
	if _, err := os.Stat(entry); err == nil {
		t.Error("the entry stays")
	}
}
