package ui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app/settings"
	"offhook/ui/screen"
	"offhook/voice"
)

// A new setting is a row of the table: the window draws it, changes it and locks it.
func TestANewSettingIsDrawn(t *testing.T) {
	old := settings.Table
	settings.Table = slices.Clone(old)
	for i := range settings.Table {
		switch e := &settings.Table[i]; e.Path {
		case "logs.keep_days":
			e.Page, e.Section, e.Title, e.Unit, e.Step = settings.PageAppearance, "Dummies", "A number", "{n} s", 300
		case "updates.check":
			e.Page, e.Section, e.Title, e.Caption, e.With = settings.PageAppearance, "Dummies", "A switch", "With words", []string{"appearance.reduced_motion"}
		case "logs.level":
			e.Page, e.Section, e.Title = settings.PageAppearance, "Dummies", "A choice"
			e.Offered = []settings.Option{{Value: "info", Label: "Some"}, {Value: "debug", Label: "All"}}
		}
	}
	defer func() { settings.Table = old }()
	s := newHarness(t, madeReady(), func(_ *madePhone, o *harnessOptions) { o.size = fyne.NewSize(380, 1400) })
	s.open(screen.PageAppearance)
	s.tap("A switch, On")
	s.tap("A number, more")
	s.tap("All")
	if set := s.phone.set; set.Updates.Check || set.Appearance.ReducedMotion || set.Logs.KeepDays != 314 || set.Logs.Level != "debug" {
		t.Errorf("%+v %+v, still %v", set.Updates, set.Logs, set.Appearance.ReducedMotion)
	}
	s.tap("A number, more") // as far as it goes
	if got := s.phone.set.Logs.KeepDays; got != 365 || !s.shows("365 s") || !s.shows("All, chosen") || !s.shows("With words") {
		t.Errorf("%d days; %q", got, s.labels())
	}
	s.phone.set.Locked = []string{"logs", "updates.check"}
	s.settingsChanged()
	s.phone.forget()
	for _, label := range []string{"A switch, Off", "A number, less", "Some"} {
		for _, o := range mapOf(s.win.Canvas(), "", nil).Objects {
			if o.Label == label && o.Enabled && o.Role == string(fyne.AccessibleRoleButton) {
				t.Errorf("%s is locked and can be pressed", label)
			}
		}
	}
}

// The volumes of a call are in the menu of its devices and hold at once.
func TestVolumesOfACall(t *testing.T) {
	s := newHarness(t, madeCall(voice.StateEstablished, time.Minute), func(_ *madePhone, o *harnessOptions) { o.size = fyne.NewSize(380, 900) })
	s.tap(s.call.Device.Label())
	s.tap("Call volume, more")
	s.tap("Ringback volume, less")
	s.tap("Ring volume, less")
	if a := s.phone.set.Audio; a.CallVolume != 110 || a.RingbackVolume != 90 || a.RingVolume != 70 {
		t.Errorf("call %d, ringback %d, ring %d", a.CallVolume, a.RingbackVolume, a.RingVolume)
	}
	if s.overlay() == nil || !s.shows("110 %") {
		t.Error("the menu does not show the new volume")
	}
}

// Each of two devices of one name can be chosen in a call, and the menu says which one
// is in use.
func TestTwinsInTheMenuOfACall(t *testing.T) {
	s := newHarness(t, madeCall(voice.StateEstablished, time.Minute), func(p *madePhone, o *harnessOptions) {
		o.size = fyne.NewSize(380, 900)
		twin := p.devices[1]
		twin.ID, twin.IsDefault = "jabra-second", false
		p.devices = append(p.devices, twin)
	})
	for number, id := range map[string]string{"1": "jabra-out", "2": "jabra-second"} {
		s.tap(s.call.Device.Label())
		s.tap("Speaker: Jabra Evolve2 65 (" + number + ")")
		if got, want := s.phone.set.Audio.Speaker, "device:"+id+" = Jabra Evolve2 65"; got != want {
			t.Errorf("the speaker is %q, want %q", got, want)
		}
		s.tap(s.call.Device.Label())
		if !s.shows("Speaker: Jabra Evolve2 65 (" + number + "), chosen") {
			t.Errorf("the menu does not say that number %s is in use", number)
		}
		s.closeMenu()
	}
}
