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
		d := newHarness(t).start().signIn()
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
				ev = voice.SoundNotice{CallID: d.Snapshot().Call.ID, Notice: n}
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
		d := newHarness(t).start().signIn()
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

// A headset that appears, and a microphone that brings nothing, are an offer: it is
// taken, refused, or goes with what it was about.
func TestADeviceIsOffered(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		wantFault(t, d.TakeDevice(), fault.NoCall, "No other device")
		if err := d.Dial(context.Background(), "bob", ""); err != nil {
			t.Fatal(err)
		}
		d.engine.emit(voice.CallEstablished{Call: d.engine.to(voice.StateEstablished)})
		desk := audio.Device{ID: "desk", Name: "Desk", Kind: audio.Capture}
		told := func(n audio.Notice) *DeviceOffer {
			d.engine.emit(voice.SoundNotice{CallID: d.Snapshot().Call.ID, Notice: n})
			synctest.Wait()
			return d.Snapshot().Audio.Offer
		}
		silent := audio.Notice{Code: audio.DeadMicrophone, Kind: audio.Capture, Device: "Jabra", Instead: desk, Err: fault.New(fault.AudioDeviceError, "audio.silent-microphone", "Jabra")}
		if o := told(silent); o == nil || o.Kind != OfferMicrophone || o.Device != "Desk" || o.Silent != "Jabra" {
			t.Fatalf("%+v", o)
		}
		if o := told(audio.Notice{Code: audio.AliveMicrophone, Kind: audio.Capture}); o != nil {
			t.Errorf("%+v is offered for a microphone that works", o)
		}
		told(silent)
		if err := d.TakeDevice(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got, o := d.Settings().Audio.Microphone, d.Snapshot().Audio.Offer; got != "device:desk = Desk" || o != nil {
			t.Errorf("the microphone is %q; still offered: %+v", got, o)
		}
		told(silent)
		if o := told(audio.Notice{Code: audio.DevicesChanged}); o != nil {
			t.Errorf("%+v is offered and gone", o)
		}
		headset := audio.Notice{Code: audio.HeadsetOffered, Kind: audio.Playback, Device: "Poly", Route: voice.RouteHeadphones}
		if o := told(headset); o == nil || o.Kind != OfferHeadset || o.Device != "Poly" {
			t.Errorf("%+v", o)
		}
		d.RefuseDevice()
		synctest.Wait()
		if o := d.Snapshot().Audio.Offer; o != nil {
			t.Errorf("%+v was refused", o)
		}
		told(headset)
		d.engine.emit(voice.CallEnded{Call: d.engine.to(voice.StateEnded)})
		synctest.Wait()
		if o := d.Snapshot().Audio.Offer; o != nil {
			t.Errorf("%+v outlives its call", o)
		}
	})
}

// Changing a volume during a call leaves what is known of its devices.
func TestAVolumeLeavesTheDevices(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		if err := d.Dial(context.Background(), "bob", ""); err != nil {
			t.Fatal(err)
		}
		d.engine.emit(voice.SoundNotice{CallID: d.Snapshot().Call.ID, Notice: audio.Notice{Code: audio.Moved, Kind: audio.Playback, Device: "Jabra"}})
		d.engine.emit(voice.SoundNotice{CallID: d.Snapshot().Call.ID, Notice: audio.Notice{Code: audio.DevicesChanged, Devices: []audio.Device{
			{ID: "s", Name: "Speakers", Kind: audio.Playback}}}})
		synctest.Wait()
		before := d.Snapshot().Audio
		if err := d.UpdateSettings(func(s *Settings) { s.Audio.CallVolume = 150 }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if now := d.Snapshot().Audio; now.Speaker != "Jabra" || len(now.Routes) != len(before.Routes) {
			t.Errorf("%+v, before %+v", now, before)
		}
	})
}
