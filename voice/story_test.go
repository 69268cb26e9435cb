package voice

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// ringing and answered are what the platform says to a caller.
func ringing() sip.Provisional {
	return sip.Provisional{Status: 180, Body: "early", Headers: []sip.Header{{Name: "X-Call-Sid", Value: "sid-1"}}}
}

func answered() sip.Answered {
	return sip.Answered{Body: "early", Headers: []sip.Header{{Name: "X-Call-Sid", Value: "sid-1"}}}
}

// talk makes an outgoing call that is established and has media.
func talkTo(r *harness) (*Call, *fakeDialog, *fakeSession) {
	r.t.Helper()
	call, err := r.client.Dial(r.t.Context(), "sip:08040408080", "", ShownAs("bob"))
	if err != nil {
		r.t.Fatal(err)
	}
	expect[CallInitiated](r)
	synctest.Wait()
	d, s := r.sip.leg(0), r.media.session(0)
	d.says(ringing())
	expect[CallRinging](r)
	d.says(answered())
	expect[CallEstablished](r)
	s.flow(true)
	synctest.Wait()
	return call, d, s
}

func TestOutgoingCallFromDialToHangup(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call, err := r.client.Dial(t.Context(), "sip:08040408080", "order:12,(A)", ShownAs("sip:bob"))
		if err != nil {
			t.Fatal(err)
		}
		if d := expect[CallInitiated](r).Call; d.RemoteID != "bob" || d.State != StateOutgoingInitiated {
			t.Errorf("initiated: %+v", d)
		}
		synctest.Wait()
		d, s := r.sip.leg(0), r.media.session(0)
		if d.invitation.Target != "08040408080" || d.header("X-Custom-Field") != "order:12,(A)" || d.header("X-Device-ID") != "device-1" {
			t.Errorf("invitation: %+v", d.invitation)
		}
		if err := call.Mute(); fault.TypeOf(err) != fault.NoCall {
			t.Errorf("mute before the answer: %v", err)
		}

		d.says(ringing())
		if got := expect[CallRinging](r).Call.SessionID; got != "sid-1" {
			t.Errorf("session %q", got)
		}
		synctest.Wait()
		if s.view().send {
			t.Error("sends before the answer")
		}
		time.Sleep(3 * time.Second)
		d.says(answered())
		if got := expect[CallEstablished](r).Call; got.Established.Sub(got.Started) != 3*time.Second {
			t.Errorf("established after %v", got.Established.Sub(got.Started))
		}
		s.flow(true)
		synctest.Wait()
		if !s.view().send || !s.view().receive {
			t.Error("the gates are shut")
		}
		if got, want := r.sound.path(0).all(), "playout, tone 0, silence, capture"; got != want {
			t.Errorf("sound: %s, want %s", got, want)
		}

		if err := call.Mute(); err != nil || !s.view().muted || !call.Details().Muted {
			t.Errorf("mute: %v", err)
		}
		if err := call.SendDTMF("12#"); err != nil || s.view().digits != "12#" {
			t.Errorf("digits %q, %v", s.view().digits, err)
		}
		if err := call.SendDTMF("x"); fault.TypeOf(err) != fault.InvalidParameter {
			t.Errorf("bad digit: %v", err)
		}
		s.tell(media.Event{Kind: media.DTMF, Digit: '7'})
		if got := expect[DTMFReceived](r); got.Digit != '7' || got.Call.DTMFReceived != "7" {
			t.Errorf("digit %+v", got)
		}

		time.Sleep(10 * time.Second)
		if err := call.Hangup(); err != nil {
			t.Fatal(err)
		}
		ended := expect[CallEnded](r).Call
		if ended.EndReason != EndLocalHangup || ended.Duration(time.Now()) != 10*time.Second {
			t.Errorf("ended: %+v", ended)
		}
		if got := expect[MediaSessionDestroyed](r).CallID; got != call.ID() {
			t.Errorf("destroyed %q", got)
		}
		if !d.view().hungUp || !s.view().closed {
			t.Error("the leg or its media is still there")
		}
		stats, err := call.Statistics()
		if err != nil || stats.AudioCodec != "opus" || stats.SetupMs.DialToRinging == nil || *stats.SetupMs.DialToAnswer != 3000 {
			t.Errorf("statistics: %+v %v", stats, err)
		}
		if err := call.Hangup(); fault.TypeOf(err) != fault.NoCall {
			t.Errorf("hang up twice: %v", err)
		}
		if err := call.PostFeedback(t.Context(), 4, "", "fine"); err != nil {
			t.Errorf("feedback: %v", err)
		}
		if f := r.platform.feedback; len(f) != 1 || f[0].SessionID != "sid-1" || f[0].Issue != "NO_ISSUE" {
			t.Errorf("feedback: %+v", f)
		}
	})
}

func TestIncomingCallFromPushToHangup(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		r.platform.setState("s1", wire.CallRinging)

		data := push("s1", nil)
		ok, err := r.client.RelaySessionData(t.Context(), data)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		if d := expect[IncomingCall](r).Call; d.RemoteID != "bob" || d.RemoteDisplayName != "Bob" || d.SessionID != "s1" {
			t.Errorf("incoming: %+v", d)
		}
		synctest.Wait()
		d, s := r.sip.leg(0), r.media.session(0)
		if d.header("X-Session-Token") != data["payload"] || d.header("X-Answer") != "later" || d.invitation.Target != "s1" {
			t.Errorf("invitation: %+v", d.invitation)
		}
		d.says(answered())
		synctest.Wait()
		if got := r.sound.path(0).all(); got != "playout" || s.view().send {
			t.Errorf("before the answer: sound %q, sends %v", got, s.view().send)
		}
		// The same push again changes nothing.
		if ok, err := r.client.RelaySessionData(t.Context(), data); !ok || err != nil {
			t.Error("relayed twice:", ok, err)
		}

		call, _ := r.client.CallFromID(mustLatest(r).CallID)
		if err := call.Answer(); err != nil {
			t.Fatal(err)
		}
		if got := expect[CallEstablished](r).Call; got.Answered.IsZero() {
			t.Errorf("established: %+v", got)
		}
		synctest.Wait()
		if len(d.view().infos) != 1 || d.view().infos[0] != "application/offhook-answer answer\r\n" {
			t.Errorf("answer: %q", d.view().infos)
		}
		if got := r.sound.path(0).all(); got != "playout, capture" || !s.view().send || !s.view().receive {
			t.Errorf("after the answer: sound %q", got)
		}
		s.flow(true)
		d.says(sip.Ended{ByRemote: true})
		if got := expect[CallEnded](r).Call; got.EndReason != EndRemoteHangup {
			t.Errorf("ended: %v", got.EndReason)
		}
		expect[MediaSessionDestroyed](r)
	})
}

func mustLatest(r *harness) CallDetails {
	r.t.Helper()
	d, ok := r.client.LatestCallDetails()
	if !ok {
		r.t.Fatal("no call")
	}
	return d
}

func ring(r *harness, session string) *Call {
	r.t.Helper()
	r.platform.setState(session, wire.CallRinging)
	if ok, err := r.client.RelaySessionData(r.t.Context(), push(session, nil)); !ok || err != nil {
		r.t.Fatal(ok, err)
	}
	expect[IncomingCall](r)
	synctest.Wait()
	call, ok := r.client.CallFromID(mustLatest(r).CallID)
	if !ok {
		r.t.Fatal("no such call")
	}
	return call
}

func TestDeclinedCall(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call := ring(r, "s1")
		r.sip.leg(0).says(answered())
		synctest.Wait()
		if err := call.Hangup(); err != nil {
			t.Fatal(err)
		}
		if got := expect[CallEnded](r).Call; got.EndReason != EndLocalHangup || !got.Established.IsZero() {
			t.Errorf("ended: %+v", got)
		}
		expect[MediaSessionDestroyed](r)
		synctest.Wait()
		if got := r.platform.rejection("s1"); got != "declined" {
			t.Errorf("rejected as %q", got)
		}
		if !r.sip.leg(0).view().hungUp {
			t.Error("the ringing leg stays")
		}
	})
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	for state, want := range map[wire.CallState]EndReason{
		wire.CallCancelled: EndRemoteHangup,
		wire.CallTimeout:   EndTimeout,
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			onHarness(t, func(t *testing.T, r *harness) {
				ring(r, "s1")
				time.Sleep(22 * time.Second) // beyond one long poll
				r.platform.setState("s1", state)
				if got := expect[CallEnded](r).Call.EndReason; got != want {
					t.Errorf("ended as %v, want %v", got, want)
				}
				expect[MediaSessionDestroyed](r)
			})
		})
	}
}

func TestRingGuard(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		ring(r, "s1")
		d := expect[CallEnded](r).Call
		if d.EndReason != EndTimeout || d.Ended.Sub(d.Started) != 35*time.Second {
			t.Errorf("ended as %v after %v", d.EndReason, d.Ended.Sub(d.Started))
		}
		expect[MediaSessionDestroyed](r)
	})
}

func TestAnswerBeforeTheLegIsUp(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call := ring(r, "s1")
		if err := call.Answer(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(r.sip.leg(0).view().infos) != 0 || call.Details().State != StateAnswering {
			t.Error("answered a leg that is not up")
		}
		r.sip.leg(0).says(answered())
		expect[CallEstablished](r)
	})
}

func TestAnswerWithoutALeg(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call := ring(r, "s1")
		r.sip.leg(0).says(sip.Failed{Status: 503})
		synctest.Wait()
		if got := call.Details().State; got != StateIncoming {
			t.Fatalf("state %v", got)
		}
		if err := call.Answer(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d := r.sip.leg(1)
		if d.header("X-Answer") != "" || d.header("X-Session-Token") == "" {
			t.Errorf("invitation: %+v", d.invitation)
		}
		d.says(answered())
		expect[CallEstablished](r)
		synctest.Wait()
		if len(d.view().infos) != 0 || !r.media.session(0).view().send {
			t.Error("the INVITE was the answer")
		}
	})
}

func TestSpentToken(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call := ring(r, "s1")
		r.sip.leg(0).says(sip.Failed{Status: 403})
		synctest.Wait()
		if err := call.Answer(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.sip.leg(1).says(sip.Failed{Status: 403})
		if got := expect[CallEnded](r).Call; got.EndReason != EndFailure || got.Status != 403 {
			t.Errorf("ended: %v %d", got.EndReason, got.Status)
		}
	})
}

func TestBusy(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call, _, _ := talkTo(r)
		r.platform.setState("s2", wire.CallRinging)
		// Somebody waits, and hears of it; yesterday's call is only told, as nobody waits.
		yesterday := func(c map[string]any) { c["exp"] = time.Now().Add(-24 * time.Hour).Unix() }
		for _, row := range []struct {
			session, rejected string
			reason            MissedReason
			change            func(map[string]any)
		}{{"s2", "busy", MissedBusy, nil}, {"s3", "", MissedExpired, yesterday}} {
			if ok, err := r.client.RelaySessionData(t.Context(), push(row.session, row.change)); ok || err != nil {
				t.Fatal(row.session, ok, err)
			}
			if got := expect[MissedCall](r); got.Reason != row.reason || got.SessionID != row.session || got.RemoteID != "bob" {
				t.Errorf("missed: %+v", got)
			}
			synctest.Wait()
			if got := r.platform.rejection(row.session); got != row.rejected {
				t.Errorf("%s rejected as %q", row.session, got)
			}
			if got := r.sound.path(0).all(); got != "playout, tone 0, silence, capture, tone 1" {
				t.Errorf("sound: %s", got)
			}
		}
		if _, err := r.client.Dial(t.Context(), "carol", ""); fault.TypeOf(err) != fault.SystemBusy {
			t.Errorf("dialled: %v", err)
		}
		if call.Details().State != StateEstablished {
			t.Error("the call was disturbed")
		}
	})
}

// A call that comes while the one before is being handed to somebody else, as one does
// that comes back, waits for that end. One that does not end in time is in the way.
func TestPushBehindTheEnd(t *testing.T) {
	t.Parallel()
	for _, ends := range []bool{true, false} {
		onHarness(t, func(t *testing.T, r *harness) {
			call, _, _ := talkTo(r)
			r.platform.setState("s2", wire.CallRinging)
			call.queue.Post(func() { call.details.Transfer = Transfer{Target: "carol"} })
			if ends {
				time.AfterFunc(time.Second, func() { _ = call.Hangup() })
			}
			shown, err := r.client.RelaySessionData(t.Context(), push("s2", nil))
			if err != nil || shown != ends {
				t.Fatalf("shown %v, %v; the call before ended: %v", shown, err, ends)
			}
			if !ends {
				expect[MissedCall](r)
			}
		})
	}
}

func TestMissedCalls(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		prepare func(r *harness)
		change  func(claims map[string]any)
		want    MissedReason
		reject  string
	}{
		{name: "over", prepare: func(r *harness) { r.platform.setState("s1", wire.CallCancelled) }, want: MissedOver},
		{name: "unknown", want: MissedOver},
		{name: "expired", prepare: func(r *harness) { r.platform.setState("s1", wire.CallRinging) },
			change: func(c map[string]any) { c["exp"] = time.Now().Add(-time.Second).Unix() }, want: MissedExpired},
		{name: "on another phone", prepare: func(r *harness) { r.client.SetOnAnotherPhone(true) }, want: MissedOnAnotherPhone, reject: "busy"},
		{name: "declining", prepare: func(r *harness) { r.client.SetDeclining(true) }, want: MissedDeclined, reject: "declined"},
		{name: "platform down", prepare: func(r *harness) {
			r.platform.mu.Lock()
			defer r.platform.mu.Unlock()
			r.platform.refuse = func(*http.Request) int { return 503 }
		}, want: MissedUnreachable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onHarness(t, func(t *testing.T, r *harness) {
				if c.prepare != nil {
					c.prepare(r)
				}
				ok, err := r.client.RelaySessionData(t.Context(), push("s1", c.change))
				if ok || err != nil {
					t.Fatal(ok, err)
				}
				if got := expect[MissedCall](r); got.Reason != c.want || got.SessionID != "s1" {
					t.Errorf("missed: %+v, want %s", got, c.want)
				}
				synctest.Wait()
				if got := r.platform.rejection("s1"); got != c.reject {
					t.Errorf("rejected as %q, want %q", got, c.reject)
				}
			})
		})
	}
}
