package voice

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/fault"
	"offhook/voice/sip"
)

// besides makes another outgoing call that is established; place is its place among all
// of the test.
func besides(r *harness, place int) (*Call, *fakeDialog, *fakeSession) {
	r.t.Helper()
	call, err := r.client.Dial(r.t.Context(), "sip:08040408080", "", ShownAs("carol"))
	if err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
	d, s := r.sip.leg(place), r.media.session(place)
	d.says(ringing())
	d.says(answered())
	s.flow(true)
	synctest.Wait()
	if got := call.Details().State; got != StateEstablished {
		r.t.Fatalf("the second call is %v", got)
	}
	return call, d, s
}

// twoTalks are two calls of one phone: the first waits on hold.
func twoTalks(t *testing.T, story func(t *testing.T, r *harness, first, second *Call, d1, d2 *fakeDialog, s1, s2 *fakeSession)) {
	t.Helper()
	onHarness(t, func(t *testing.T, r *harness) {
		r.client.SetMaxCalls(2, 1)
		first, d1, s1 := talkTo(r)
		second, d2, s2 := besides(r, 1)
		if !first.Details().Held || first.Details().HasSound || !second.Details().HasSound {
			t.Fatalf("%+v, %+v", first.Details(), second.Details())
		}
		story(t, r, first, second, d1, d2, s1, s2)
	})
}

// How many calls there may be is changed while the client runs; what is there goes on.
func TestMaxCallsChange(t *testing.T) {
	t.Parallel()
	twoTalks(t, func(t *testing.T, r *harness, first, second *Call, _, _ *fakeDialog, _, _ *fakeSession) {
		r.client.SetMaxCalls(1, 1)
		if len(r.client.Calls()) != 2 || !second.Details().State.Answered() {
			t.Error("a call is gone")
		}
		if err := first.Hangup(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		time.Sleep(2 * time.Second)
		if _, err := r.client.Dial(t.Context(), "08040408080", ""); fault.TypeOf(err) != fault.SystemBusy {
			t.Errorf("beside the one: %v", err)
		}
	})
}

// The far side of the first does not agree to its hold: it waits all the same, and is
// not on air when the second call ends, until it is taken off hold.
func TestHoldIsRefusedBesideASecondCall(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		r.client.SetMaxCalls(2, 1)
		first, d1, s1 := talkTo(r)
		refuse := true
		d1.onOffer = func(int) error {
			if refuse {
				return &sip.StatusError{Status: 488}
			}
			return nil
		}
		second, _, _ := besides(r, 1)
		if !first.Details().Held || !s1.view().held {
			t.Error("the first is on air")
		}
		if err := second.Hangup(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if d := first.Details(); !d.Held || !s1.view().held || !d.HasSound {
			t.Errorf("on air unasked: %+v", d)
		}
		refuse = false
		if err := first.Resume(t.Context()); err != nil || first.Details().Held || s1.view().held {
			t.Errorf("not resumed: %v", err)
		}
	})
}

// Both far sides hang up at once; nothing is left, and the next call is a call.
func TestBothCallsEndAtOnce(t *testing.T) {
	t.Parallel()
	twoTalks(t, func(t *testing.T, r *harness, first, second *Call, d1, d2 *fakeDialog, _, _ *fakeSession) {
		d1.says(sip.Ended{ByRemote: true})
		d2.says(sip.Ended{ByRemote: true})
		<-first.ended
		<-second.ended
		synctest.Wait()
		if n := len(r.client.Calls()); n != 0 {
			t.Fatalf("%d calls are left", n)
		}
		third, _, _ := besides(r, 2)
		if d := third.Details(); !d.HasSound || d.Held {
			t.Errorf("%+v", d)
		}
	})
}

// The connection goes under two calls: both stay, move to the next, and can be swapped.
func TestConnectionLostUnderTwoCalls(t *testing.T) {
	t.Parallel()
	twoTalks(t, func(t *testing.T, r *harness, first, second *Call, d1, d2 *fakeDialog, s1, s2 *fakeSession) {
		r.sip.cut(errors.New("cut"))
		time.Sleep(30 * time.Second)
		for i, d := range []*fakeDialog{d1, d2} {
			if d.view().rebinds == 0 {
				t.Errorf("call %d was not moved", i)
			}
		}
		for range 3 {
			for _, c := range []*Call{first, second} {
				if err := c.Resume(t.Context()); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if d := c.Details(); d.Held || !d.HasSound || d.State != StateEstablished {
					t.Errorf("%+v", d)
				}
			}
		}
		if !s1.view().held || s2.view().held {
			t.Error("the wrong one is on hold")
		}
	})
}

// A hold that both want at once, said twice and taken back, ends in what was said last.
func TestSwapsAtOnce(t *testing.T) {
	t.Parallel()
	twoTalks(t, func(t *testing.T, r *harness, first, second *Call, _, _ *fakeDialog, s1, s2 *fakeSession) {
		done := make(chan error, 20)
		for range 10 {
			go func() { done <- first.Resume(t.Context()) }()
			go func() { done <- second.Resume(t.Context()) }()
		}
		for range 20 {
			<-done
		}
		time.Sleep(time.Minute)
		if err := second.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if a, b := first.Details(), second.Details(); !a.Held || b.Held || a.HasSound || !b.HasSound || !s1.view().held || s2.view().held {
			t.Errorf("%+v\n%+v", a, b)
		}
	})
}

// A call that ends while it is taken into a conference is not in it, and the other one
// goes on alone.
func TestOneEndsOnItsWayIntoAConference(t *testing.T) {
	t.Parallel()
	twoTalks(t, func(t *testing.T, r *harness, first, second *Call, _, d2 *fakeDialog, _, _ *fakeSession) {
		result, ended := make(chan error, 1), make(chan struct{})
		first.queue.Post(func() {
			first.mix(second, result, make(chan error, 2))
			<-ended // the second has agreed by then
		})
		synctest.Wait()
		d2.says(sip.Ended{ByRemote: true})
		<-second.ended
		close(ended)
		if err := <-result; fault.TypeOf(err) != fault.NoCall {
			t.Errorf("mixed with one that has ended: %v", err)
		}
		synctest.Wait()
		if d := first.Details(); d.InConference || !d.HasSound || !d.State.Answered() {
			t.Errorf("%+v", d)
		}
		if err := first.MuteParty(t.Context(), second.ID(), true); fault.TypeOf(err) != fault.NoCall {
			t.Errorf("one that has ended is muted: %v", err)
		}
	})
}
