package voice_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"offhook/demo"
	"offhook/voice"
)

// TestRealDigitsInEarlyMedia: a far end that speaks before it answers gets the
// digits that it asks for, and nothing else of the phone.
func TestRealDigitsInEarlyMedia(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice := newPhone(t, p, "alice", sine, null)
	call := alice.dialTo("early")
	comesTo(t, call, voice.StateEarly)
	hears(t, call)
	before, _ := call.Statistics()
	check(t, call.SendDTMF("12#"))
	for deadline := time.Now().Add(timeout); ; time.Sleep(5 * time.Millisecond) {
		s, _ := call.Statistics()
		if s.PacketsSent > before.PacketsSent && s.DTMFVia != "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no digit was sent: %+v", s)
		}
	}
	expect[voice.CallEstablished](alice)
	check(t, call.Hangup())
	if got := expect[voice.CallEnded](alice).Call.EndReason; got != voice.EndLocalHangup {
		t.Errorf("ended as %v", got)
	}
}

// comesTo waits until a call is in a state.
func comesTo(t testing.TB, call *voice.Call, want voice.State) {
	t.Helper()
	for deadline := time.Now().Add(timeout); call.Details().State != want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the call is %v, not %v", call.Details().State, want)
		}
	}
}

// TestRealPlatformRestartedWhileRinging: the platform goes away while bob's phone
// rings and comes back at the same address, knowing nothing of the call. Both
// calls end, once, and the next one is made without a new sign-in.
func TestRealPlatformRestartedWhileRinging(t *testing.T) {
	t.Parallel()
	// An address of its own and a port that is never given out by chance: nobody
	// takes it while the platform is away.
	at := fmt.Sprintf("127.%d.%d.%d:28444", 1+rand.IntN(250), rand.IntN(250), 2+rand.IntN(250))
	cfg := demo.Config{DataDir: t.TempDir(), Listen: at, MediaListen: at}
	first, err := demo.New(cfg)
	check(t, err)
	check(t, first.Start(context.Background()))
	alice, bob := newPhone(t, first, "alice", sine, null), newPhone(t, first, "bob", sine, null)
	alice.dialTo("bob")
	expect[voice.IncomingCall](bob)
	comesTo(t, alice.latest(), voice.StateRinging)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	check(t, first.Close(ctx))

	startDemo(t, cfg)
	for _, ph := range []*phoneOf{alice, bob} {
		got := expect[voice.CallEnded](ph).Call
		t.Log(ph.name, "ended as", got.EndReason, strconv.Itoa(got.Status))
		if got.EndReason == voice.EndNone {
			t.Errorf("%s: ended for no reason", ph.name)
		}
	}
	awaits(t, "not connected again", func() bool { return alice.Status().Flow.OK })
	call := alice.dialTo("echo")
	expect[voice.CallEstablished](alice)
	hears(t, call)
	check(t, call.Hangup())
	if got := expect[voice.CallEnded](alice).Call; got.CallID != call.ID() {
		t.Errorf("the first call ended again: %+v", got)
	}
}
