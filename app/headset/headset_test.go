package headset

import (
	"testing"

	"offhook/app/headset/hid"
)

// What buttons ask for, by what the headset shows; and what it says back after it was
// shown something asks for nothing.
func TestButtons(t *testing.T) {
	t.Parallel()
	idle, ringing, talking, muted := picture{}, picture{ring: true}, picture{offHook: true}, picture{offHook: true, mute: true}
	waiting := picture{offHook: true, ring: true}
	hook, flash, drop := hid.Press{Usage: hid.Hook, Down: true}, hid.Press{Usage: hid.Flash, Down: true, Relative: true}, hid.Press{Usage: hid.Drop, Down: true, Relative: true}
	off := hid.Press{Usage: hid.Hook}
	muteOn, muteOff, mutePress := hid.Press{Usage: hid.Mute, Down: true}, hid.Press{Usage: hid.Mute}, hid.Press{Usage: hid.Mute, Down: true, Relative: true}
	for _, row := range []struct {
		name  string
		shown picture
		press hid.Press
		want  action
	}{
		{"hook while it rings", ringing, hook, answer}, {"hook in a call", talking, off, hangUp}, {"hook of nothing", idle, hook, showAgain},
		{"echo of off-hook", talking, hook, nothing}, {"echo of on-hook", idle, off, nothing}, {"hook of one press", ringing, hid.Press{Usage: hid.Hook, Down: true, Relative: true}, answer},
		{"hook of one press in a call", talking, hid.Press{Usage: hid.Hook, Down: true, Relative: true}, hangUp},
		{"mute", talking, muteOn, mute}, {"unmute", muted, muteOff, unmute}, {"echo of mute", muted, muteOn, nothing}, {"mute of one press", talking, mutePress, mute},
		{"unmute of one press", muted, mutePress, unmute}, {"mute of nothing", idle, mutePress, showAgain},
		{"flash", talking, flash, hold}, {"flash with a call that waits", waiting, flash, answer}, {"flash of nothing", idle, flash, nothing},
		{"drop while it rings", ringing, drop, hangUp}, {"drop in a call", talking, drop, hangUp}, {"drop of nothing", idle, drop, nothing},
		{"hook with a call that waits", waiting, off, hangUp}, {"another key", talking, hid.Press{Usage: 0x0B00B0, Down: true}, nothing},
	} {
		b := buttons{down: map[hid.Usage]bool{}}
		b.inStep(row.shown)
		if got := b.press(row.press, row.shown); got != row.want {
			t.Errorf("%s: %d, want %d", row.name, got, row.want)
		}
		// A report that says the same again, as with another button, is no press.
		if got := b.press(row.press, row.shown); got != nothing {
			t.Errorf("%s, again: %d", row.name, got)
		}
	}
}
