package voice_test

import (
	"context"
	"testing"

	"offhook/demo"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// Bob, who was called, hands alice to carol over the platform; alice hears carol and
// sees that it is her. Then carol hands her to nobody who is there: the call comes
// back to carol.
func TestRealHandOver(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, bob, carol := newPhone(t, p, "alice", sine, null), newPhone(t, p, "bob", sine, null), newPhone(t, p, "carol", sine, null)
	out := alice.dialTo("bob")
	expect[voice.IncomingCall](bob)
	check(t, bob.latest().Answer())
	expect[voice.CallEstablished](bob)
	expect[voice.CallEstablished](alice)
	if !out.Details().Transferable {
		t.Error("the call is not transferable")
	}
	for target, want := range map[string]fault.Type{"no such name!": fault.InvalidDialInfo, "alice": fault.ServerError} {
		if err := bob.latest().Transfer(context.Background(), target); fault.TypeOf(err) != want {
			t.Errorf("to %q: %v", target, err)
		}
	}
	check(t, bob.latest().Transfer(context.Background(), "carol"))
	if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndLocalHangup || !got.Transfer.Succeeded() || got.Transfer.Target != "carol" {
		t.Errorf("bob: %+v", got)
	}
	if in := expect[voice.IncomingCall](carol).Call; in.RemoteID != "alice" {
		t.Errorf("carol is called by %q", in.RemoteID)
	}
	check(t, carol.latest().Answer())
	expect[voice.CallEstablished](carol)
	for out.Details().RemoteID != "carol" {
		expect[voice.CallChanged](alice)
	}
	hears(t, out)
	hears(t, carol.latest())

	if a, err := bob.SetAgentState(context.Background(), wire.AgentChoice{State: wire.AgentBreak}); err != nil || a.State != wire.AgentBreak {
		t.Fatalf("bob's break: %+v, %v", a, err)
	}
	check(t, carol.latest().Transfer(context.Background(), "bob"))
	expect[voice.CallEnded](carol)
	if in := expect[voice.IncomingCall](carol).Call; in.RemoteID != "alice" {
		t.Errorf("it comes back from %q", in.RemoteID)
	}
	check(t, carol.latest().Answer())
	expect[voice.CallEstablished](carol)
	hears(t, carol.latest())
	check(t, out.Hangup())
	if got := expect[voice.CallEnded](carol).Call; got.EndReason != voice.EndRemoteHangup {
		t.Errorf("carol: %v", got.EndReason)
	}
}

// subscribersTalk are alice, who has called bob, and carol, all on the platform.
func subscribersTalk(t *testing.T) (alice, bob, carol *phoneOf, atAlice, atBob *voice.Call) {
	t.Helper()
	p := startDemo(t, demo.Config{})
	alice, bob, carol = newPhone(t, p, "alice", sine, null), newPhone(t, p, "bob", sine, null), newPhone(t, p, "carol", sine, null)
	atAlice = alice.dialTo("bob")
	expect[voice.IncomingCall](bob)
	atBob = bob.latest()
	check(t, atBob.Answer())
	expect[voice.CallEstablished](bob)
	expect[voice.CallEstablished](alice)
	return alice, bob, carol, atAlice, atBob
}

// Bob asks carol, goes to and fro, and hands alice to her: the two talk, each sees who
// is there, and bob's two calls end as hung up.
func TestRealConsultation(t *testing.T) {
	t.Parallel()
	alice, bob, carol, atAlice, atBob := subscribersTalk(t)
	if d := atBob.Details(); !d.Consultable {
		t.Fatal("nobody can be asked")
	}
	check(t, atBob.Consult(within(t), "carol"))
	if in := expect[voice.IncomingCall](carol).Call; in.RemoteID != "bob" {
		t.Errorf("carol is asked by %q", in.RemoteID)
	}
	check(t, carol.latest().Answer())
	consulted(t, bob, (*voice.Consultation).Answered)
	hears(t, carol.latest())
	remotelyHeld(t, alice, true)
	check(t, atBob.Swap(within(t)))
	remotelyHeld(t, alice, false)
	hears(t, atAlice)
	check(t, atBob.Swap(within(t)))
	remotelyHeld(t, alice, true)

	asked := bob.Calls()[1]
	check(t, atBob.CompleteTransfer(within(t)))
	if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndLocalHangup || !got.Transfer.Succeeded() || got.Transfer.Target != "carol" {
		t.Errorf("bob's call: %v, %+v", got.EndReason, got.Transfer)
	}
	<-asked.Done()
	if d := asked.Details(); d.EndReason != voice.EndLocalHangup || d.ConsultsFor == "" {
		t.Errorf("bob's consultation: %v", d.EndReason)
	}
	for phone, with := range map[*phoneOf]string{alice: "carol", carol: "alice"} {
		for phone.latest().Details().RemoteID != with {
			expect[voice.CallChanged](phone)
		}
	}
	remotelyHeld(t, alice, false)
	hears(t, atAlice)
	hears(t, carol.latest())
	check(t, atAlice.Hangup())
	expect[voice.CallEnded](carol)
}

// Bob hands alice over while carol's phone rings: bob is out of it at once, alice hears
// ringing, and then carol, or bob again if carol declines.
func TestRealConsultationThatRings(t *testing.T) {
	t.Parallel()
	for _, answers := range []bool{true, false} {
		t.Run(map[bool]string{true: "answered", false: "declined"}[answers], func(t *testing.T) {
			t.Parallel()
			alice, bob, carol, atAlice, atBob := subscribersTalk(t)
			check(t, atBob.Consult(within(t), "carol"))
			expect[voice.IncomingCall](carol)
			consulted(t, bob, func(c *voice.Consultation) bool { return c.Status == 180 })
			asked := bob.Calls()[1]
			check(t, atBob.CompleteTransfer(within(t)))
			if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndLocalHangup {
				t.Errorf("bob: %v", got.EndReason)
			}
			<-asked.Done()
			with := carol
			if answers {
				check(t, carol.latest().Answer())
			} else {
				check(t, carol.latest().Hangup())
				if in := expect[voice.IncomingCall](bob).Call; in.RemoteID != "alice" {
					t.Errorf("bob is called by %q", in.RemoteID)
				}
				check(t, bob.latest().Answer())
				with = bob
			}
			expect[voice.CallEstablished](with)
			remotelyHeld(t, alice, false)
			hears(t, atAlice)
			hears(t, with.latest())
			check(t, with.latest().Hangup())
			expect[voice.CallEnded](alice)
		})
	}
}
