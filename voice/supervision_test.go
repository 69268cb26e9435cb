package voice

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/sip"
)

// inTalk tells the story of an established outgoing call with media.
func inTalk(t *testing.T, story func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession)) {
	t.Helper()
	onHarness(t, func(t *testing.T, r *harness) {
		call, d, s := talkTo(r)
		story(t, r, call, d, s)
	})
}

func TestSilenceIsRenewed(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		cut := time.Now()
		s.flow(false)
		ev := expect[MediaDisrupted](r)
		if after := time.Since(cut); after < 5*time.Second || after > 6*time.Second {
			t.Errorf("disrupted after %v", after)
		}
		if ev.Call.State != StateMediaDisrupted {
			t.Errorf("state %v", ev.Call.State)
		}
		expect[RenewingMedia](r)
		synctest.Wait()
		if len(d.view().offers) != 1 || !strings.HasPrefix(d.view().offers[0], "restart") {
			t.Errorf("offers %q", d.view().offers)
		}
		time.Sleep(time.Second)
		back := time.Now()
		s.flow(true)
		expect[CallEstablished](r)
		if after := time.Since(back); after > 100*time.Millisecond {
			t.Errorf("noticed after %v", after)
		}
		if call.Details().Duration(time.Now()) < 6*time.Second {
			t.Error("the duration began anew")
		}
	})
}

func TestNoMediaForGood(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		cut := time.Now()
		s.flow(false)
		lost := expect[MediaDisrupted](r).Call
		for {
			ev := r.next()
			if ended, ok := ev.(CallEnded); ok {
				if ended.Call.EndReason != EndMediaTimeout {
					t.Errorf("ended as %v", ended.Call.EndReason)
				}
				break
			}
		}
		if after := time.Since(cut); after < 30*time.Second || after > 32*time.Second {
			t.Errorf("ended after %v", after)
		}
		if told := time.Since(lost.GiveUpAt); told < 0 || told > 2*time.Second || lost.SilentSince.Sub(cut).Abs() > time.Second {
			t.Errorf("the call told of its end %v before it, and of silence since %v", told, lost.SilentSince.Sub(cut))
		}
		if !d.view().hungUp || len(d.view().offers) < 2 {
			t.Errorf("hung up %v, %d attempts", d.view().hungUp, len(d.view().offers))
		}
	})
}

// A far side that agrees to no other path ends the call by that: it is tried again
// and again until the media timeout.
func TestRenewalIsRefusedForGood(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		d.onOffer = func(int) error { return &sip.StatusError{Status: 488} }
		cut := time.Now()
		s.flow(false)
		for {
			if ended, ok := r.next().(CallEnded); ok {
				if ended.Call.EndReason != EndMediaFailedHangup {
					t.Errorf("ended as %v", ended.Call.EndReason)
				}
				break
			}
		}
		if after, n := time.Since(cut), len(d.view().offers); after < 30*time.Second || after > 32*time.Second || n < 6 || n > 12 {
			t.Errorf("ended after %v and %d offers", after, n)
		}
	})
}

func TestFarSideNeverSendsSound(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		if _, err := r.client.Dial(t.Context(), "silent", ""); err != nil {
			t.Fatal(err)
		}
		expect[CallInitiated](r)
		synctest.Wait()
		// Control packets arrive, but never any sound.
		s := r.media.session(0)
		s.set(func() { s.flowing = true })
		r.sip.leg(0).says(answered())
		expect[CallEstablished](r)
		if got := expect[CallEnded](r).Call; got.EndReason != EndMediaTimeout || got.Duration(time.Now()) != 30*time.Second {
			t.Errorf("ended as %v after %v", got.EndReason, got.Duration(time.Now()))
		}
	})
}

func TestComfortNoiseIsNoDisruption(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		s.flow(false)
		for range 30 { // a packet of comfort noise each four seconds
			time.Sleep(4 * time.Second)
			s.set(func() { s.last = time.Now() })
		}
		if got := call.Details().State; got != StateEstablished || len(d.view().offers) != 0 {
			t.Errorf("state %v, %d offers", got, len(d.view().offers))
		}
	})
}

func TestPathFailureIsRenewedAtOnce(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		s.flow(false)
		at := time.Now()
		s.tell(media.Event{Kind: media.Failed, Err: errors.New("no pair works")})
		expect[MediaDisrupted](r)
		expect[RenewingMedia](r)
		if time.Since(at) != 0 {
			t.Errorf("renewed after %v", time.Since(at))
		}
		synctest.Wait()
		time.Sleep(50 * time.Millisecond)
		s.flow(true)
		expect[CallEstablished](r)
	})
}

// A hint that the network has changed leaves alone what works, and renews at once what
// does not.
func TestAHintIsProvenFirst(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		for range 3 {
			r.client.Retry()
			time.Sleep(3 * time.Second)
		}
		if v := d.view(); len(v.offers) != 0 || v.rebinds != 0 || call.Details().State != StateEstablished {
			t.Errorf("offers %q, %d rebinds, %v", v.offers, v.rebinds, call.Details().State)
		}
		s.flow(false)
		at := time.Now()
		r.client.Retry()
		expect[RenewingMedia](r)
		if after := time.Since(at); after > doubtTime {
			t.Errorf("renewed after %v", after)
		}
		s.flow(true)
		expect[CallEstablished](r)
	})
}

// A connection that gives no sign of life is replaced under a call.
func TestADeadConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		r.sip.setDead(true)
		r.client.Retry()
		time.Sleep(3 * time.Second)
		r.sip.setDead(false)
		time.Sleep(time.Second)
		if v := r.client.Status().Flow; !v.OK || r.sip.opened() < 2 || call.Details().State != StateEstablished {
			t.Errorf("%+v, %d connections, %v", v, r.sip.opened(), call.Details().State)
		}
	})
}

// What waited in the socket while the machine slept is no sign of life: an offer of
// a new path that was lost with its connection is made again.
func TestOfferOfANewPathIsLostThoughSoundArrives(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		d.onOffer = func(n int) error {
			if n == 1 {
				return sip.ErrFlowLost
			}
			return nil
		}
		call.queue.Post(call.renewNow)
		time.Sleep(time.Second)
		if offers := d.view().offers; len(offers) != 2 || !strings.HasPrefix(offers[1], "restart") {
			t.Errorf("offers %q", offers)
		}
		if got := call.Details().State; got != StateEstablished {
			t.Errorf("state %v", got)
		}
	})
}

func TestSignallingSocketIsKilled(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		r.sip.cut(errors.New("reset"))
		time.Sleep(time.Second)
		if d.view().rebinds != 1 || d.view().refreshs != 1 || len(d.view().offers) != 0 {
			t.Errorf("%d rebinds, %d refreshs, offers %q", d.view().rebinds, d.view().refreshs, d.view().offers)
		}
		if got := call.Details().State; got != StateEstablished {
			t.Errorf("state %v", got)
		}
		// And with the media: the path is renewed over the new connection.
		s.flow(false)
		time.Sleep(2 * time.Second)
		r.sip.cut(errors.New("reset"))
		expect[RenewingMedia](r)
		time.Sleep(time.Second)
		s.flow(true)
		expect[CallEstablished](r)
		if len(d.view().offers) != 1 || !strings.HasPrefix(d.view().offers[0], "restart") {
			t.Errorf("offers %q", d.view().offers)
		}
	})
}

func TestSignallingIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		r.sip.setDown(errors.New("refused"))
		r.sip.cut(errors.New("reset"))
		s.flow(false)
		expect[MediaDisrupted](r)
		time.Sleep(10 * time.Second)
		r.sip.setDown(nil)
		for ev := r.next(); ; ev = r.next() {
			if _, ok := ev.(RenewingMedia); ok && len(d.view().offers) > 0 {
				break
			}
			synctest.Wait()
			if len(d.view().offers) > 0 {
				break
			}
		}
		s.flow(true)
		for ev := r.next(); ; ev = r.next() {
			if _, ok := ev.(CallEstablished); ok {
				break
			}
		}
		if call.Details().State != StateEstablished {
			t.Errorf("state %v", call.Details().State)
		}
	})
}

// A hang-up while the signalling is away still reaches the far side.
func TestFarewellOverAnotherFlow(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		r.sip.setDown(errors.New("refused"))
		r.sip.cut(errors.New("reset"))
		synctest.Wait()
		if err := call.Hangup(); err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		expect[CallEnded](r)
		if time.Since(at) > 2*time.Second {
			t.Errorf("ended after %v", time.Since(at))
		}
		time.Sleep(5 * time.Second)
		r.sip.setDown(nil)
		time.Sleep(25 * time.Second)
		if !d.view().over {
			t.Error("the far side was never told")
		}
	})
}

func TestFarSideHasForgottenTheCall(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		d.onOffer = func(int) error {
			d.sayLocked(sip.Ended{Status: 481})
			return &sip.StatusError{Status: 481}
		}
		call.queue.Post(call.renewNow)
		expect[RenewingMedia](r)
		if got := expect[CallEnded](r).Call.EndReason; got != EndRemoteHangup {
			t.Errorf("ended as %v", got)
		}
	})
}

func TestMuteEndsWithTheCall(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		d.says(sip.Ended{ByRemote: true})
		expect[CallEnded](r)
		if !s.view().muted {
			t.Error("the microphone is still heard")
		}
		for _, f := range []func() error{call.Mute, call.Unmute, call.Answer, call.Hangup, func() error { return call.SendDTMF("1") },
			func() error { return call.Hold(context.Background()) }, call.EnableSpeaker} {
			if err := f(); fault.TypeOf(err) != fault.NoCall {
				t.Errorf("error %v", err)
			}
		}
	})
}

func TestDTMFByINFO(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		s.noDTMF = true
		if err := call.SendDTMF("1,#"); err != nil {
			t.Fatal(err)
		}
		if err := call.SendDTMF("A"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		want := []string{"application/dtmf-relay Signal=1", "application/dtmf-relay Signal=#", "application/dtmf-relay Signal=A"}
		if len(d.view().infos) != len(want) {
			t.Fatalf("infos %q", d.view().infos)
		}
		for i, w := range want {
			if !strings.HasPrefix(d.view().infos[i], w) {
				t.Errorf("info %q, want %q", d.view().infos[i], w)
			}
		}
		d.says(sip.Informed{ContentType: "application/dtmf-relay; charset=utf-8", Body: "Signal= 5\r\nDuration=160\r\n"})
		if got := expect[DTMFReceived](r).Digit; got != '5' {
			t.Errorf("digit %c", got)
		}
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		if err := call.EnableSpeaker(); err != nil || call.AudioRoute() != RouteSpeaker {
			t.Errorf("speaker: %v, %v", err, call.AudioRoute())
		}
		if err := call.EnableBluetooth(); fault.TypeOf(err) != fault.AudioDeviceError || call.AudioRoute() != RouteSpeaker {
			t.Errorf("bluetooth: %v, %v", err, call.AudioRoute())
		}
		if err := call.DisableBluetooth(); err != nil || call.AudioRoute() != RouteSpeaker {
			t.Errorf("bluetooth off: %v, %v", err, call.AudioRoute())
		}
		if err := call.DisableSpeaker(); err != nil || call.AudioRoute() != RouteEarpiece {
			t.Errorf("speaker off: %v, %v", err, call.AudioRoute())
		}
		if mic, far := call.Levels(); mic != 0.5 || far != 0.25 {
			t.Errorf("levels %v %v", mic, far)
		}
	})
}

func TestOnAnotherPhone(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		r.client.SetOnAnotherPhone(true)
		if got := expect[CallEnded](r).Call.EndReason; got != EndPSTNHangup {
			t.Errorf("ended as %v", got)
		}
		if _, err := r.client.Dial(t.Context(), "bob", ""); fault.TypeOf(err) != fault.PSTNCallInProgress {
			t.Errorf("dialled: %v", err)
		}
		r.client.SetOnAnotherPhone(false)
		if _, err := r.client.Dial(t.Context(), "bob", ""); err != nil {
			t.Errorf("not dialled: %v", err)
		}
	})
}
