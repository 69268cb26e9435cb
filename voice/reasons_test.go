package voice_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"offhook/demo"
	"offhook/demo/platform"
	"offhook/voice"
)

// shortTimers make the slow ends of calls quick.
func shortTimers() demo.Config {
	return demo.Config{
		RingLimit: time.Second, CallBurst: 1000, CallRate: 1000,
		Timers: platform.Timers{
			IncomingCall:   time.Second,
			MediaDisrupted: time.Second, Media: 2 * time.Second,
		},
	}
}

// TestEndReasonsOfTheDialled goes through everything that a callee may be.
func TestEndReasonsOfTheDialled(t *testing.T) {
	t.Parallel()
	p := startDemo(t, shortTimers())
	cases := []struct {
		callee string
		want   voice.EndReason
		status int
	}{
		{"busy", voice.EndBusy, 486},
		{"noanswer", voice.EndTimeout, 480},
		{"unreachable", voice.EndUnreachable, 503},
		{"throttled", voice.EndThrottled, 429},
		{"fails", voice.EndFailure, 500},
		{"silent", voice.EndMediaTimeout, 0},
		{"nobody", voice.EndInvalidDialInfo, 404},
		{"alice", voice.EndInvalidDialInfo, 484}, // herself
		{"carol", voice.EndTimeout, 480},         // offline
	}
	alice := newPhone(t, p, "alice", null, null)
	for _, c := range cases {
		call := alice.dialTo(c.callee)
		for {
			ev, ok := <-alice.sub.Events()
			if !ok {
				t.Fatal("no more events")
			}
			ended, ok := ev.(voice.CallEnded)
			if !ok {
				continue
			}
			if ended.Call.CallID != call.ID() || ended.Call.EndReason != c.want || ended.Call.Status != c.status {
				t.Errorf("%s: ended as %v (%d), want %v (%d)", c.callee, ended.Call.EndReason, ended.Call.Status, c.want, c.status)
			}
			break
		}
		expect[voice.MediaSessionDestroyed](alice)
	}
}

// TestEndReasonOfEveryStatus: a server says it, and the call ends for that
// reason: each row of the reference's section 10.14 over real sockets.
func TestEndReasonOfEveryStatus(t *testing.T) {
	t.Parallel()
	server := newPBX(t)
	alice := newSIPPhone(t, "alice", null, null, server.account("alice"))
	for _, c := range []struct {
		said string
		want voice.EndReason
		more []string
	}{
		{"486 Busy Here", voice.EndBusy, nil},
		{"600 Busy Everywhere", voice.EndBusy, nil},
		{"603 Decline", voice.EndBusy, nil},
		{"408 Request Timeout", voice.EndTimeout, nil},
		{"480 Temporarily Unavailable", voice.EndTimeout, nil},
		{"487 Request Terminated", voice.EndTimeout, []string{"X-End-Reason: ring-limit"}},
		{"487 Request Terminated", voice.EndFailure, nil},
		{"404 Not Found", voice.EndInvalidDialInfo, nil},
		{"484 Address Incomplete", voice.EndInvalidDialInfo, nil},
		{"410 Gone", voice.EndUnreachable, nil},
		{"503 Service Unavailable", voice.EndUnreachable, nil},
		{"429 Too Many Requests", voice.EndThrottled, []string{"Retry-After: 5"}},
		{"401 Unauthorized", voice.EndFailure, nil},
		{"403 Forbidden", voice.EndFailure, nil},
		{"488 Not Acceptable Here", voice.EndFailure, nil},
		{"500 Server Internal Error", voice.EndFailure, nil},
		{"606 Not Acceptable", voice.EndFailure, nil},
	} {
		server.set(func() { server.refuse = append([]string{c.said}, c.more...) })
		_, err := alice.Dial(context.Background(), "bob", "")
		check(t, err)
		got := expect[voice.CallEnded](alice).Call
		if got.EndReason != c.want || strconv.Itoa(got.Status) != c.said[:3] {
			t.Errorf("%s: ended as %v (%d), want %v", c.said, got.EndReason, got.Status, c.want)
		}
		expect[voice.MediaSessionDestroyed](alice)
	}
}

// TestEndReasonsAtBothEnds goes through what two people may do to a call.
func TestEndReasonsAtBothEnds(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{CallBurst: 1000, CallRate: 1000})
	alice, bob := newPhone(t, p, "alice", sine, null), newPhone(t, p, "bob", sine, null)
	answer := func(t *testing.T) {
		expect[voice.CallRinging](alice)
		if err := bob.latest().Answer(); err != nil {
			t.Fatal(err)
		}
		expect[voice.CallEstablished](bob)
		expect[voice.CallEstablished](alice)
	}
	cases := []struct {
		name       string
		story      func(t *testing.T)
		alice, bob voice.EndReason
	}{
		{"declined", func(t *testing.T) { expect[voice.CallRinging](alice); check(t, bob.latest().Hangup()) }, voice.EndBusy, voice.EndLocalHangup},
		{"cancelled", func(t *testing.T) { expect[voice.CallRinging](alice); check(t, alice.latest().Hangup()) }, voice.EndLocalHangup, voice.EndRemoteHangup},
		{"cancelled at once", func(t *testing.T) { check(t, alice.latest().Hangup()) }, voice.EndLocalHangup, voice.EndRemoteHangup},
		{"the caller hangs up", func(t *testing.T) { answer(t); check(t, alice.latest().Hangup()) }, voice.EndLocalHangup, voice.EndRemoteHangup},
		{"the callee hangs up", func(t *testing.T) { answer(t); check(t, bob.latest().Hangup()) }, voice.EndRemoteHangup, voice.EndLocalHangup},
		{"both hang up at once", func(t *testing.T) {
			answer(t)
			done := make(chan error, 2)
			go func() { done <- alice.latest().Hangup() }()
			go func() { done <- bob.latest().Hangup() }()
			<-done
			<-done
		}, voice.EndNone, voice.EndNone},
		{"the callee goes to another phone", func(t *testing.T) {
			answer(t)
			bob.SetOnAnotherPhone(true)
			bob.SetOnAnotherPhone(false)
		}, voice.EndRemoteHangup, voice.EndPSTNHangup},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			alice.dialTo("bob")
			expect[voice.IncomingCall](bob)
			c.story(t)
			a, b := expect[voice.CallEnded](alice).Call, expect[voice.CallEnded](bob).Call
			if c.alice != voice.EndNone && (a.EndReason != c.alice || b.EndReason != c.bob) {
				t.Errorf("alice %v (%d), bob %v (%d), want %v, %v", a.EndReason, a.Status, b.EndReason, b.Status, c.alice, c.bob)
			}
			if b.SessionID == "" || a.SessionID != b.SessionID && c.name != "cancelled at once" {
				t.Errorf("sessions %q %q", a.SessionID, b.SessionID)
			}
			expect[voice.MediaSessionDestroyed](alice)
			expect[voice.MediaSessionDestroyed](bob)
		})
	}
}

// TestNotAnswered: the limit of ringing ends a call at both ends.
func TestNotAnswered(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{RingLimit: 10 * time.Second, Timers: platform.Timers{IncomingCall: 30 * time.Second}})
	alice, bob := newPhone(t, p, "alice", sine, null), newPhone(t, p, "bob", sine, null)
	alice.dialTo("bob")
	expect[voice.IncomingCall](bob)
	expect[voice.CallRinging](alice)
	a, b := expect[voice.CallEnded](alice).Call, expect[voice.CallEnded](bob).Call
	if a.EndReason != voice.EndTimeout || b.EndReason != voice.EndTimeout || a.SessionID == "" || a.SessionID != b.SessionID {
		t.Errorf("alice %v (%d, %q), bob %v (%d, %q)", a.EndReason, a.Status, a.SessionID, b.EndReason, b.Status, b.SessionID)
	}
	expect[voice.MediaSessionDestroyed](alice)
	expect[voice.MediaSessionDestroyed](bob)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestThirdCallerFindsTheLineBusy: the call in progress is not disturbed.
func TestThirdCallerFindsTheLineBusy(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, bob, carol := newPhone(t, p, "alice", sine, null), newPhone(t, p, "bob", sine, null), newPhone(t, p, "carol", null, null)
	alice.dialTo("bob")
	expect[voice.IncomingCall](bob)
	check(t, bob.latest().Answer())
	expect[voice.CallEstablished](bob)
	carol.dialTo("bob")
	if got := expect[voice.MissedCall](bob); got.Reason != "busy" || got.RemoteID != "carol" {
		t.Errorf("missed %+v", got)
	}
	if got := expect[voice.CallEnded](carol).Call; got.EndReason != voice.EndBusy {
		t.Errorf("carol: %v (%d)", got.EndReason, got.Status)
	}
	if got := bob.latest().Details().State; got != voice.StateEstablished {
		t.Errorf("bob: %v", got)
	}
}

// TestConversationLimit: the platform ends a call that is too long.
func TestConversationLimit(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{ConversationLimit: time.Second})
	alice := newPhone(t, p, "alice", sine, null)
	alice.dialTo("echo")
	expect[voice.CallEstablished](alice)
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndRemoteHangup {
		t.Errorf("ended as %v", got.EndReason)
	}
}

// TestPlatformGoesAway: a call whose platform is stopped ends, a dial fails, and
// the phone can be closed.
func TestPlatformIsNotThere(t *testing.T) {
	t.Parallel()
	p := startDemo(t, shortTimers())
	alice := newPhone(t, p, "alice", sine, null)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_ = p.Close(ctx)
	if _, err := alice.Dial(context.Background(), demo.DemoExophone, ""); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndUnreachable {
		t.Errorf("ended as %v", got.EndReason)
	}
}
