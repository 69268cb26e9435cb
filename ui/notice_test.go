package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/assets/lang"
	"offhook/voice"
)

// A remark of the call before does not lie over Decline and Answer when it rings.
func TestARingClearsTheRemark(t *testing.T) {
	talk := madeCall(voice.StateEstablished, time.Minute)
	talk.Notice = &app.Notice{At: madeNow, Level: "info", Text: lang.Of("notice.muted")}
	s := newStage(t, talk)
	if len(s.noticeBox.Objects) != 1 {
		t.Fatal("no remark")
	}
	ring := madeCall(voice.StateIncoming, 0)
	ring.Call.Direction, ring.Call.ID = voice.Incoming, "next"
	s.show(ring)
	if len(s.noticeBox.Objects) != 0 {
		t.Error("the remark lies over the buttons")
	}
}

// One that comes while it rings, or during a call, covers no button of the call.
func TestARemarkCoversNoButton(t *testing.T) {
	for _, size := range []fyne.Size{fyne.NewSize(380, 660), fyne.NewSize(320, 340), fyne.NewSize(640, 340), fyne.NewSize(1200, 800)} {
		for _, state := range []voice.State{voice.StateIncoming, voice.StateEstablished} {
			snap := madeCall(state, time.Minute)
			if state == voice.StateIncoming {
				snap.Call.Direction = voice.Incoming
			}
			s := newStage(t, snap, func(_ *madePhone, o *stageOptions) { o.size = size })
			s.notify("Jabra Evolve2 65 is gone. Offhook uses the computer's microphone. Callers can't hear you until you connect one.")
			r := s.noticeBox.Objects[0]
			top, bottom := r.Position().Y, r.Position().Y+r.Size().Height
			for _, o := range mapOf(s.win.Canvas(), "", nil).Objects {
				across := o.X < r.Position().X+r.Size().Width && o.X+o.W > r.Position().X
				if o.Role == "button" && o.Y > 108 && across && o.Y < bottom && o.Y+o.H > top {
					t.Errorf("at %v in %s the remark lies over %q", size, state, o.Name)
				}
			}
		}
	}
}
