package voice

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

func (p *fakePlatform) refuseAll(match func(*http.Request) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = match
}

// TestInitialize is the table of how Initialize can end.
func TestInitialize(t *testing.T) {
	t.Parallel()
	status := func(n int) func(*http.Request) int { return func(*http.Request) int { return n } }
	cases := []struct {
		name   string
		change func(a *Account)
		refuse func(*http.Request) int
		want   fault.Type
		auth   bool
	}{
		{name: "no server", change: func(a *Account) { a.Hostname = "" }, want: fault.InvalidParameter},
		{name: "a server without scheme", change: func(a *Account) { a.Hostname = "voice.test" }, want: fault.InvalidParameter},
		{name: "no name", change: func(a *Account) { a.SubscriberName = "" }, want: fault.InvalidParameter},
		{name: "a name with a space", change: func(a *Account) { a.SubscriberName = "a b" }, want: fault.InvalidParameter},
		{name: "a long name", change: func(a *Account) { a.SubscriberName = "alicealicealicealice" }, want: fault.InvalidParameter},
		{name: "no account", change: func(a *Account) { a.AccountSID = "" }, want: fault.InvalidParameter},
		{name: "a display name with a line break", change: func(a *Account) { a.DisplayName = "a\r\nb" }, want: fault.InvalidParameter},
		{name: "no token", change: func(a *Account) { a.SubscriberToken = "" }, want: fault.AuthenticationInvalidToken, auth: true},
		{name: "somebody else's token", change: func(a *Account) { a.SubscriberToken = tokenPair("bob", time.Now()) }, want: fault.AuthenticationInvalidToken, auth: true},
		{name: "refused", refuse: status(401), want: fault.AuthenticationInvalidToken, auth: true},
		{name: "expired", change: func(a *Account) { a.SubscriberToken = tokenPair("alice", time.Now().Add(-25*time.Hour)) }, refuse: status(401), want: fault.AuthenticationExpiredToken, auth: true},
		{name: "inactive", refuse: status(403), want: fault.AuthenticationInvalidToken, auth: true},
		{name: "unknown", refuse: status(404), want: fault.InvalidParameter},
		{name: "broken", refuse: status(500), want: fault.ServerError},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newHarness(t)
				defer r.stop()
				r.platform.refuseAll(c.refuse)
				a := testAccount()
				if c.change != nil {
					c.change(&a)
				}
				err := r.client.Initialize(t.Context(), a)
				if fault.TypeOf(err) != c.want || r.client.IsInitialized() {
					t.Fatalf("error %v", err)
				}
				var said *fault.Error
				switch ev := r.next().(type) {
				case InitializationFailed:
					said = ev.Err
					if c.auth {
						t.Error("not an authentication failure")
					}
				case AuthenticationFailed:
					said = ev.Err
					if !c.auth {
						t.Error("an authentication failure")
					}
				}
				if said == nil || said.Type != c.want || said.Next() == "" {
					t.Errorf("said %v", said)
				}
				// The client can be used all the same.
				r.platform.refuseAll(nil)
				if err := r.client.Initialize(t.Context(), testAccount()); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t)
		r.sip.setDown(fault.New(fault.NetworkError, "Nothing answers."))
		if s := r.client.Status(); s.Initialized || s.Flow.OK || s.Token.OK {
			t.Errorf("before: %+v", s)
		}
		r.start()
		defer r.stop()
		synctest.Wait()
		s := r.client.Status()
		if !s.Initialized || !s.Platform.OK || !s.Profile.OK || !s.Token.OK || s.Flow.OK || s.Flow.Err == nil || s.Exophone != "08040408080" {
			t.Errorf("with the signalling down: %+v", s)
		}
		if d := time.Until(s.TokenValidUntil); d < 23*time.Hour || d > 24*time.Hour {
			t.Errorf("token valid for %v", d)
		}
		r.sip.setDown(nil)
		time.Sleep(21 * time.Second)
		if s := r.client.Status(); !s.Flow.OK || s.Flow.Err != nil {
			t.Errorf("with the signalling up: %+v", s.Flow)
		}
		up := r.client.Status().Flow.Since
		r.sip.cut(errors.New("cut"))
		time.Sleep(time.Second)
		if s := r.client.Status(); !s.Flow.OK || !s.Flow.Since.After(up) {
			t.Errorf("after a cut: %+v", s.Flow)
		}
	})
}

func TestStopAndReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t)
		if err := r.client.Stop(t.Context()); fault.TypeOf(err) != fault.Uninitialized {
			t.Errorf("before Initialize: %v", err)
		}
		r.start()
		talkTo(r)
		if err := r.client.Stop(t.Context()); fault.TypeOf(err) != fault.SystemBusy {
			t.Errorf("in a call: %v", err)
		}
		other := testAccount()
		other.SubscriberName, other.SubscriberToken = "bob", tokenPair("bob", time.Now())
		if err := r.client.Initialize(t.Context(), other); fault.TypeOf(err) != fault.SystemBusy {
			t.Errorf("somebody else in a call: %v", err)
		}
		expect[InitializationFailed](r)
		if err := r.client.Reset(t.Context()); err != nil {
			t.Errorf("reset: %v", err)
		}
		if got := expect[CallEnded](r).Call.EndReason; got != EndLocalHangup {
			t.Errorf("ended as %v", got)
		}
		expect[MediaSessionDestroyed](r)
		expect[Deinitialized](r)
		if r.client.IsInitialized() {
			t.Error("still initialised")
		}
		r.start()
		if err := r.client.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		expect[Deinitialized](r)
		r.stop()
		if err := r.client.Initialize(t.Context(), testAccount()); fault.TypeOf(err) != fault.Uninitialized {
			t.Errorf("after Close: %v", err)
		}
	})
}

// A far side that never answers the BYE delays Reset no longer than ctx.
func TestResetWithTheNetworkDown(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		r.sip.setDown(errors.New("down"))
		r.sip.cut(errors.New("cut"))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		at := time.Now()
		if err := r.client.Reset(ctx); err != nil {
			t.Error(err)
		}
		if d := time.Since(at); d > 4*time.Second {
			t.Errorf("reset after %v", d)
		}
	})
}

// TestTokenEndsInACall: the call goes on, the user is told, a new token for the
// same subscriber is taken during the call.
func TestTokenEndsInACall(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		r.platform.refuseAll(func(req *http.Request) int {
			if strings.HasSuffix(req.URL.Path, "/access-token") {
				return 403 // the account was made inactive
			}
			return 0
		})
		time.Sleep(25 * time.Minute)
		if got := expect[AuthenticationFailed](r).Err.Type; got != fault.AuthenticationInvalidToken {
			t.Errorf("failed as %v", got)
		}
		if s := r.client.Status(); s.Token.OK || s.Token.Err == nil {
			t.Errorf("token %+v", s.Token)
		}
		if got := call.Details().State; got != StateEstablished {
			t.Fatalf("state %v", got)
		}
		if _, err := r.client.AccessToken(t.Context(), ""); fault.TypeOf(err) != fault.AuthenticationInvalidToken {
			t.Errorf("access token: %v", err)
		}
		r.platform.refuseAll(nil)
		if err := r.client.Initialize(t.Context(), testAccount()); err != nil {
			t.Fatal(err)
		}
		expect[InitializationSucceeded](r)
		if s := r.client.Status(); !s.Token.OK || !s.Flow.OK {
			t.Errorf("status %+v", s)
		}
		if call.Details().State != StateEstablished || d.view().over {
			t.Error("the call was disturbed")
		}
		if err := call.Hold(t.Context()); err != nil {
			t.Errorf("hold: %v", err)
		}
		if err := call.Hangup(); err != nil {
			t.Error(err)
		}
		expect[CallEnded](r)
		expect[MediaSessionDestroyed](r)
		if err := call.PostFeedback(t.Context(), 5, NoIssue, ""); err != nil {
			t.Errorf("feedback: %v", err)
		}
	})
}

func TestNoDialWithoutAToken(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		r.platform.refuseAll(func(*http.Request) int { return 401 })
		token, err := r.client.AccessToken(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.client.AccessToken(t.Context(), token); fault.TypeOf(err) != fault.AuthenticationInvalidToken {
			t.Errorf("renewed: %v", err)
		}
		expect[AuthenticationFailed](r)
		if _, err := r.client.Dial(t.Context(), "0804", ""); fault.TypeOf(err) != fault.AuthenticationInvalidToken {
			t.Errorf("dialled: %v", err)
		}
	})
}

func TestFeedback(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		if err := call.PostFeedback(t.Context(), 5, NoIssue, ""); fault.TypeOf(err) != fault.InvalidParameter {
			t.Errorf("in the call: %v", err)
		}
		_ = call.Hangup()
		expect[CallEnded](r)
		for _, bad := range []struct {
			rating int
			issue  Issue
		}{{0, NoIssue}, {6, NoIssue}, {3, "BAD_MOOD"}} {
			if err := call.PostFeedback(t.Context(), bad.rating, bad.issue, ""); fault.TypeOf(err) != fault.InvalidParameter {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		for rating := 1; rating <= 2; rating++ {
			if err := call.PostFeedback(t.Context(), rating, Echo, "hello"); err != nil {
				t.Error(err)
			}
		}
		expect[MediaSessionDestroyed](r)
		if _, err := r.client.Dial(t.Context(), "0804", ""); err != nil {
			t.Fatal(err)
		}
		if err := call.PostFeedback(t.Context(), 5, NoIssue, ""); fault.TypeOf(err) != fault.InvalidParameter {
			t.Errorf("after the next call: %v", err)
		}
		r.platform.mu.Lock()
		defer r.platform.mu.Unlock()
		if f := r.platform.feedback; len(f) != 2 || f[1] != (wire.Feedback{SessionID: "sid-1", Rating: 2, Issue: "ECHO", Note: "hello"}) {
			t.Errorf("posted %+v", f)
		}
	})
}

// A slow subscriber loses nothing and delays nobody; one that leaves is gone.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		slow, gone := r.client.Subscribe(), r.client.Subscribe()
		gone.Close()
		gone.Close()
		for range gone.Events() {
		}
		at := time.Now()
		for i := range 1000 {
			if i%2 == 0 {
				_ = call.Mute()
			} else {
				_ = call.Unmute()
			}
		}
		if time.Since(at) != 0 {
			t.Error("a slow subscriber delays the call")
		}
		for i := range 1000 {
			ev, ok := (<-slow.Events()).(CallChanged)
			if !ok || ev.Call.Muted != (i%2 == 0) {
				t.Fatalf("event %d: %+v", i, ev)
			}
		}
		slow.Close()
	})
}

func TestContextMessageAndMicrophone(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call := ring(r, "s1")
		call.SetContextMessage("about the order")
		synctest.Wait()
		if call.ContextMessage() != "about the order" {
			t.Error("no message")
		}
		r.sip.leg(0).says(answered())
		synctest.Wait()
		p := r.sound.path(0)
		p.mu.Lock()
		p.noMic = true
		p.mu.Unlock()
		if err := call.Answer(); err != nil {
			t.Fatal(err)
		}
		failed, established := false, false
		for !failed || !established {
			switch ev := r.next().(type) {
			case SoundFailed:
				failed = true
				if !ev.Capture || ev.Err.Type != fault.AudioDeviceError {
					t.Errorf("failed %+v", ev)
				}
			case CallEstablished:
				established = true
			case CallEnded:
				t.Fatal("the call ended for want of a microphone")
			}
		}
	})
}

func TestNothingSecretIsPrinted(t *testing.T) {
	t.Parallel()
	a := Account{Hostname: testHost, SubscriberName: "alice", AccountSID: "demo", SubscriberToken: "hidden"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, a); strings.Contains(s, "hidden") {
			t.Errorf("%s shows the token: %s", verb, s)
		}
	}
}

// A client that is closed while it looks at a pushed call closes all the same.
func TestCloseWhileACallIsLookedAt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t)
		r.start()
		silent := make(chan struct{})
		r.platform.refuseAll(func(req *http.Request) int {
			if strings.HasSuffix(req.URL.Path, "/state") {
				select {
				case <-silent:
				case <-req.Context().Done():
				}
				return 503
			}
			return 0
		})
		done := make(chan struct{})
		go func() {
			defer close(done)
			if ok, err := r.client.RelaySessionData(context.Background(), push("s1", nil)); ok || err == nil {
				t.Errorf("relayed: %v %v", ok, err)
			}
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		at := time.Now()
		if err := r.client.Close(ctx); err != nil {
			t.Error(err)
		}
		<-done
		if d := time.Since(at); d > 2*time.Second {
			t.Errorf("closed after %v", d)
		}
		for range r.sub.Events() {
		}
	})
}

// A new sign-in in mid-call may bring another SIP password, and so another line:
// the call moves to it.
func TestNewLineInACall(t *testing.T) {
	t.Parallel()
	inTalk(t, func(t *testing.T, r *harness, call *Call, d *fakeDialog, s *fakeSession) {
		r.platform.mu.Lock()
		r.platform.sipPassword = "another"
		r.platform.mu.Unlock()
		if err := r.client.Initialize(t.Context(), testAccount()); err != nil {
			t.Fatal(err)
		}
		expect[InitializationSucceeded](r)
		r.sip.cut(errors.New("the old line is closed"))
		time.Sleep(time.Second)
		if v := d.view(); v.rebinds == 0 || call.Details().State != StateEstablished {
			t.Errorf("%d rebinds in %v", v.rebinds, call.Details().State)
		}
		if err := call.Hangup(); err != nil {
			t.Fatal(err)
		}
		expect[CallEnded](r)
		if !d.view().over {
			t.Error("the far side was not told")
		}
	})
}
