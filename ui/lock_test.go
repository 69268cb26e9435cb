package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
)

// The call panel says what protects the sound, and the header says for as long as it
// is so, and in every size of the window, that something is not encrypted.
func TestWhatIsEncrypted(t *testing.T) {
	talk := func(change func(*app.Call)) *app.Snapshot {
		snap := madeCall("ESTABLISHED", time.Minute)
		change(snap.Call)
		return snap
	}
	for want, snap := range map[string]*app.Snapshot{
		"Not encrypted: others on the network can listen": talk(func(c *app.Call) { c.Encrypted = false }),
		"Encrypted": talk(func(*app.Call) {}),
		"Encrypted. The keys changed during the call":          talk(func(c *app.Call) { c.KeyChanges = 1 }),
		"Encrypted. The keys changed during the call, 3 times": talk(func(c *app.Call) { c.KeyChanges = 3 }),
	} {
		if s := newHarness(t, snap); !s.says(want) {
			t.Errorf("the call does not say %q", want)
		}
	}
	if s := newHarness(t, madeCall("RINGING", 0)); s.shows("ncrypted") {
		t.Error("a call that was not answered says how its sound is protected")
	}

	const open = "Not encrypted: others on the network can read what you send"
	exposed := madeReady()
	exposed.Account.NotEncrypted = true
	line := madeReady()
	line.Lines = []app.Line{{ID: "a", State: "registered", NotEncrypted: true}}
	for _, size := range []fyne.Size{fyne.NewSize(380, 660), fyne.NewSize(320, 340), fyne.NewSize(640, 340), fyne.NewSize(1200, 800)} {
		for _, snap := range []*app.Snapshot{exposed, line} {
			s := newHarness(t, snap, func(_ *madePhone, o *harnessOptions) { o.size = size })
			if !s.says(open) {
				t.Errorf("at %v the header does not say that the account is not encrypted", size)
			}
			s.show(madeReady())
			if s.says(open) {
				t.Errorf("at %v the mark stays", size)
			}
		}
	}
}

// says reports whether something that is shown has exactly this name.
func (s *harness) says(label string) bool {
	for _, o := range mapOf(s.win.Canvas(), "", s.overlay()).Objects {
		if o.Label == label {
			return true
		}
	}
	return false
}
