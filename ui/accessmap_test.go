package ui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestAccessMapIsWrittenWhenItChanges(t *testing.T) {
	s := newHarness(t, madeReady())
	w := &mapWriter{path: filepath.Join(t.TempDir(), "map.json")}
	read := func() (m AccessMap) {
		b, err := os.ReadFile(w.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if err := w.write(mapOf(s.win.Canvas(), s.screenName(), s.overlay())); err != nil {
		t.Fatal(err)
	}
	if m := read(); m.Screen != "dial" || m.Window != [2]float32{380, 660} || m.Focused != "Name or number" {
		t.Errorf("the map says %+v", m)
	}
	os.Remove(w.path)
	if err := w.write(mapOf(s.win.Canvas(), s.screenName(), s.overlay())); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.path); err == nil {
		t.Error("the same map was written again")
	}
}
