package ui

import (
	"errors"
	"testing"

	"fyne.io/fyne/v2"
)

func TestChords(t *testing.T) {
	const ctrl, alt, super, shift = fyne.KeyModifierControl, fyne.KeyModifierAlt, fyne.KeyModifierSuper, fyne.KeyModifierShift
	for text, want := range map[string]chord{
		"Ctrl+Shift+E": {fyne.KeyE, ctrl | shift}, "ctrl+K": {fyne.KeyK, ctrl}, "Alt+1": {fyne.Key1, alt}, "Cmd+Shift+D": {fyne.KeyD, super | shift},
		"F6": {fyne.KeyF6, 0}, "Ctrl+F12": {fyne.KeyF12, ctrl}, "Ctrl+Shift+V": {fyne.KeyV, ctrl | shift},
	} {
		got, err := parseChord(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
		if again, err := parseChord(got.String()); err != nil || again != got {
			t.Errorf("%q is written as %q, which is %v, %v", text, got, again, err)
		}
	}
	for text, want := range map[string]error{
		"": errNoChord, "E": errNoChord, "Shift+E": errNoChord, "Ctrl+": errNoChord, "Ctrl+Left": errNoChord, "Hyper+K": errNoChord, "Ctrl++": errNoChord,
		"Ctrl+C": errReserved, "Cmd+V": errReserved, "Ctrl+e": errNoChord, "Fx": errNoChord, "F": errNoChord, "Ctrl+É": errNoChord,
	} {
		if got, err := parseChord(text); !errors.Is(err, want) {
			t.Errorf("%q is taken as %v, %v", text, got, err)
		}
	}
}

func TestChordsOfMacOS(t *testing.T) {
	for from, want := range map[string]string{"Ctrl+K": "Cmd+K", "Ctrl+Shift+E": "Cmd+Shift+E", "Ctrl+M": "Ctrl+M", "Ctrl+H": "Ctrl+H", "F6": "F6"} {
		c, err := parseChord(from)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.onMac().String(); got != want {
			t.Errorf("%s is %s, want %s", from, got, want)
		}
	}
}
