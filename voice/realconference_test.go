package voice_test

import (
	"sync"
	"testing"

	"offhook/demo"
	"offhook/internal/listen"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// ear is a sound system that remembers what its loudspeaker has played last.
type ear struct {
	audio.System
	mu     sync.Mutex
	played []int16
}

type earSink struct {
	audio.Sink
	ear *ear
}

func (e *ear) OpenSink(spec audio.Spec) (audio.Sink, error) {
	sink, err := e.System.OpenSink(spec)
	return earSink{sink, e}, err
}

func (s earSink) Start(pull func(frame []int16)) error {
	return s.Sink.Start(func(frame []int16) {
		pull(frame)
		s.ear.mu.Lock()
		defer s.ear.mu.Unlock()
		if s.ear.played = append(s.ear.played, frame...); len(s.ear.played) > 2*audio.SampleRate {
			s.ear.played = s.ear.played[audio.SampleRate:]
		}
	})
}

// hears reports whether a tone is in the last 300 ms.
func (e *ear) hears(hz float64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	last := e.played[max(0, len(e.played)-3*audio.SampleRate/10):]
	sound := listen.Sound{Rate: audio.SampleRate, Samples: make([]float64, len(last))}
	for i, v := range last {
		sound.Samples[i] = float64(v) / 32768
	}
	return len(last) > audio.SampleRate/4 && sound.Tone(hz) > 0.03
}

// tone is what each says.
var tones = map[string]float64{"alice": 620, "bob": 440, "carol": 800, "dave": 1000}

// listener makes the options of a phone that is listened to.
func listener(t *testing.T) (*ear, voice.Option) {
	t.Helper()
	system, err := audio.NewSystem(audio.Config{NoDevices: true})
	check(t, err)
	t.Cleanup(func() { check(t, system.Close()) })
	e := &ear{System: system}
	return e, voice.WithAudio(e)
}

func says(name string) audio.Spec { return audio.Spec{Kind: audio.SpecSine, Hz: tones[name]} }

// heard waits until an ear hears the tones of some and of nobody else.
func heard(t *testing.T, who string, e *ear, names ...string) {
	t.Helper()
	awaits(t, who+" does not hear just "+join(names), func() bool {
		for name, hz := range tones {
			want := false
			for _, n := range names {
				want = want || n == name
			}
			if e.hears(hz) != want {
				return false
			}
		}
		return true
	})
}

func join(names []string) (list string) {
	for _, n := range names {
		list += " " + n
	}
	return list
}

// mixedThree are alice, bob and carol, whom bob mixes; each has an ear.
func mixedThree(t *testing.T) (alice, bob, carol *phoneOf, first, second *voice.Call, ears map[string]*ear) {
	t.Helper()
	p := newPBX(t)
	ears = map[string]*ear{}
	phone := func(name string, options ...voice.Option) *phoneOf {
		e, listens := listener(t)
		ears[name] = e
		return newSIPPhoneWith(t, name, says(name), null, append(options, listens), p.account(name))
	}
	alice, carol = phone("alice"), phone("carol")
	bob = phone("bob", voice.WithMaxCalls(1, 2))
	_, first = connect(t, alice, bob, "bob")
	second, _ = connect(t, bob, carol, "carol")
	remotelyHeld(t, alice, true)
	heard(t, "alice", ears["alice"])
	heard(t, "carol", ears["carol"], "bob")
	check(t, bob.Merge(within(t), first.ID(), second.ID()))
	return alice, bob, carol, first, second, ears
}

// Each of three hears the two others: the phone mixes them. Mute takes away the user's
// own voice, MuteParty another's; who is dropped is gone, and the other two talk on.
func TestConferenceOfThePhone(t *testing.T) {
	t.Parallel()
	alice, bob, carol, first, second, ears := mixedThree(t)
	heard(t, "alice", ears["alice"], "bob", "carol")
	heard(t, "bob", ears["bob"], "alice", "carol")
	heard(t, "carol", ears["carol"], "alice", "bob")
	for _, c := range []*voice.Call{first, second} {
		if d := c.Details(); !d.InConference || !d.HasSound || d.Held || c.FarLevel() < 0.3 {
			t.Errorf("%s: %+v, level %.2f", d.RemoteID, d, c.FarLevel())
		}
	}
	if err := bob.Merge(within(t), first.ID(), first.ID()); fault.TypeOf(err) != fault.InvalidParameter {
		t.Errorf("with itself: %v", err)
	}
	check(t, bob.Merge(within(t), second.ID(), first.ID())) // said again

	check(t, first.Mute())
	heard(t, "alice", ears["alice"], "carol")
	heard(t, "carol", ears["carol"], "alice")
	awaits(t, "both are muted", func() bool { return first.Details().Muted && second.Details().Muted })
	check(t, second.Unmute())
	heard(t, "alice", ears["alice"], "bob", "carol")
	check(t, first.MuteParty(within(t), second.ID(), true))
	heard(t, "alice", ears["alice"], "bob")
	heard(t, "bob", ears["bob"], "alice")
	check(t, first.MuteParty(within(t), second.ID(), false))
	heard(t, "alice", ears["alice"], "bob", "carol")

	// The conference is held and taken off hold as one.
	check(t, second.Hold(within(t)))
	remotelyHeld(t, carol, true)
	heard(t, "alice", ears["alice"], "bob")
	check(t, second.Resume(within(t)))
	remotelyHeld(t, carol, false)
	heard(t, "carol", ears["carol"], "alice", "bob")

	check(t, first.DropParty(within(t), second.ID()))
	expect[voice.CallEnded](carol)
	heard(t, "alice", ears["alice"], "bob")
	heard(t, "bob", ears["bob"], "alice")
	awaits(t, "it is a call like any other", func() bool { d := first.Details(); return !d.InConference && d.HasSound && !d.Held })
	if err := first.DropParty(within(t), second.ID()); fault.TypeOf(err) != fault.NoCall {
		t.Errorf("dropped twice: %v", err)
	}
	check(t, first.Hangup())
	expect[voice.CallEnded](alice)
}

// A mute from before goes into the conference and comes out of it; End ends it for all.
func TestConferenceKeepsTheMute(t *testing.T) {
	t.Parallel()
	alice, bob, carol, first, second, ears := mixedThree(t)
	heard(t, "alice", ears["alice"], "bob", "carol")
	check(t, first.Mute())
	heard(t, "carol", ears["carol"], "alice")
	check(t, alice.latest().Hangup())
	expect[voice.CallEnded](alice)
	expect[voice.CallEnded](bob)
	awaits(t, "it is a call like any other", func() bool { return !second.Details().InConference })
	heard(t, "carol", ears["carol"])
	if !second.Details().Muted {
		t.Error("the mute was lost")
	}
	// Alice calls again, and is merged into the muted call.
	_, err := alice.Dial(within(t), "bob", "")
	check(t, err)
	expect[voice.IncomingCall](bob)
	again := bob.latest()
	check(t, again.Answer())
	expect[voice.CallEstablished](alice)
	heard(t, "alice", ears["alice"], "bob")
	check(t, bob.Merge(within(t), again.ID(), second.ID()))
	heard(t, "alice", ears["alice"], "carol")
	heard(t, "carol", ears["carol"], "alice")
	check(t, second.EndConference(within(t)))
	expect[voice.CallEnded](alice)
	expect[voice.CallEnded](carol)
	awaits(t, "nobody is left", func() bool { return len(bob.Calls()) == 0 })
}

// A third call beside the conference holds it as a whole, and joins it.
func TestConferenceOfFour(t *testing.T) {
	t.Parallel()
	alice, bob, carol, first, second, ears := mixedThree(t)
	heard(t, "alice", ears["alice"], "bob", "carol")
	third, err := bob.Dial(within(t), "bob", "") // any call at all, to hold the conference
	if err == nil {
		<-third.Done()
	}
	awaits(t, "the conference waits", func() bool { return first.Details().Held && second.Details().Held })
	heard(t, "alice", ears["alice"])
	check(t, first.Resume(within(t)))
	remotelyHeld(t, alice, false)
	remotelyHeld(t, carol, false)
	heard(t, "alice", ears["alice"], "bob", "carol")
	heard(t, "carol", ears["carol"], "alice", "bob")
	check(t, second.Hangup())
	check(t, first.Hangup())
	expect[voice.CallEnded](alice)
	expect[voice.CallEnded](carol)
}

// On the platform the parties are mixed there: bob's second call ends quietly, all hear
// each other, and bob mutes, drops and ends.
func TestConferenceOfThePlatform(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	ears := map[string]*ear{}
	phone := func(name string, options ...voice.Option) *phoneOf {
		e, listens := listener(t)
		ears[name] = e
		return newPhone(t, p, name, says(name), null, append(options, listens)...)
	}
	alice, bob, carol := phone("alice"), phone("bob"), phone("carol")
	alice.dialTo("bob")
	expect[voice.IncomingCall](bob)
	first := bob.latest()
	check(t, first.Answer())
	expect[voice.CallEstablished](bob)
	check(t, first.Consult(within(t), "carol"))
	expect[voice.IncomingCall](carol)
	check(t, carol.latest().Answer())
	consulted(t, bob, (*voice.Consultation).Answered)
	second := bob.Calls()[1]
	check(t, bob.Merge(within(t), first.ID(), second.ID()))
	<-second.Done()
	if d := second.Details(); !d.Merged || d.EndReason != voice.EndLocalHangup {
		t.Errorf("the second call: %+v", d)
	}
	heard(t, "alice", ears["alice"], "bob", "carol")
	heard(t, "bob", ears["bob"], "alice", "carol")
	heard(t, "carol", ears["carol"], "alice", "bob")
	awaits(t, "bob sees two parties", func() bool { d := first.Details(); return len(d.Parties) == 2 && d.Hosting && !d.Held })
	awaits(t, "carol sees two parties", func() bool { d := carol.latest().Details(); return len(d.Parties) == 2 && !d.Hosting })
	party := func(name string) string {
		for _, p := range first.Details().Parties {
			if p.RemoteID == name {
				return p.ID
			}
		}
		t.Fatalf("%s is not there: %+v", name, first.Details().Parties)
		return ""
	}
	check(t, first.MuteParty(within(t), party("carol"), true))
	heard(t, "alice", ears["alice"], "bob")
	if err := carol.latest().EndConference(within(t)); fault.TypeOf(err) != fault.ServerError {
		t.Errorf("a guest ends it: %v", err)
	}
	check(t, first.DropParty(within(t), party("carol")))
	expect[voice.CallEnded](carol)
	awaits(t, "it is a call like any other", func() bool { d := first.Details(); return d.Parties == nil && d.RemoteID == "alice" })
	heard(t, "alice", ears["alice"], "bob")
	heard(t, "bob", ears["bob"], "alice")
	check(t, first.Hangup())
	expect[voice.CallEnded](alice)
}
