package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/readiness"
)

// What keeps every call away is a page, what leaves one way open a banner over the
// pad; each has one action.
func TestNotReadyHasOneActionEach(t *testing.T) {
	for _, c := range []struct {
		name, action          string
		page                  bool
		button, title, status string
		asked                 string
	}{
		{readiness.Platform, "retry", true, "Try now", "Can’t reach voice.example.com", "Not ready", "retry"},
		{readiness.Token, "sign_in", true, "Sign in", "Sign in again", "Not ready", ""},
		{readiness.Profile, "retry", true, "Try now", "Your phone line isn’t set up yet", "Not ready", "retry"},
		{readiness.Push, "retry", false, "Try now", "Calls can’t reach you", "Outgoing only", "retry"},
		{readiness.Devices, "open_system_settings", false, "Settings", "Callers can’t hear you", "No microphone", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			snap := madeTrouble(c.name, c.action, time.Minute, 0)
			snap.Audio.MicrophoneWorks = c.name != readiness.Devices
			s := newHarness(t, snap)
			if got := s.screenName(); got != "dial" != c.page || !s.shows(c.title) || !s.shows(c.status) {
				t.Errorf("%s shows %q", c.name, got)
			}
			if c.page && !s.shows("Since 14:05") {
				t.Error("the page does not say since when")
			}
			s.tap(c.button)
			s.expect(c.asked)
			if c.action == "open_system_settings" && s.host.opened != 1 {
				t.Error("the system's settings were not opened")
			}
			if !c.page {
				s.dial.SetNumber("1800")
				s.press(fyne.KeyReturn)
				s.expect("dial:1800")
			}
		})
	}
	// What has only just begun is not shown as trouble.
	s := newHarness(t, madeTrouble(readiness.Platform, "retry", time.Second, 0))
	if s.screenName() != "dial" || !s.shows("Connecting") {
		t.Errorf("a second of settling shows %q", s.screenName())
	}
}

// The header says Ready only when a call would ring.
func TestTheHeaderIsTrue(t *testing.T) {
	for _, c := range []struct {
		choice app.Availability
		other  bool
		want   string
	}{
		{app.Available, false, "Ready"}, {app.Busy, false, "Quiet ring"}, {app.Break, false, "No calls"}, {app.DoNotDisturb, false, "No calls"},
		{app.Available, true, "Other phone"}, {app.Break, true, "Other phone"},
	} {
		snap := madeReady()
		snap.Availability, snap.OnAnotherPhone = c.choice, c.other
		s := newHarness(t, snap)
		if got := s.env.StatusOf(s.view()).Word; got != c.want {
			t.Errorf("%s, another phone %v: the header says %q, not %q", c.choice, c.other, got, c.want)
		}
		if c.other {
			s.tap("Use this one")
			s.expect("another:off")
		}
	}
}
