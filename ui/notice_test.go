package ui

import (
	"slices"
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
	s := newHarness(t, talk)
	if len(s.noticeBox.Objects) != 0 || !s.shows("re muted.") {
		t.Fatal("the remark does not stand above the call")
	}
	ring := madeCall(voice.StateIncoming, 0)
	ring.Call.Direction, ring.Call.ID = voice.Incoming, "next"
	s.show(ring)
	if len(s.noticeBox.Objects) != 0 || s.shows("re muted.") {
		t.Error("the remark is of the call before")
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
			s := newHarness(t, snap, func(_ *madePhone, o *harnessOptions) { o.size = size })
			s.notify("Jabra Evolve2 65 is gone. Offhook uses the computer's microphone. Callers can't hear you until you connect one.")
			box := s.tabs.noteBox
			if len(s.noticeBox.Objects) != 0 || !s.shows("is gone") {
				t.Fatalf("at %v in %s the remark does not stand above the call", size, state)
			}
			at := fyne.CurrentApp().Driver().AbsolutePositionForObject(box)
			for _, o := range mapOf(s.win.Canvas(), "", nil).Objects {
				if o.Role == "button" && o.Name != "Close" && o.X < at.X+box.Size().Width && o.X+o.W > at.X && o.Y < at.Y+box.Size().Height && o.Y+o.H > at.Y {
					t.Errorf("at %v in %s the remark lies over %q", size, state, o.Name)
				}
			}
		}
	}
}

// A device that is offered stands above the call with a button; it covers no control,
// also in the smallest windows, and is offered once.
func TestADeviceIsOffered(t *testing.T) {
	for _, size := range []fyne.Size{fyne.NewSize(380, 660), fyne.NewSize(320, 560), fyne.NewSize(640, 340), fyne.NewSize(320, 340), fyne.NewSize(1200, 800)} {
		for word, offer := range map[string]*app.DeviceOffer{
			"Use it": {Kind: app.OfferHeadset, Device: "Jabra Evolve2 65"},
			"Switch": {Kind: app.OfferMicrophone, Device: "Built-in Audio", Silent: "Jabra Evolve2 65"},
		} {
			talk := func(o *app.DeviceOffer) *app.Snapshot {
				snap := madeCall(voice.StateEstablished, time.Minute)
				snap.Audio.Offer = o
				return snap
			}
			s := newHarness(t, talk(nil), func(_ *madePhone, o *harnessOptions) { o.size = size })
			s.show(talk(offer))
			s.phone.forget()
			if labels := s.labels(); !slices.Contains(labels, "Hang up") || !slices.Contains(labels, word) {
				t.Errorf("%v: there are %q", size, labels)
			}
			s.tap(word)
			s.expect("take-device")
			s.show(talk(offer))
			if slices.Contains(s.labels(), word) {
				t.Errorf("%v: what was taken is offered again", size)
			}
			s.show(talk(nil))
			s.show(talk(&app.DeviceOffer{Kind: app.OfferHeadset, Device: "Poly"}))
			s.phone.forget()
			s.tap("Close")
			s.expect("refuse-device")
		}
	}
}

// labels are the names of what can be pressed.
func (s *harness) labels() (list []string) {
	for _, o := range mapOf(s.win.Canvas(), "", s.overlay()).Objects {
		list = append(list, o.Label)
	}
	return list
}
