package voice_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"offhook/voice"
	"offhook/voice/fault"
)

// threePhones are alice, who has called bob, and carol.
func threePhones(t *testing.T) (alice, bob, carol *phoneOf, atBob *voice.Call) {
	t.Helper()
	p := newPBX(t)
	alice, bob, carol = newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, p.account("bob")), newSIPPhone(t, "carol", sine, null, p.account("carol"))
	_, atBob = connect(t, alice, bob, "bob")
	return alice, bob, carol, atBob
}

// consulted waits until a call's consultation fits.
func consulted(t *testing.T, p *phoneOf, fits func(*voice.Consultation) bool) voice.CallDetails {
	t.Helper()
	for {
		if c := expect[voice.CallChanged](p).Call; fits(&c.Consultation) {
			return c
		}
	}
}

// bob asks carol before he hands alice to her: the two then talk, and bob is out
// of it.
func TestAttendedTransfer(t *testing.T) {
	t.Parallel()
	alice, bob, carol, atBob := threePhones(t)
	if err := atBob.CompleteTransfer(within(t)); fault.TypeOf(err) != fault.NoCall {
		t.Errorf("joined with nobody: %v", err)
	}
	if err := atBob.Consult(within(t), "carol"); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.IncomingCall](carol).Call; got.RemoteID != "bob" {
		t.Errorf("carol is called by %q", got.RemoteID)
	}
	consulted(t, bob, func(c *voice.Consultation) bool { return c.Status == 180 && c.Target == "carol" })
	if err := atBob.Consult(within(t), "alice"); fault.TypeOf(err) != fault.SystemBusy {
		t.Errorf("a second consultation: %v", err)
	}
	if err := atBob.Resume(within(t)); fault.TypeOf(err) != fault.SystemBusy {
		t.Errorf("resumed beside the consultation: %v", err)
	}
	if err := carol.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	if got := consulted(t, bob, (*voice.Consultation).Answered); !got.Held || got.RemoteID != "alice" || got.Consultation.Since.IsZero() {
		t.Errorf("bob's call: %+v", got)
	}
	hears(t, carol.latest())
	awaits(t, "bob does not hear carol", func() bool { _, far := atBob.Levels(); return far > 0.05 })
	if err := atBob.SendDTMF("5"); err != nil {
		t.Error(err)
	}
	if got := expect[voice.DTMFReceived](carol).Call; got.DTMFReceived != "5" {
		t.Errorf("carol is told %q", got.DTMFReceived)
	}

	if err := atBob.CompleteTransfer(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallInitiated](alice).Call; got.RemoteID != "carol" || got.TransferredBy != "bob" {
		t.Errorf("alice's second call: %+v", got)
	}
	if got := expect[voice.CallEnded](carol).Call; got.EndReason != voice.EndRemoteHangup || got.RemoteID != "bob" {
		t.Errorf("carol's first call: %v", got.EndReason)
	}
	if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndLocalHangup || got.Transfer != (voice.Transfer{Target: "carol", Status: 200, Final: true}) {
		t.Errorf("bob: %v %+v", got.EndReason, got.Transfer)
	}
	handedOver(alice)
	hears(t, alice.latest())
	hears(t, carol.latest())
	if err := alice.latest().Hangup(); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEnded](carol)
}

// remotelyHeld waits until a phone's call is on hold, or off it, by the other side.
func remotelyHeld(t *testing.T, p *phoneOf, on bool) {
	t.Helper()
	for p.latest().Details().RemoteHeld != on {
		expect[voice.CallChanged](p)
	}
}

// bob goes to and fro between alice and carol, and then joins them.
func TestSwap(t *testing.T) {
	t.Parallel()
	alice, bob, carol, atBob := threePhones(t)
	if err := atBob.Swap(within(t)); fault.TypeOf(err) != fault.NoCall {
		t.Errorf("swapped with nobody: %v", err)
	}
	if err := atBob.Consult(within(t), "carol"); err != nil {
		t.Fatal(err)
	}
	expect[voice.IncomingCall](carol)
	if err := atBob.Swap(within(t)); fault.TypeOf(err) != fault.NoCall {
		t.Errorf("swapped before the answer: %v", err)
	}
	if err := carol.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	consulted(t, bob, (*voice.Consultation).Answered)
	remotelyHeld(t, alice, true)
	digit := func(digit string, to *phoneOf) {
		t.Helper()
		if err := atBob.SendDTMF(digit); err != nil {
			t.Error(err)
		}
		if got := expect[voice.DTMFReceived](to); string(got.Digit) != digit {
			t.Errorf("%c arrives, want %s", got.Digit, digit)
		}
	}
	for range 2 {
		if err := atBob.Swap(within(t)); err != nil {
			t.Fatal(err)
		}
		if d := atBob.Details(); d.Held || !d.Consultation.Answered() || d.Consultation.HeldSince.IsZero() {
			t.Errorf("back with alice: held %v, %+v", d.Held, d.Consultation)
		}
		remotelyHeld(t, alice, false)
		remotelyHeld(t, carol, true)
		hears(t, alice.latest())
		hears(t, atBob)
		digit("5", alice)

		if err := atBob.Swap(within(t)); err != nil {
			t.Fatal(err)
		}
		if d := atBob.Details(); !d.Held || !d.Consultation.Answered() || !d.Consultation.HeldSince.IsZero() {
			t.Errorf("with carol again: held %v, %+v", d.Held, d.Consultation)
		}
		remotelyHeld(t, alice, true)
		remotelyHeld(t, carol, false)
		hears(t, carol.latest())
		digit("7", carol)
	}
	if err := atBob.Swap(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := atBob.CompleteTransfer(within(t)); err != nil {
		t.Fatal(err)
	}
	handedOver(alice)
	expect[voice.CallEnded](bob)
	expect[voice.CallEnded](carol)
	hears(t, alice.latest())
	hears(t, carol.latest())
}

// The one who waits may leave; the talk with the other goes on.
func TestSwappedPartyLeaves(t *testing.T) {
	t.Parallel()
	alice, bob, carol, atBob := threePhones(t)
	if err := atBob.Consult(within(t), "carol"); err != nil {
		t.Fatal(err)
	}
	expect[voice.IncomingCall](carol)
	if err := carol.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	consulted(t, bob, (*voice.Consultation).Answered)
	if err := atBob.Swap(within(t)); err != nil {
		t.Fatal(err)
	}
	remotelyHeld(t, alice, false)
	if err := carol.latest().Hangup(); err != nil {
		t.Fatal(err)
	}
	if got := consulted(t, bob, func(c *voice.Consultation) bool { return !c.Active() }); got.Held || got.Consultation.Status != 481 {
		t.Errorf("held %v, %+v", got.Held, got.Consultation)
	}
	hears(t, alice.latest())
	hears(t, atBob)
	if err := atBob.Swap(within(t)); fault.TypeOf(err) != fault.NoCall {
		t.Errorf("swapped with who has left: %v", err)
	}
	if err := atBob.Resume(within(t)); err != nil {
		t.Error(err)
	}
	consulted(t, bob, func(c *voice.Consultation) bool { return c.Target == "" })
}

// A consultation that comes to nothing leaves the call on hold, and it goes on.
func TestConsultationEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		end    func(bob, carol *voice.Call) error
		answer bool
		status int
	}{
		"declined":                  {func(_, carol *voice.Call) error { return carol.Hangup() }, false, 486},
		"given up":                  {func(bob, _ *voice.Call) error { return bob.EndConsultation() }, false, 487},
		"the third party hangs up":  {func(_, carol *voice.Call) error { return carol.Hangup() }, true, 481},
		"the user hangs up on them": {func(bob, _ *voice.Call) error { return bob.EndConsultation() }, true, 487},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice, bob, carol, atBob := threePhones(t)
			if err := atBob.Consult(within(t), "carol"); err != nil {
				t.Fatal(err)
			}
			expect[voice.IncomingCall](carol)
			if tc.answer {
				if err := carol.latest().Answer(); err != nil {
					t.Fatal(err)
				}
				expect[voice.CallEstablished](carol)
				consulted(t, bob, (*voice.Consultation).Answered)
			}
			if err := tc.end(atBob, carol.latest()); err != nil {
				t.Fatal(err)
			}
			if got := consulted(t, bob, func(c *voice.Consultation) bool { return c.Target != "" && !c.Active() }); !got.Held || got.Consultation.Status != tc.status {
				t.Errorf("held %v, %+v", got.Held, got.Consultation)
			}
			expect[voice.CallEnded](carol)
			if err := atBob.Resume(within(t)); err != nil {
				t.Fatal(err)
			}
			if got := atBob.Details().Consultation; got != (voice.Consultation{}) {
				t.Errorf("after the far side was taken off hold: %+v", got)
			}
			hears(t, alice.latest())
			hears(t, bob.latest())
			if err := alice.latest().Hangup(); err != nil {
				t.Fatal(err)
			}
			expect[voice.CallEnded](bob)
		})
	}
}

// The call that it is about takes the consultation with it that nobody has answered.
func TestConsultationEndsWithItsCall(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(alice, bob *voice.Call) error{
		"there": func(alice, _ *voice.Call) error { return alice.Hangup() },
		"here":  func(_, bob *voice.Call) error { return errors.Join(bob.EndConsultation(), bob.Hangup()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice, bob, carol, atBob := threePhones(t)
			if err := atBob.Consult(within(t), "carol"); err != nil {
				t.Fatal(err)
			}
			expect[voice.IncomingCall](carol)
			if name == "here" {
				if err := carol.latest().Answer(); err != nil {
					t.Fatal(err)
				}
				consulted(t, bob, (*voice.Consultation).Answered)
			}
			if err := end(alice.latest(), atBob); err != nil {
				t.Fatal(err)
			}
			expect[voice.CallEnded](alice)
			expect[voice.CallEnded](bob)
			expect[voice.CallEnded](carol)
		})
	}
}

// Nobody to ask: the reason is told, and the call is there still.
func TestConsultNobody(t *testing.T) {
	t.Parallel()
	_, bob, _, atBob := threePhones(t)
	if err := atBob.Consult(within(t), "not a number"); fault.TypeOf(err) != fault.InvalidDialInfo {
		t.Errorf("%v", err)
	}
	if err := atBob.Consult(within(t), "nobody"); err != nil {
		t.Fatal(err)
	}
	if got := consulted(t, bob, func(c *voice.Consultation) bool { return !c.Active() && c.Target != "" }); got.Consultation.Status != 404 {
		t.Errorf("%+v", got.Consultation)
	}
	if d := atBob.Details(); !d.State.Answered() || !d.Held || d.Ended != (time.Time{}) {
		t.Errorf("%+v", d)
	}
}

// The far side hangs up while the user talks with the third party: that goes on, and
// is a call of its own.
func TestConsultationStays(t *testing.T) {
	t.Parallel()
	alice, bob, carol, atBob := threePhones(t)
	if err := atBob.Consult(within(t), "carol"); err != nil {
		t.Fatal(err)
	}
	expect[voice.IncomingCall](carol)
	if err := carol.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	consulted(t, bob, (*voice.Consultation).Answered)
	if err := alice.latest().Hangup(); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](bob).Call; got.CallID != atBob.ID() || got.EndReason != voice.EndRemoteHangup {
		t.Errorf("%+v", got)
	}
	awaits(t, "the consultation is no call", func() bool {
		calls := bob.Calls()
		return len(calls) == 1 && calls[0].Details().ConsultsFor == "" && calls[0].Details().HasSound
	})
	hears(t, carol.latest())
	hears(t, bob.Calls()[0])
	if err := bob.Calls()[0].Hangup(); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEnded](carol)
}

// A call and its consultation become a conference, whichever of the two is named first.
func TestConsultationIsMerged(t *testing.T) {
	t.Parallel()
	for _, consultationFirst := range []bool{false, true} {
		_, bob, carol, atBob := threePhones(t)
		check(t, atBob.Consult(within(t), "carol"))
		expect[voice.IncomingCall](carol)
		check(t, carol.latest().Answer())
		consulted(t, bob, (*voice.Consultation).Answered)
		consultation := bob.Calls()[1]
		ids := []string{atBob.ID(), consultation.ID()}
		if consultationFirst {
			slices.Reverse(ids)
		}
		if err := bob.Merge(within(t), ids[0], ids[1]); err != nil {
			t.Fatalf("consultation first: %v: %v", consultationFirst, err)
		}
		awaits(t, "both are in the conference, and nobody is being asked", func() bool {
			d, k := atBob.Details(), consultation.Details()
			return d.InConference && k.InConference && !d.Held && !k.Held && !d.Consultation.Active() && k.ConsultsFor == ""
		})
	}
}

// Two calls that came apart are joined as after a consultation: the third party has
// called here.
func TestTwoCallsAreJoined(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	alice, carol := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "carol", sine, null, p.account("carol"))
	bob := newSIPPhoneWith(t, "bob", sine, null, []voice.Option{voice.WithMaxCalls(1, 2)}, p.account("bob"))
	_, first := connect(t, alice, bob, "bob")
	_, second := connect(t, carol, bob, "bob")
	remotelyHeld(t, alice, true)
	if err := first.CompleteTransfer(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallInitiated](alice).Call; got.RemoteID != "carol" || got.TransferredBy != "bob" {
		t.Errorf("alice's second call: %+v", got)
	}
	awaits(t, "bob has a call left", func() bool { return len(bob.Calls()) == 0 })
	if d := first.Details(); d.EndReason != voice.EndLocalHangup || !d.Transfer.Succeeded() || d.Transfer.Target != "carol" || second.Details().ConsultsFor != first.ID() {
		t.Errorf("%+v, %+v", d, second.Details())
	}
	awaits(t, "alice talks to nobody", func() bool {
		calls := alice.Calls()
		return len(calls) == 1 && calls[0].Details().State == voice.StateEstablished
	})
	hears(t, alice.Calls()[0])
	check(t, alice.Calls()[0].Hangup())
}
