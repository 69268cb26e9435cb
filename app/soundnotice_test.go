package app

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"offhook/app/readiness"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// What the sound of a call has to say is shown, and the condition of the devices
// follows it.
func TestTheSoundOfACallIsToldOf(t *testing.T) {
	trouble := func(text string) *fault.Error { return fault.New(fault.AudioDeviceError, text+" Choose another.") }
	story(t, func(t *testing.T) {
		d := newRig(t).start().signIn()
		defer d.close()
		if err := d.Dial(context.Background(), "bob", ""); err != nil {
			t.Fatal(err)
		}
		d.engine.emit(voice.CallEstablished{Call: d.engine.to(voice.StateEstablished)})
		for _, row := range []struct {
			what          string
			event         any
			level, text   string
			ok            bool
			action        string
			mic, speaker  bool
			micName       string
			speakerDevice string
		}{
			{"muted speech", audio.Notice{Code: audio.MutedSpeech}, "info", "muted", true, "", true, true, "None", "None"},
			{"unplugged", audio.Notice{Code: audio.FellBack, Kind: audio.Capture, Device: "Built-in", Err: trouble("The headset is gone.")}, "warning", "The headset is gone.", true, "", true, true, "Built-in", "None"},
			{"none left", audio.Notice{Code: audio.NoDevice, Kind: audio.Playback, Err: trouble("There is no loudspeaker.")}, "warning", "There is no loudspeaker.", false, readiness.OpenAudioSettings, true, false, "Built-in", "None"},
			{"back", audio.Notice{Code: audio.Returned, Kind: audio.Playback, Device: "Headset"}, "info", "using Headset", true, "", true, true, "Built-in", "Headset"},
			{"silent", audio.Notice{Code: audio.DeadMicrophone, Kind: audio.Capture, Device: "Headset", Err: trouble("The microphone Headset delivers only silence.")}, "warning", "only silence", false, readiness.OpenAudioSettings, false, true, "Headset", "Headset"},
			{"alive", audio.Notice{Code: audio.AliveMicrophone, Kind: audio.Capture, Device: "Headset"}, "info", "works again", true, "", true, true, "Headset", "Headset"},
			{"muted in the system", audio.Notice{Code: audio.SystemMuted, Kind: audio.Playback, Device: "Headset", Err: trouble("The loudspeaker Headset is muted in the system.")}, "warning", "muted in the system", false, readiness.OpenAudioSettings, true, false, "Headset", "Headset"},
			{"and no longer", audio.Notice{Code: audio.SystemUnmuted, Kind: audio.Playback, Device: "Headset"}, "info", "using Headset", true, "", true, true, "Headset", "Headset"},
			{"not permitted", voice.SoundFailed{Capture: true, Err: fault.New(fault.MissingPermission, "Offhook may not use the microphone. Allow it.")}, "error", "may not use", false, readiness.OpenSystemSettings, false, true, "Headset", "Headset"},
			{"chosen anew", audio.Notice{Code: audio.Moved, Kind: audio.Capture, Device: "Desk"}, "info", "using Desk", true, "", true, true, "Desk", "Headset"},
			{"unknown", audio.Notice{Code: 99}, "warning", "has a problem", true, "", true, true, "Desk", "Headset"},
		} {
			ev := row.event
			if n, ok := ev.(audio.Notice); ok {
				ev = voice.SoundNotice{CallID: d.engine.call.CallID, Notice: n}
			}
			d.engine.emit(ev.(voice.Event))
			synctest.Wait()
			s := d.Snapshot()
			if s.Notice == nil || s.Notice.Level != row.level || !strings.Contains(s.Notice.Text.String(), row.text) {
				t.Errorf("%s: notice %+v", row.what, s.Notice)
			}
			if c := s.condition(readiness.Devices); c.OK != row.ok || c.Action != row.action || !c.OK && c.Text.Empty() {
				t.Errorf("%s: condition %+v", row.what, c)
			}
			if a := s.Audio; a.MicrophoneWorks != row.mic || a.SpeakerWorks != row.speaker || a.Microphone != row.micName || a.Speaker != row.speakerDevice {
				t.Errorf("%s: audio %+v", row.what, a)
			}
		}
	})
}

// Quitting in a call is asked about; without one it is not.
func TestQuittingInACallAsks(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newRig(t).start().signIn()
		defer d.close()
		if err := d.MayQuit(); err != nil {
			t.Fatal(err)
		}
		if err := d.Dial(context.Background(), "bob", ""); err != nil {
			t.Fatal(err)
		}
		wantFault(t, d.MayQuit(), fault.SystemBusy, "in a call with Bob Ross")
	})
}
