package voice

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/fault"
	"offhook/voice/sip"
)

// TestSIPPasswordChanged: the platform has given the subscriber another password
// since the phone signed in. The refused call is placed again with it, once.
func TestSIPPasswordChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status, legs int
		changed      bool
		want         EndReason
	}{
		"changed, 403":         {403, 2, true, EndRemoteHangup},
		"changed, 401":         {401, 2, true, EndRemoteHangup},
		"the same as before":   {403, 1, false, EndFailure},
		"refused for all that": {403, 2, true, EndFailure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onHarness(t, func(t *testing.T, r *harness) {
				synctest.Wait()
				if c.changed {
					r.platform.mu.Lock()
					r.platform.sipPassword = "another"
					r.platform.mu.Unlock()
				}
				if _, err := r.client.Dial(t.Context(), "0804", ""); err != nil {
					t.Fatal(err)
				}
				expect[CallInitiated](r)
				synctest.Wait()
				first := r.sip.leg(0)
				first.says(sip.Failed{Status: c.status})
				synctest.Wait()
				if d := r.sip.leg(1); d != nil {
					if d.flow == first.flow {
						t.Error("placed again over the old connection")
					}
					if c.want == EndFailure {
						d.says(sip.Failed{Status: c.status})
					} else {
						d.says(ringing())
						expect[CallRinging](r)
						d.says(answered())
						expect[CallEstablished](r)
						d.says(sip.Ended{ByRemote: true})
					}
				}
				if got := expect[CallEnded](r).Call.EndReason; got != c.want {
					t.Errorf("ended as %v", got)
				}
				expect[MediaSessionDestroyed](r)
				if got := len(r.sip.legs); got != c.legs {
					t.Errorf("%d legs", got)
				}
				if !r.client.Status().Flow.OK {
					t.Error("not connected")
				}
			})
		})
	}
}

// TestSIPPasswordChangedBeforeAnIncomingCall: the same for the leg that answers.
func TestSIPPasswordChangedBeforeAnIncomingCall(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call := ring(r, "s1")
		r.platform.mu.Lock()
		r.platform.sipPassword = "another"
		r.platform.mu.Unlock()
		r.sip.leg(0).says(sip.Failed{Status: 403})
		synctest.Wait()
		d := r.sip.leg(1)
		if d == nil || d.header("X-Answer") != "later" {
			t.Fatalf("no leg in its place: %+v", d)
		}
		d.says(answered())
		if err := call.Answer(); err != nil {
			t.Fatal(err)
		}
		expect[CallEstablished](r)
	})
}

// TestHangupWhileReproving: the user is faster than the platform.
func TestHangupWhileReproving(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call, err := r.client.Dial(t.Context(), "0804", "")
		if err != nil {
			t.Fatal(err)
		}
		expect[CallInitiated](r)
		synctest.Wait()
		r.platform.refuseAll(func(req *http.Request) int {
			<-req.Context().Done() // slower than any user
			return http.StatusServiceUnavailable
		})
		r.sip.leg(0).says(sip.Failed{Status: 403})
		synctest.Wait()
		if err := call.Hangup(); err != nil {
			t.Fatal(err)
		}
		expect[CallEnded](r)
		expect[MediaSessionDestroyed](r)
		if r.sip.leg(1) != nil {
			t.Error("placed again after its end")
		}
	})
}

// TestReanswered: the far side asks for an offer and answers it in its ACK.
// Until then nothing else is offered.
func TestReanswered(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		ask := func() {
			d.says(sip.Reoffered{Reply: func(int, string) error { return nil }})
			synctest.Wait()
		}
		ask()
		held := make(chan error, 1)
		go func() { held <- call.Hold(t.Context()) }()
		synctest.Wait()
		if offers := d.view().offers; len(offers) != 0 {
			t.Errorf("offered %q while an answer is due", offers)
		}
		d.says(sip.Reanswered{Answer: "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendonly\r\n"})
		if err := <-held; err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		answers := strings.Join(s.answers, "|")
		s.mu.Unlock()
		if !strings.Contains(answers, "a=sendonly") || !call.Details().RemoteHeld {
			t.Errorf("answers %q, held %v", answers, call.Details().RemoteHeld)
		}

		// An ACK without an answer does not stop the call from going on.
		ask()
		began := time.Now()
		if err := call.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := time.Since(began); after > offerTimeout+time.Second {
			t.Errorf("went on after %v", after)
		}
		// One that can't be understood neither, and one too many is nobody's.
		ask()
		d.says(sip.Reanswered{Answer: "bad"})
		d.says(sip.Reanswered{Answer: "v=0\r\n"})
		if err := call.Hold(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestMachineAsleep: a minute of the machine's own sleep is no silence of the far
// side, whether the media's clock went on meanwhile or not; the call is renewed
// at once.
func TestMachineAsleep(t *testing.T) {
	t.Parallel()
	for name, ticks := range map[string]bool{"the media's clock slept too": false, "the media's clock went on": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				clock := &sleepyClock{}
				r := newHarness(t, WithClock(clock))
				r.start()
				defer r.stop()
				call, d, s := talkTo(r)
				s.flow(false)
				clock.sleep(time.Minute)
				if ticks {
					s.set(func() { s.last = time.Now().Add(-time.Minute) })
				}
				r.sip.cut(errors.New("asleep"))
				expect[RenewingMedia](r)
				time.Sleep(time.Second)
				if v := d.view(); v.rebinds == 0 || len(v.offers) == 0 || !strings.HasPrefix(v.offers[len(v.offers)-1], "restart") {
					t.Errorf("%d rebinds, offers %q", v.rebinds, v.offers)
				}
				s.flow(true)
				expect[CallEstablished](r)
				time.Sleep(time.Minute)
				if got := call.Details().State; got != StateEstablished {
					t.Errorf("state %v", got)
				}
			})
		})
	}
}

// TestDTMFInEarlyMedia: a menu that speaks before it answers takes digits; the
// microphone stays closed.
func TestDTMFInEarlyMedia(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call, err := r.client.Dial(t.Context(), "0804", "")
		if err != nil {
			t.Fatal(err)
		}
		expect[CallInitiated](r)
		synctest.Wait()
		d, s := r.sip.leg(0), r.media.session(0)
		d.says(sip.Provisional{Status: 180, Body: "warm"})
		expect[CallRinging](r)
		if err := call.SendDTMF("1"); fault.TypeOf(err) != fault.NoCall {
			t.Errorf("without a sound: %v", err)
		}
		d.says(sip.Provisional{Status: 183, Body: "early"})
		synctest.Wait()
		if err := call.SendDTMF("12#"); err != nil {
			t.Fatal(err)
		}
		if v := s.view(); v.digits != "12#" || !v.send {
			t.Errorf("digits %q, gate %v", v.digits, v.send)
		}
		if did := r.sound.path(0).all(); strings.Contains(did, "capture") {
			t.Errorf("sound %q", did)
		}
		s.set(func() { s.noDTMF = true })
		if err := call.SendDTMF("3"); fault.TypeOf(err) != fault.NoCall {
			t.Errorf("without telephone-event: %v", err)
		}
	})
}
