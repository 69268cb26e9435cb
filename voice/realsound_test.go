package voice_test

import (
	"testing"

	"offhook/demo"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// forbidding is a system that keeps programs from its microphone.
type forbidding struct{ audio.System }

func (f forbidding) OpenSource(audio.Spec) (audio.Source, error) {
	return nil, fault.New(fault.MissingPermission, "Offhook may not use the microphone.", "Allow it in the system's settings.")
}

// TestRealTroubleWithDevices: what keeps a call from its devices is told in it,
// and the call goes on.
func TestRealTroubleWithDevices(t *testing.T) {
	t.Parallel()
	bare := func() audio.System {
		system, err := audio.NewSystem(audio.Config{NoDevices: true})
		check(t, err)
		t.Cleanup(func() { check(t, system.Close()) })
		return system
	}
	p := startDemo(t, demo.Config{})
	for _, row := range []struct {
		what, user string
		system     audio.System
		in, out    audio.Spec
		told       func(voice.Event) bool
	}{
		{"no permission", "alice", forbidding{bare()}, audio.Spec{}, null, func(ev voice.Event) bool {
			if n, ok := ev.(voice.SoundNotice); ok {
				return n.Notice.Kind == audio.Capture && fault.TypeOf(n.Notice.Err) == fault.MissingPermission
			}
			f, ok := ev.(voice.SoundFailed)
			return ok && f.Capture && f.Err.Type == fault.MissingPermission
		}},
		{"no device", "bob", bare(), sine, audio.Spec{}, func(ev voice.Event) bool {
			if n, ok := ev.(voice.SoundNotice); ok {
				return n.Notice.Code == audio.NoDevice && n.Notice.Kind == audio.Playback
			}
			f, ok := ev.(voice.SoundFailed)
			return ok && !f.Capture && f.Err.Type == fault.AudioDeviceError
		}},
	} {
		ph := newPhone(t, p, row.user, row.in, row.out, voice.WithAudio(row.system))
		sub := ph.Subscribe()
		call := ph.dialTo("echo")
		expect[voice.CallEstablished](ph)
		for {
			ev := <-sub.Events()
			if row.told(ev) {
				break
			}
			if _, ended := ev.(voice.CallEnded); ended {
				t.Fatalf("%s: the call ended untold", row.what)
			}
		}
		sub.Close()
		if got := call.Details().State; got != voice.StateEstablished {
			t.Errorf("%s: the call is %v", row.what, got)
		}
		check(t, call.Hangup())
		expect[voice.CallEnded](ph)
	}
}
