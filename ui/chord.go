package ui

import (
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// chord is a key with the modifiers that are held with it.
type chord struct {
	key fyne.KeyName
	mod fyne.KeyModifier
}

// modifiers are the words of a chord's modifiers, in the order in which they are
// written. On macOS, Cmd takes the place of Ctrl.
var modifiers = []struct {
	word string
	mod  fyne.KeyModifier
}{
	{"Ctrl", fyne.KeyModifierControl}, {"Alt", fyne.KeyModifierAlt}, {"Cmd", fyne.KeyModifierSuper}, {"Shift", fyne.KeyModifierShift},
}

// The reasons why keys are no chord of the phone's.
var (
	errNoChord  = errors.New("ui: keys must hold Ctrl, Alt or Cmd, or be a function key")
	errReserved = errors.New("ui: these keys belong to text fields")
)

// ofText are the chords that text fields use: none of them can have another meaning.
var ofText = "ACVXYZ"

// parseChord reads keys as they are written: Ctrl+Shift+E, F6.
func parseChord(text string) (chord, error) {
	parts := strings.Split(text, "+")
	c := chord{key: fyne.KeyName(parts[len(parts)-1])}
	for _, word := range parts[:len(parts)-1] {
		known := false
		for _, m := range modifiers {
			if strings.EqualFold(strings.TrimSpace(word), m.word) {
				c.mod |= m.mod
				known = true
			}
		}
		if !known {
			return chord{}, errNoChord
		}
	}
	return c, c.check()
}

// check says why c can't be a chord of the phone's.
func (c chord) check() error {
	function := len(c.key) > 1 && c.key[0] == 'F' && strings.Trim(string(c.key[1:]), "0123456789") == ""
	letter := c.key == fyne.KeyReturn || c.key == fyne.KeyBackspace || len(c.key) == 1 && (c.key[0] >= 'A' && c.key[0] <= 'Z' || c.key[0] >= '0' && c.key[0] <= '9')
	switch {
	case !function && !letter, letter && c.mod&^fyne.KeyModifierShift == 0:
		return errNoChord
	case letter && (c.mod == fyne.KeyModifierControl || c.mod == fyne.KeyModifierSuper) && strings.Contains(ofText, string(c.key)):
		return errReserved
	}
	return nil
}

// String writes c as parseChord reads it.
func (c chord) String() string {
	text := ""
	for _, m := range modifiers {
		if c.mod&m.mod != 0 {
			text += m.word + "+"
		}
	}
	return text + string(c.key)
}

// onMac is c as a default of macOS: Cmd in place of Ctrl, but for the keys that the
// system takes with Cmd.
func (c chord) onMac() chord {
	if c.mod == fyne.KeyModifierControl && (c.key == fyne.KeyM || c.key == fyne.KeyH) || c.mod&fyne.KeyModifierControl == 0 {
		return c
	}
	c.mod = c.mod&^fyne.KeyModifierControl | fyne.KeyModifierSuper
	return c
}

// shortcut is c as Fyne knows it; nil for a key without a modifier, which Fyne hands
// to a canvas as a key.
func (c chord) shortcut() fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: c.key, Modifier: c.mod}
}

// chordOf is the chord that Fyne read from the keyboard.
func chordOf(sc fyne.Shortcut) (chord, error) {
	k, ok := sc.(fyne.KeyboardShortcut)
	if !ok {
		return chord{}, errNoChord
	}
	c := chord{k.Key(), k.Mod()}
	return c, c.check()
}
