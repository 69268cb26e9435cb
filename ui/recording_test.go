package ui

import (
	"context"
	"fmt"
	"testing"
	"time"

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
	s.show(madeRecording(app.Recording{State: wire.RecordingFailed, Reason: wire.RecordingDisk, Here: true}))
	if !s.shows("this computer’s disk is full") {
		t.Error("whose disk is full is not said")
	}
	s.show(madeRecording(app.Recording{State: wire.RecordingAsking, Here: true}))
	s.tap("Yes, record this call")
	s.expect("consent")
	s.tap("Don’t record this call")
	s.expect("refuse")
	s.show(madeRecording(app.Recording{State: wire.RecordingOff, Here: true, Reason: wire.RecordingRefused}))
	s.tap("Record this call")
	s.expect("record")
	for sealed, want := range map[bool]bool{false: true, true: false} {
		s.show(madeRecording(app.Recording{State: wire.RecordingOn, Here: true, Sealed: sealed, Told: "beep", DurationS: 60}))
		if s.shows("The file on this computer isn’t encrypted.") != want {
			t.Errorf("encrypted %v, and its opposite is said: %v", sealed, !want)
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

// The page of a call plays its recording, goes to and fro and stops, where that may be.
func TestRecordingIsPlayed(t *testing.T) {
	s := newHarness(t, madeReady(), func(p *madePhone, _ *harnessOptions) {
		p.recents[1].Recorded, p.recents[1].RecordingFile = true, "/recordings/2.ogg"
		p.recents[0].Recorded = true
	})
	s.recents.Open(s.phone.recents[0])
	if !s.shows("Recorded") || s.seen("Play the recording") {
		t.Error("a recording that may not be played is offered")
	}
	call := s.phone.recents[1].ID
	s.recents.Open(s.phone.recents[1])
	s.tap("Play the recording")
	s.expect("play:" + call + ":0s")
	if s.seen("Forward 10 seconds") {
		t.Error("it goes forward before it plays")
	}
	playing := madeReady()
	playing.Playing = &app.Playing{ID: call, PositionS: 72, LengthS: 130}
	s.show(playing)
	if !s.shows("01:12 / 02:10") {
		t.Error("how far it is does not show")
	}
	s.tap("Forward 10 seconds")
	s.expect("play:" + call + ":1m22s")
	s.tap("Back 10 seconds")
	s.expect("play:" + call + ":1m2s")
	s.tap("Stop playing")
	s.expect("stop-playing")
}

func (p *madePhone) PauseRecording(_ context.Context, id string) error {
	p.note(p.of("pause", id))
	return p.fail
}

func (p *madePhone) ResumeRecording(_ context.Context, id string) error {
	p.note(p.of("go-on", id))
	return p.fail
}

func (p *madePhone) StartRecording(_ context.Context, id string) error {
	p.note(p.of("record", id))
	return p.fail
}

func (p *madePhone) StopRecording(_ context.Context, id string) error {
	p.note(p.of("stop", id))
	return p.fail
}

func (p *madePhone) ConsentToRecording(_ context.Context, id string) error {
	p.note(p.of("consent", id))
	return p.fail
}

func (p *madePhone) RefuseRecording(_ context.Context, id string) error {
	p.note(p.of("refuse", id))
	return p.fail
}

func (p *madePhone) Playable(r app.CallRecord) bool { return r.RecordingFile != "" }

func (p *madePhone) PlayRecording(_ context.Context, id string, from time.Duration) error {
	p.note(fmt.Sprint("play:", id, ":", from))
	return p.fail
}

func (p *madePhone) StopPlaying() { p.note("stop-playing") }
