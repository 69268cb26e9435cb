package ui

import (
	"testing"
	"time"

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
