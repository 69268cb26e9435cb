package voice

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/fault"
	"offhook/voice/sip"
)

func TestHoldAndResume(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		if err := call.Hold(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !s.view().held || !call.Details().Held || len(d.view().offers) != 1 {
			t.Errorf("held %v, offers %q", s.view().held, d.view().offers)
		}
		since := call.Details().HeldSince
		if !since.Equal(time.Now()) {
			t.Errorf("held since %v, now is %v", since, time.Now())
		}
		time.Sleep(time.Second)
		if err := call.Hold(t.Context()); err != nil || len(d.view().offers) != 1 || !call.Details().HeldSince.Equal(since) {
			t.Errorf("held twice: %v, offers %q, since %v", err, d.view().offers, call.Details().HeldSince)
		}
		// A hold of ten minutes without a packet is no disruption.
		s.set(func() { s.flowing, s.last = false, time.Now() })
		time.Sleep(10 * time.Minute)
		if got := call.Details().State; got != StateEstablished {
			t.Fatalf("state %v", got)
		}
		if err := call.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.flow(true)
		time.Sleep(time.Minute)
		if s.view().held || call.Details().Held || !call.Details().HeldSince.IsZero() || call.Details().State != StateEstablished {
			t.Error("not resumed")
		}
	})
}

func TestHoldIsRefused(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		d.onOffer = func(int) error { return &sip.StatusError{Status: 488} }
		if err := call.Hold(t.Context()); fault.TypeOf(err) != fault.ServerError {
			t.Errorf("error %v", err)
		}
		if s.view().held || call.Details().Held {
			t.Error("still held")
		}
	})
}

func TestGlare(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		at := time.Now()
		d.onOffer = func(n int) error {
			if n == 1 {
				return &sip.StatusError{Status: 491}
			}
			return nil
		}
		if err := call.Hold(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := time.Since(at); after > 4*time.Second || len(d.view().offers) != 2 {
			t.Errorf("agreed after %v, offers %q", after, d.view().offers)
		}
	})
}

func TestFarSideHolds(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		var status int
		var answer string
		hold := func(direction string) {
			d.says(sip.Reoffered{
				Offer: "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=" + direction + "\r\n",
				Reply: func(s int, body string) error { status, answer = s, body; return nil },
			})
			synctest.Wait()
		}
		hold("sendonly")
		if status != 200 || !strings.HasPrefix(answer, "answer") || !call.Details().RemoteHeld {
			t.Errorf("%d %q, held %v", status, answer, call.Details().RemoteHeld)
		}
		s.set(func() { s.flowing, s.last = false, time.Now() })
		time.Sleep(5 * time.Minute)
		if got := call.Details().State; got != StateEstablished {
			t.Errorf("state %v", got)
		}
		hold("sendrecv")
		if call.Details().RemoteHeld {
			t.Error("still held")
		}
		// From now on silence counts again.
		expect[MediaDisrupted](r)
	})
}

// The far side's offer comes while ours waits for its turn: theirs is answered,
// and ours follows at once.
func TestOffersCross(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		status := 0
		d.onOffer = func(n int) error {
			if n == 1 {
				d.sayLocked(sip.Reoffered{Offer: "v=0\r\n", Reply: func(s int, _ string) error { status = s; return nil }})
				d.mu.Unlock()
				time.Sleep(10 * time.Millisecond)
				d.mu.Lock()
				return &sip.StatusError{Status: 491}
			}
			return nil
		}
		at := time.Now()
		if err := call.Hold(t.Context()); err != nil {
			t.Fatal(err)
		}
		if status != 200 || len(d.view().offers) != 2 || time.Since(at) > time.Second {
			t.Errorf("their offer got %d, offers %q, after %v", status, d.view().offers, time.Since(at))
		}
	})
}

func TestReofferWithoutSDP(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		var body string
		d.says(sip.Reoffered{Reply: func(_ int, b string) error { body = b; return nil }})
		synctest.Wait()
		if !strings.HasPrefix(body, "offer") {
			t.Errorf("replied %q", body)
		}
	})
}

func TestHoldDuringDisruption(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		d.onOffer = func(int) error { return &sip.StatusError{Status: 503} }
		s.flow(false)
		expect[MediaDisrupted](r)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := call.Hold(ctx); fault.TypeOf(err) != fault.NetworkError {
			t.Errorf("error %v", err)
		}
		d.mu.Lock()
		d.onOffer = nil
		d.mu.Unlock()
		for call.Details().State != StateEstablished {
			r.next()
		}
		if !call.Details().Held {
			t.Error("the hold was forgotten")
		}
		last := d.view().offers[len(d.view().offers)-1]
		if !strings.HasPrefix(last, "hold") {
			t.Errorf("last offer %q", last)
		}
	})
}
