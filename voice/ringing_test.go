package voice

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/media"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// The signalling under the warm leg is lost while it rings: the answer goes over
// another connection.
func TestAnswerOverAnotherFlow(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call := ring(r, "s1")
		d := r.sip.leg(0)
		d.says(answered())
		synctest.Wait()
		r.sip.cut(errors.New("reset"))
		time.Sleep(time.Second)
		if err := call.Answer(); err != nil {
			t.Fatal(err)
		}
		expect[CallEstablished](r)
		if v := d.view(); v.rebinds != 1 || len(v.infos) != 1 {
			t.Errorf("%d rebinds, infos %q", v.rebinds, v.infos)
		}
	})
}

// The platform is restarted while the phone rings, and knows no calls any more.
func TestPlatformRestartsWhileRinging(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		ring(r, "s1")
		r.sip.leg(0).says(answered())
		r.sip.setDown(errors.New("refused"))
		r.sip.cut(errors.New("reset"))
		r.platform.refuseAll(func(*http.Request) int { return 503 })
		r.platform.setState("s1", wire.CallCancelled) // wakes the poll
		time.Sleep(3 * time.Second)
		r.platform.mu.Lock()
		delete(r.platform.states, "s1")
		r.platform.refuse = nil
		r.platform.mu.Unlock()
		r.sip.setDown(nil)
		if got := expect[CallEnded](r).Call.EndReason; got != EndRemoteHangup {
			t.Errorf("ended as %v", got)
		}
	})
}

// The caller gives up in the moment of the answer: there is one end, and it says
// so.
func TestAnswerMeetsTheCallersEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(r *harness, d *fakeDialog){
		"told by the long poll": func(r *harness, d *fakeDialog) { r.platform.setState("s1", wire.CallCancelled) },
		"told by a BYE": func(r *harness, d *fakeDialog) {
			d.says(sip.Ended{ByRemote: true, Headers: []sip.Header{{Name: "X-End-Reason", Value: "caller-gone"}}})
		},
		"told by the answer's refusal": func(r *harness, d *fakeDialog) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onHarness(t, func(t *testing.T, r *harness) {
				call := ring(r, "s1")
				d := r.sip.leg(0)
				d.says(answered())
				synctest.Wait()
				d.mu.Lock()
				d.onInfo = func() error {
					if name == "told by the answer's refusal" {
						return &sip.StatusError{Status: 481}
					}
					d.mu.Unlock()
					time.Sleep(time.Second)
					d.mu.Lock()
					return &sip.StatusError{Status: 481}
				}
				d.mu.Unlock()
				if err := call.Answer(); err != nil {
					t.Fatal(err)
				}
				end(r, d)
				if got := expect[CallEnded](r).Call.EndReason; got != EndRemoteHangup {
					t.Errorf("ended as %v", got)
				}
				expect[MediaSessionDestroyed](r)
			})
		})
	}
}

// EARLY and RINGING come in any order; the local ringback plays only while there
// is nothing else to hear.
func TestRingback(t *testing.T) {
	t.Parallel()
	ring, early := sip.Provisional{Status: 180}, sip.Provisional{Status: 183, Body: "early"}
	warm := sip.Provisional{Status: 180, Body: "early"}
	const sound = "sound"
	cases := []struct {
		name  string
		story []any
		want  string
		state State
	}{
		{"ringing", []any{ring}, "playout, tone 0", StateRinging},
		{"ringing, told thrice", []any{ring, ring, warm}, "playout, tone 0", StateRinging},
		{"ringing on a warm path", []any{warm}, "playout, tone 0", StateRinging},
		{"early media", []any{early}, "playout", StateEarly},
		{"ringing, then early media", []any{ring, early}, "playout, tone 0, silence", StateEarly},
		{"early media, then ringing", []any{early, ring}, "playout", StateRinging},
		{"sound on a warm path", []any{warm, sound}, "playout, tone 0, silence", StateRinging},
		{"sound before the ringing", []any{early, sound, ring}, "playout", StateRinging},
		{"progress without sound", []any{sip.Provisional{Status: 183}, sip.Provisional{Status: 182}}, "playout", StateOutgoingInitiated},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onHarness(t, func(t *testing.T, r *harness) {
				call, err := r.client.Dial(t.Context(), "0804", "")
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				for _, what := range c.story {
					if ev, ok := what.(sip.Provisional); ok {
						r.sip.leg(0).says(ev)
					} else {
						r.media.session(0).tell(media.Event{Kind: media.FirstSound})
					}
					synctest.Wait()
				}
				if got := r.sound.path(0).all(); got != c.want {
					t.Errorf("sound: %s, want %s", got, c.want)
				}
				if got := call.Details().State; got != c.state {
					t.Errorf("state %v, want %v", got, c.state)
				}
				if r.media.session(0).view().send {
					t.Error("sends before the answer")
				}
			})
		})
	}
}

// TestGuards: the phone gives up by itself when the platform has gone dumb.
func TestGuards(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		rings bool
		after time.Duration
	}{
		{"nothing at all", false, 30 * time.Second},
		{"ringing for ever", true, 35 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onHarness(t, func(t *testing.T, r *harness) {
				if _, err := r.client.Dial(t.Context(), "0804", ""); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if c.rings {
					r.sip.leg(0).says(ringing())
				}
				for {
					ev, ok := r.next().(CallEnded)
					if !ok {
						continue
					}
					if d := ev.Call; d.EndReason != EndTimeout || d.Ended.Sub(d.Started) != c.after {
						t.Errorf("ended as %v after %v", d.EndReason, d.Ended.Sub(d.Started))
					}
					break
				}
				if !r.sip.leg(0).view().hungUp {
					t.Error("the far side was not told")
				}
			})
		})
	}
}

// A description that cannot be understood ends the call; it does not linger.
func TestAnswersThatCannotBeUnderstood(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		if _, err := r.client.Dial(t.Context(), "0804", ""); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.sip.leg(0).says(sip.Answered{Body: "bad"})
		expect[CallInitiated](r)
		if got := expect[CallEnded](r).Call.EndReason; got != EndFailure {
			t.Errorf("ended as %v", got)
		}
		if !r.sip.leg(0).view().hungUp {
			t.Error("the far side was not told")
		}
	})
}

// No secret gets into what is logged of a call's whole life.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuilder
		r := newHarness(t)
		r.client.log = log.logger()
		a := testAccount()
		if err := r.client.Initialize(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		expect[InitializationSucceeded](r)
		token, _ := r.client.AccessToken(t.Context(), "")
		call := ring(r, "s1")
		payload := r.sip.leg(0).header("X-Session-Token")
		_ = call.Hangup()
		expect[CallEnded](r)
		_, _ = r.client.RelaySessionData(t.Context(), map[string]string{"payload": payload + "x", "payloadVersion": "1"})
		r.stop()
		text := log.String()
		for name, secret := range map[string]string{"access token": token, "payload": payload, "SIP password": "secret", "subscriber token": a.SubscriberToken} {
			if strings.Contains(text, secret) {
				t.Errorf("the log shows the %s", name)
			}
		}
		if len(text) == 0 {
			t.Error("nothing was logged")
		}
	})
}
