package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/voice/wire"
)

// madeRecording is a call that is recorded in some way.
func madeRecording(r app.Recording) *app.Snapshot {
	s := madeFirst()
	s.Call.Recording = &r
	return s
}

func recordingScenes() []scene {
	return []scene{
		{name: "recording", snap: func() *app.Snapshot {
			return madeRecording(app.Recording{State: wire.RecordingOn, By: "rule", Told: "both", DurationS: 4})
		}, play: func(s *harness) { s.levels() }},
		{name: "recording-paused", snap: func() *app.Snapshot {
			return madeRecording(app.Recording{State: wire.RecordingPaused, By: "rule", DurationS: 134, PausedS: 18, ResumesInS: 102})
		}, play: func(s *harness) { s.levels() }},
		{name: "recording-by-hand", snap: func() *app.Snapshot {
			return madeRecording(app.Recording{State: wire.RecordingOff, ByHand: true})
		}, play: func(s *harness) { s.levels() }},
	}
}

func TestRecordingPictures(t *testing.T) {
	for i, sc := range recordingScenes() {
		mode := []theme.Mode{theme.Light, theme.Dark, theme.Light}[i]
		sc.window(t, func(o *harnessOptions) { o.mode = mode }).matchPicture(sc.name + "-" + string(mode))
	}
}

// The row says how the call is recorded, and what was said to the caller; a card number
// is left out by pointer and by key.
func TestRecording(t *testing.T) {
	s := newHarness(t, madeRecording(app.Recording{State: wire.RecordingOn, By: "rule", Told: "both", DurationS: 4}))
	if !s.shows("Recording 00:04") || !s.shows("The caller heard") || s.shows("Stop recording") {
		t.Error("a recording by rule is not shown as one")
	}
	s.tap("Pause recording while a card number is read")
	s.shortcut(fyne.KeyP, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("pause pause")
	s.show(madeRecording(app.Recording{State: wire.RecordingPaused, DurationS: 134, PausedS: 18, ResumesInS: 102}))
	if !s.shows("Paused 0:18") || !s.shows("resumes in 1:42") {
		t.Error("the pause is not shown")
	}
	s.tap("Resume recording")
	s.shortcut(fyne.KeyP, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("go-on go-on")
	s.show(madeRecording(app.Recording{State: wire.RecordingOff, ByHand: true}))
	if !s.shows("Not recording") || !s.shows("Tell the caller first") {
		t.Error("a recording by hand is not offered")
	}
	s.tap("Record this call")
	s.shortcut(fyne.KeyP, fyne.KeyModifierControl|fyne.KeyModifierShift)
	s.expect("record")
	s.show(madeRecording(app.Recording{State: wire.RecordingOn, ByHand: true, Told: "none", DurationS: 60}))
	if !s.shows("The caller wasn’t told. Tell them.") {
		t.Error("a caller who was not told is not said")
	}
	s.tap("Stop recording")
	s.expect("stop")
	for reason, want := range map[string]string{wire.RecordingDisk: "disk is full", wire.RecordingNotTold: "couldn’t be told", wire.RecordingNoKey: "isn’t set up", "": "can’t write it"} {
		s.show(madeRecording(app.Recording{State: wire.RecordingFailed, Reason: reason}))
		if !s.shows("Not recorded") || !s.shows(want) {
			t.Errorf("a failure by %q is not said as %q", reason, want)
		}
	}
	s.show(madeRecording(app.Recording{State: wire.RecordingOff}))
	if s.shows("ecord") {
		t.Error("a call that can't be recorded speaks of recording")
	}
	for _, size := range []fyne.Size{fyne.NewSize(320, 560), fyne.NewSize(640, 340)} {
		s := newHarness(t, madeRecording(app.Recording{State: wire.RecordingOn, Told: "both", DurationS: 4}), func(_ *madePhone, o *harnessOptions) { o.size = size })
		s.levels()
		if !s.shows("Recording 00:04") || !s.seen("Hang up") {
			t.Errorf("at %v the recording or Hang up is not on the screen", size)
		}
	}
}
