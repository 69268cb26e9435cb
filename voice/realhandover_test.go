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
