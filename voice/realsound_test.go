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
	return nil, fault.New(fault.MissingPermission, "Offhook may not use the microphone. Allow it in the system's settings.")
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

// TestRealPauses: a phone that is told to spare the network sends next to nothing
// while nobody speaks, and the call stands.
func TestRealPauses(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, bob := newPhone(t, p, "alice", null, null), newPhone(t, p, "bob", sine, null)
	check(t, alice.SetSound(voice.Sound{Capture: null, Playout: null, DTX: true}))
	out := alice.dialTo("bob")
	expect[voice.IncomingCall](bob)
	in := bob.latest()
	check(t, in.Answer())
	expect[voice.CallEstablished](alice)
	expect[voice.CallEstablished](bob)
	// Bob's tone has no pauses: it is the clock.
	hears(t, out)
	begun, _ := out.Statistics()
	awaits(t, "bob is not heard", func() bool { return received(out) >= begun.PacketsReceived+150 })
	done, _ := out.Statistics()
	// A packet in 400 ms is the least that Opus sends; 10 more are what a busy
	// machine sends late.
	if sent := done.PacketsSent - begun.PacketsSent; sent == 0 || sent > 30 {
		t.Errorf("%d packets of silence were sent while %d came", sent, done.PacketsReceived-begun.PacketsReceived)
	}
	for name, c := range map[string]*voice.Call{"alice": out, "bob": in} {
		if got := c.Details().State; got != voice.StateEstablished {
			t.Errorf("%s is in %v", name, got)
		}
	}
}
