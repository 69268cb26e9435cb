package voice_test

import (
	"testing"
	"time"

	"offhook/internal/listen"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
	"offhook/voice/recording"
)

// callOf waits for a call of a phone that fits.
func callOf(t *testing.T, p *phoneOf, why string, fits func(voice.CallDetails) bool) *voice.Call {
	t.Helper()
	var found *voice.Call
	awaits(t, why, func() bool {
		for _, c := range p.Calls() {
			if fits(c.Details()) {
				found = c
				return true
			}
		}
		return false
	})
	return found
}

// Two calls at once: the second rings beside the first, is answered and puts it on
// hold, and the user goes to and fro. Each has its own far side, hold and statistics.
func TestTwoCallsOfOnePhone(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	alice, carol, dave := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "carol", sine, null, p.account("carol")), newSIPPhone(t, "dave", sine, null, p.account("dave"))
	bob := newSIPPhoneWith(t, "bob", sine, null, []voice.Option{voice.WithMaxCalls(1, 2)}, p.account("bob"))
	atAlice, first := connect(t, alice, bob, "bob")
	atCarol, err := carol.Dial(within(t), "bob", "")
	check(t, err)
	if got := expect[voice.IncomingCall](bob).Call; got.RemoteID != "carol" {
		t.Fatalf("%q rings", got.RemoteID)
	}
	expect[voice.CallRinging](carol)
	second := bob.latest()
	if d := first.Details(); d.Held || d.State != voice.StateEstablished {
		t.Errorf("the first call while the second rings: %+v", d)
	}
	hears(t, atAlice)
	// A third is one too many.
	_, err = dave.Dial(within(t), "bob", "")
	check(t, err)
	if got := expect[voice.CallEnded](dave).Call; got.EndReason != voice.EndBusy {
		t.Errorf("the third call: %v", got.EndReason)
	}
	if _, err := bob.Dial(within(t), "dave", ""); fault.TypeOf(err) != fault.SystemBusy {
		t.Errorf("dialled a third: %v", err)
	}

	check(t, second.Answer())
	expect[voice.CallEstablished](carol)
	remotelyHeld(t, alice, true)
	hears(t, atCarol)
	hears(t, second)
	for range 2 {
		check(t, first.Resume(within(t)))
		remotelyHeld(t, alice, false)
		remotelyHeld(t, carol, true)
		hears(t, first)
		hears(t, atAlice)
		check(t, second.Resume(within(t)))
		remotelyHeld(t, carol, false)
		remotelyHeld(t, alice, true)
		hears(t, second)
		hears(t, atCarol)
	}
	one, err := first.Statistics()
	check(t, err)
	two, err := second.Statistics()
	check(t, err)
	if one.PacketsReceived == 0 || two.PacketsReceived == 0 || first.Details().SessionID == second.Details().SessionID {
		t.Errorf("%+v, %+v", one, two)
	}
	check(t, second.Hangup())
	expect[voice.CallEnded](carol)
	if d := first.Details(); !d.Held || d.State != voice.StateEstablished {
		t.Errorf("the first call after the second: %+v", d)
	}
	check(t, first.Resume(within(t)))
	remotelyHeld(t, alice, false)
	hears(t, first)
	hears(t, atAlice)
	check(t, first.Hangup())
	expect[voice.CallEnded](alice)
	awaits(t, "a call is left", func() bool { return len(bob.Calls()) == 0 })
}

// A second call that the user places holds the first; either may end first.
func TestTheFirstOfTwoCallsEnds(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	alice, carol := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "carol", sine, null, p.account("carol"))
	bob := newSIPPhoneWith(t, "bob", sine, null, []voice.Option{voice.WithMaxCalls(1, 2)}, p.account("bob"))
	connect(t, alice, bob, "bob")
	second, atCarol := connect(t, bob, carol, "carol")
	remotelyHeld(t, alice, true)
	hears(t, second)
	hears(t, atCarol)
	check(t, alice.latest().Hangup())
	expect[voice.CallEnded](alice)
	awaits(t, "two calls are left", func() bool { return len(bob.Calls()) == 1 })
	hears(t, second)
	hears(t, atCarol)
	check(t, atCarol.Hangup())
	awaits(t, "a call is left", func() bool { return len(bob.Calls()) == 0 })
}

// A transfer to somebody whose phone still rings is done when it is answered; if it
// is not, the call goes on and says why.
func TestAttendedTransferWhileItRings(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string]bool{"answered": true, "declined": false, "given up": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice, bob, carol, atBob := threePhones(t)
			check(t, atBob.Consult(within(t), "carol"))
			expect[voice.IncomingCall](carol)
			consulted(t, bob, func(c *voice.Consultation) bool { return c.Status == 180 })
			asked := callOf(t, bob, "no consultation", func(d voice.CallDetails) bool { return d.ConsultsFor == atBob.ID() })
			if d := asked.Details(); d.RemoteID != "carol" || d.State != voice.StateRinging {
				t.Errorf("%+v", d)
			}
			check(t, atBob.CompleteTransfer(within(t)))
			if got := atBob.Details().Transfer; got.Target != "carol" || got.Final {
				t.Errorf("%+v", got)
			}
			if err := atBob.CompleteTransfer(within(t)); fault.TypeOf(err) != fault.SystemBusy {
				t.Errorf("completed twice: %v", err)
			}
			if name == "given up" {
				check(t, atBob.EndConsultation())
				awaits(t, "the transfer goes on", func() bool { return atBob.Details().Transfer.Final })
				check(t, atBob.Consult(within(t), "carol"))
				return
			}
			if !answers {
				check(t, carol.latest().Hangup())
				awaits(t, "the transfer goes on", func() bool { return atBob.Details().Transfer.Final })
				if got := atBob.Details().Transfer; got.Status != 486 || got.EndReason != voice.EndBusy {
					t.Errorf("%+v", got)
				}
				check(t, atBob.Resume(within(t)))
				hears(t, alice.latest())
				return
			}
			check(t, carol.latest().Answer())
			if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndLocalHangup || !got.Transfer.Succeeded() {
				t.Errorf("bob: %v %+v", got.EndReason, got.Transfer)
			}
			handedOver(alice)
			expect[voice.CallEnded](carol)
			hears(t, alice.latest())
			hears(t, carol.latest())
		})
	}
}

// Another microphone is chosen while one call talks and one is on hold: the one that
// talks goes over to it at once, the held one still hears nothing and has it when it is
// taken back. What each far side heard stands in its own recording.
func TestDeviceChangesWithTwoCalls(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	old, next := audio.Spec{Kind: audio.SpecSine, Hz: 440}, audio.Spec{Kind: audio.SpecSine, Hz: 1000}
	alice := newSIPPhoneWith(t, "alice", old, null, []voice.Option{voice.WithMaxCalls(1, 2)}, p.account("alice"))
	bob, carol := newSIPPhone(t, "bob", null, null, p.account("bob")), newSIPPhone(t, "carol", null, null, p.account("carol"))
	for _, ph := range []*phoneOf{bob, carol} {
		ph.SetRecording(voice.RecordingRules{Rule: voice.RecordAll, Folder: t.TempDir()})
	}
	first, atBob := connect(t, alice, bob, "bob")
	hears(t, first)
	recordedBy(bob, atBob, voice.RecordingOn)
	time.Sleep(500 * time.Millisecond)
	second, atCarol := connect(t, alice, carol, "carol")
	remotelyHeld(t, bob, true)
	recordedBy(carol, atCarol, voice.RecordingOn)
	time.Sleep(500 * time.Millisecond) // of the old one
	check(t, alice.SetSound(voice.Sound{Capture: next, Playout: null}))
	time.Sleep(700 * time.Millisecond) // of the new one
	check(t, first.Resume(within(t)))
	remotelyHeld(t, carol, true)
	remotelyHeld(t, bob, false)
	time.Sleep(700 * time.Millisecond)
	heard := map[string]listen.Sound{}
	for ph, call := range map[*phoneOf]*voice.Call{bob: first, carol: second} {
		check(t, call.Hangup())
		file := expect[voice.CallEnded](ph).Call.Recording.File
		check(t, ph.Close(within(t)))
		heard[ph.name] = recordedFile(t, file, recording.Key{})[1]
	}
	// The first and the last 200 ms that somebody heard a tone.
	times := func(s listen.Sound, hz float64) (first, last time.Duration) {
		first, last = -1, -1
		for at := time.Duration(0); at < s.Duration()-200*time.Millisecond; at += 50 * time.Millisecond {
			if s.Cut(at, at+200*time.Millisecond).Tone(hz) > 0.1 {
				if last = at; first < 0 {
					first = at
				}
			}
		}
		return first, last
	}
	for name, s := range heard {
		_, oldLast := times(s, 440)
		newFirst, _ := times(s, 1000)
		if oldLast < 0 || newFirst < 0 || newFirst < oldLast-200*time.Millisecond {
			t.Errorf("%s heard the old one until %v, the new one from %v on", name, oldLast, newFirst)
		}
		if gap := newFirst - oldLast; name == "bob" && gap < time.Second {
			t.Errorf("bob, who was on hold, heard it %v after the old one", gap)
		} else if name == "carol" && gap > 400*time.Millisecond {
			t.Errorf("carol waited %v for the new one", gap)
		}
	}
}
