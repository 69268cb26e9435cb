package autostart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The entry is one that desktops take, whatever the names of folders and profiles, and
// goes when it is switched off.
func TestTheEntryOfAProfile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("APPIMAGE", `/opt/My "phones" $HOME/50%/off\hook`)
	e := Entry{ID: "offhook-बिक्री", Title: "Offhook - बिक्री", Args: []string{"--hidden", "--profile", "बिक्री"}}
	if !e.Stale() {
		t.Error("an entry that is not there is up to date")
	}
	for range 2 {
		if err := e.Set(true); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "autostart", "offhook-बिक्री.desktop")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `Exec="/opt/My \\"phones\\" \\$HOME/50%%/off\\\\hook" --hidden --profile बिक्री`
	if !strings.Contains(string(text), "\n"+want+"\n") {
		t.Errorf("the entry is\n%s", text)
	}
	if e.Stale() {
		t.Error("the entry is not up to date")
	}
	if t.Setenv("APPIMAGE", "/elsewhere/offhook"); !e.Stale() {
		t.Error("an entry of another program is up to date")
	}
	for range 2 {
		if err := e.Set(false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the entry stays")
	}
}
