package voice_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"offhook/demo"
	"offhook/voice"
)

// inEcho is a call to the echo service, in which sound is heard.
func inEcho(t *testing.T, p *demo.Platform) (*phoneOf, *voice.Call) {
	t.Helper()
	alice := newPhone(t, p, "alice", sine, null)
	for range 20 {
		call := alice.dialTo("echo")
		expect[voice.CallEstablished](alice)
		hears(t, call)
		// Both ways lead to the platform, and the wires only cut packets.
		if s, _ := call.Statistics(); strings.Contains(s.LocalCandidate, "udp") {
			return alice, call
		}
		check(t, call.Hangup())
		expect[voice.CallEnded](alice)
	}
	t.Fatal("no path by UDP")
	return nil, nil
}

// awaits waits for what no event tells of; failure says what is wrong without it.
func awaits(t testing.TB, failure string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(timeout); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(failure)
		}
	}
}

// hears waits until packets arrive.
func hears(t testing.TB, call *voice.Call) {
	t.Helper()
	before := received(call)
	for deadline := time.Now().Add(timeout); received(call) < before+5; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing is heard in %v", call.Details().State)
		}
	}
}

func received(call *voice.Call) uint64 {
	s, _ := call.Statistics()
	return s.PacketsReceived
}

// TestRealSocketKilled: the media never stops, and the far end still learns of
// the hang-up over the new connection.
func TestRealSocketKilled(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, call := inEcho(t, p)
	alice.wires.cutTCP()
	hears(t, call)
	awaits(t, "not connected again", func() bool { return alice.Status().Flow.OK })
	if got := call.Details().State; got != voice.StateEstablished {
		t.Errorf("state %v", got)
	}
	check(t, call.Hold(context.Background()))
	check(t, call.Resume(context.Background()))
	hears(t, call)
	check(t, call.Hangup())
	expect[voice.CallEnded](alice)
	awaits(t, "the platform still has the call", func() bool { return len(p.Calls()) == 0 })
}

// TestRealNetworkChange: an ICE restart brings the media back, again and again.
func TestRealNetworkChange(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, call := inEcho(t, p)
	for range 3 {
		at := time.Now()
		voice.RenewMedia(call)
		expect[voice.RenewingMedia](alice)
		expect[voice.CallEstablished](alice)
		t.Logf("renewed after %v", time.Since(at).Round(time.Millisecond))
		hears(t, call)
	}
}

// TestRealUDPBlocked: in mid-call nothing passes by UDP any more, and the call
// goes on over TCP.
func TestRealUDPBlocked(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, call := inEcho(t, p)
	alice.wires.noUDP.Store(true)
	cut := time.Now()
	expect[voice.MediaDisrupted](alice)
	t.Logf("disrupted after %v", time.Since(cut).Round(time.Millisecond))
	expect[voice.CallEstablished](alice)
	t.Logf("back after %v", time.Since(cut).Round(time.Millisecond))
	hears(t, call)
	// The path's name comes apart from the sound.
	awaits(t, "the path is not TCP", func() bool {
		s, _ := call.Statistics()
		return strings.Contains(s.LocalCandidate, "tcp")
	})
}

// TestRealCut: nothing passes at all for a while, then everything.
func TestRealCut(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, call := inEcho(t, p)
	alice.wires.noTCP.Store(true)
	alice.wires.cutTCP()
	alice.wires.noUDP.Store(true)
	expect[voice.MediaDisrupted](alice)
	time.Sleep(2 * time.Second)
	alice.wires.noTCP.Store(false)
	alice.wires.noUDP.Store(false)
	back := time.Now()
	expect[voice.CallEstablished](alice)
	t.Logf("back after %v", time.Since(back).Round(time.Millisecond))
	hears(t, call)
}

// TestRealCutForGood: the call ends on the phone, and at the platform.
func TestRealCutForGood(t *testing.T) {
	t.Parallel()
	cfg := shortTimers()
	cfg.LegTimeout = 3 * time.Second
	p := startDemo(t, cfg)
	alice, _ := inEcho(t, p)
	// Or the BYE would be tried until the phone is closed by force.
	defer alice.wires.noTCP.Store(false)
	alice.wires.noTCP.Store(true)
	alice.wires.cutTCP()
	alice.wires.noUDP.Store(true)
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndMediaTimeout {
		t.Errorf("ended as %v", got.EndReason)
	}
}

// TestRealHold: each side holds the other; both know, nobody is disrupted.
func TestRealHold(t *testing.T) {
	t.Parallel()
	cfg := shortTimers()
	cfg.Timers.MediaDisrupted, cfg.Timers.Media = 3*time.Second, 4*time.Second
	cfg.RingLimit, cfg.Timers.IncomingCall = 20*time.Second, 20*time.Second
	p := startDemo(t, cfg)
	alice, bob := newPhone(t, p, "alice", sine, null), newPhone(t, p, "bob", sine, null)
	out := alice.dialTo("bob")
	expect[voice.IncomingCall](bob)
	in := bob.latest()
	check(t, in.Answer())
	expect[voice.CallEstablished](bob)
	expect[voice.CallEstablished](alice)
	hears(t, out)
	hears(t, in)
	for _, side := range []*voice.Call{out, in} {
		check(t, side.Hold(context.Background()))
		// Beyond the media timeout.
		time.Sleep(4500 * time.Millisecond)
		if a, b := out.Details().State, in.Details().State; a != voice.StateEstablished || b != voice.StateEstablished {
			t.Fatalf("on hold: %v %v", a, b)
		}
		check(t, side.Resume(context.Background()))
		hears(t, out)
		hears(t, in)
	}
}
