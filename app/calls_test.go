package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/app/readiness"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

func TestAnOutgoingCall(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		ctx := context.Background()
		if err := d.Dial(ctx, " tel:bob ", "ticket 7"); err != nil {
			t.Fatal(err)
		}
		s := d.Snapshot()
		if s.Call == nil || s.Call.RemoteID != "bob" || s.Call.Direction != "OUTGOING" || s.Call.Message != "ticket 7" {
			t.Fatalf("after Dial the call is %+v", s.Call)
		}
		d.until("named", func(s *Snapshot) bool { return s.Call.RemoteName == "Bob Ross" })
		if d.engine.count("dial 0804 for bob") != 1 || !d.backend.saw("POST /accounts/demo/subscribers/alice/context") {
			t.Fatalf("%v %v", d.engine.did, d.backend.requests)
		}
		wantFault(t, d.Dial(ctx, "carol", ""), fault.SystemBusy, "in a call")

		d.engine.emit(voice.CallRinging{Call: d.engine.to(voice.StateRinging)})
		d.until("ringing", func(s *Snapshot) bool { return s.Call.State == "RINGING" })
		d.engine.set(func(e *fakeEngine) {
			e.stats = voice.Statistics{CallID: "call-1"}
			e.stats.MOS = 4.3
		})
		d.engine.emit(voice.CallEstablished{Call: d.engine.to(voice.StateEstablished)})
		d.until("measuring", func(s *Snapshot) bool { return s.Call.State == "ESTABLISHED" && s.Call.Quality == QualityMeasuring })
		d.until("good", func(s *Snapshot) bool { return s.Call.Quality == QualityGood && s.Call.DurationS >= 5 })

		held := d.engine.to(voice.StateEstablished)
		held.Held, held.HeldSince = true, d.cfg.Now()
		d.engine.emit(voice.CallChanged{Call: held})
		s = d.until("on hold", func(s *Snapshot) bool { return s.Call.Held })
		if s.Call.HeldSince == nil || !s.Call.HeldSince.Equal(held.HeldSince) || s.Call.HeldSince.Location() != time.UTC {
			t.Errorf("held since %v, not %v", s.Call.HeldSince, held.HeldSince)
		}
		d.engine.emit(voice.CallChanged{Call: d.engine.to(voice.StateEstablished)})
		d.until("resumed", func(s *Snapshot) bool { return !s.Call.Held && s.Call.HeldSince == nil })

		watching, cancel := context.WithCancel(ctx)
		defer cancel()
		w := d.Watch(watching)
		d.engine.end(voice.EndRemoteHangup)
		for s := range w {
			if s.Call != nil && s.Call.State == "ENDED" {
				t.Fatal("ENDED was shown as a call")
			}
			if s.LastCall != nil {
				if s.Call != nil {
					t.Fatal("the ended call is still a call")
				}
				break
			}
		}
		recs, err := d.SearchRecents(ctx, RecentsQuery{})
		last := d.Snapshot().LastCall
		if err != nil || len(recs) != 1 || recs[0].EndReason != "REMOTE_HANGUP" || recs[0].DurationS != last.DurationS || recs[0].MOS != 4.3 {
			t.Fatalf("the log holds %+v as %+v is shown", recs, last)
		}
		if s := d.Snapshot(); !s.FeedbackDue || !last.Shown || !last.Answered || s.LastDialled != "bob" || s.LastDialledName != "Bob Ross" {
			t.Fatalf("%+v %+v", s, last)
		}
		if err := d.Feedback(ctx, 4, "", "a bit far"); err != nil {
			t.Fatal(err)
		}
		d.DismissEnded()
		s = d.until("rated", func(s *Snapshot) bool { return !s.FeedbackDue && !s.LastCall.Shown })
		if s.LastCall.Rating != 4 || d.engine.count("feedback 4 NO_ISSUE a bit far") != 1 {
			t.Fatalf("%+v", s.LastCall)
		}
		synctest.Wait()
		if !d.backend.saw("DELETE /accounts/demo/subscribers/alice/context") {
			t.Fatal("the context was not deleted")
		}
	})
}

// The call is there, with all that is known of it, when Dial returns, also before
// the engine has told of it.
func TestDialReturnsWithTheCall(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		d.engine.set(func(e *fakeEngine) { e.late = true })
		if err := d.Dial(context.Background(), "bob", "ticket 7"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if c := d.Snapshot().Call; c == nil || c.State != "OUTGOING_INITIATED" || c.Message != "ticket 7" {
				t.Fatalf("%+v", c)
			}
			d.engine.emit(voice.CallInitiated{Call: d.engine.to(voice.StateOutgoingInitiated)})
			synctest.Wait()
		}
		d.engine.end(voice.EndRemoteHangup)
		s := d.until("over", func(s *Snapshot) bool { return s.LastCall != nil })
		recs, err := d.SearchRecents(context.Background(), RecentsQuery{})
		if err != nil || len(recs) != 1 || recs[0].Message != "ticket 7" || s.Call != nil {
			t.Errorf("%v %+v", err, recs)
		}
	})
}

func TestAPushedCall(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		d.backend.context = "about ticket 7"
		<-d.inbox().ready
		acked := make(chan error, 1)
		go func() {
			acked <- d.inbox().deliver(context.Background(), int64(1), "alice", "bob")
		}()
		s := d.until("incoming", func(s *Snapshot) bool { return s.Call != nil && s.Call.Message != "" })
		if s.Call.State != "INCOMING" || s.Call.Message != "about ticket 7" || s.Call.RemoteName != "Bob Ross" {
			t.Fatalf("%+v", s.Call)
		}
		if err := <-acked; err != nil {
			t.Fatal("not acknowledged:", err)
		}
		if !d.ringer.played("ring 80") {
			t.Fatalf("the ringer: %v", d.ringer.did)
		}
		d.Silence("")
		d.until("silenced", func(s *Snapshot) bool { return s.Call.RingSilenced })
		if err := d.Answer(context.Background(), ""); err != nil {
			t.Fatal(err)
		}
		d.until("established", func(s *Snapshot) bool { return s.Call.State == "ESTABLISHED" })
		if err := d.Hangup(context.Background(), ""); err != nil {
			t.Fatal(err)
		}
		s = d.until("over", func(s *Snapshot) bool { return s.Call == nil })
		if s.LastCall.EndReason != "LOCAL_HANGUP" || s.LastCall.Direction != "INCOMING" {
			t.Fatalf("%+v", s.LastCall)
		}
		// What is somebody else's is acknowledged and goes no further.
		if err := d.inbox().deliver(context.Background(), int64(2), "mallory", ""); err != nil {
			t.Fatal(err)
		}
		if d.engine.count("relay ") != 0 {
			t.Fatal("a stranger's call was relayed")
		}
	})
}

// A push that came too late is a missed call of its own time, once.
func TestACallThatCameTooLateIsMissed(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		at := time.Now().Add(-10 * time.Minute).Truncate(time.Millisecond)
		d.engine.set(func(e *fakeEngine) {
			e.relay = func(map[string]string) (bool, error) {
				d.engine.emit(voice.MissedCall{RemoteID: "carol", SessionID: "late", Time: at, Reason: "expired"})
				return false, nil
			}
		})
		<-d.inbox().ready
		for id := range 2 {
			if err := d.inbox().deliver(context.Background(), int64(id+1), "alice", "p"); err != nil {
				t.Fatal(err)
			}
		}
		s := d.until("missed", func(s *Snapshot) bool { return s.MissedUnseen == 1 })
		r := d.Recents()
		if s.Call != nil || len(r) != 1 || !r[0].Missed || r[0].MissedReason != "expired" || !r[0].Started.Equal(at) || r[0].RemoteName != "Carol" {
			t.Fatalf("%+v", r)
		}
	})
}

// A push that the engine could not look up, as while the phone ends, is not
// acknowledged: it comes again and is in the log once.
func TestAPushThatCouldNotBeLookedUpComesAgain(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		<-d.inbox().ready
		ended, end := context.WithCancel(context.Background())
		end()
		for _, reason := range []error{
			fault.New(fault.NetworkError, "platform.no-answer-in-time"),
			fault.New(fault.Uninitialized, "sign-in.first"),
		} {
			d.engine.set(func(e *fakeEngine) { e.relay = func(map[string]string) (bool, error) { return false, reason } })
			for _, ctx := range []context.Context{context.Background(), ended} {
				if d.inbox().deliver(ctx, 1, "alice", "p") == nil {
					t.Errorf("acknowledged in spite of %v", reason)
				}
			}
		}
		d.engine.set(func(e *fakeEngine) {
			e.relay = func(map[string]string) (bool, error) {
				d.engine.emit(voice.MissedCall{RemoteID: "carol", SessionID: "s1", Time: time.Now(), Reason: "unreachable"})
				return false, nil
			}
		})
		if err := d.inbox().deliver(context.Background(), 1, "alice", "p"); err != nil {
			t.Fatal(err)
		}
		d.until("missed", func(s *Snapshot) bool { return s.MissedUnseen == 1 })
		if r := d.Recents(); len(r) != 1 || r[0].EndReason != "UNREACHABLE" || r[0].RemoteName != "Carol" {
			t.Errorf("%+v", r)
		}
	})
}

func TestACallerWhoGivesUpIsMissed(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		<-d.inbox().ready
		if err := d.inbox().deliver(context.Background(), int64(1), "alice", "carol"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(22 * time.Second)
		d.engine.end(voice.EndRemoteHangup)
		d.until("missed", func(s *Snapshot) bool { return s.LastCall != nil && s.MissedUnseen == 1 })
		if r := d.Recents()[0]; !r.Missed || r.RangS != 22 || r.RemoteName != "Carol" {
			t.Fatalf("%+v", r)
		}
		d.MarkRecentsSeen()
		d.until("seen", func(s *Snapshot) bool { return s.MissedUnseen == 0 })
	})
}

func TestDoNotDisturbAndTheOtherPhone(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		if err := d.SetAvailability(DoNotDisturb); err != nil {
			t.Fatal(err)
		}
		d.until("dnd", func(s *Snapshot) bool { return s.Availability == DoNotDisturb })
		if d.engine.count("declining true") == 0 {
			t.Fatal("the engine does not decline")
		}
		d.engine.emit(voice.MissedCall{RemoteID: "bob", SessionID: "s9", Time: time.Now(), Reason: "declined"})
		d.engine.emit(voice.MissedCall{RemoteID: "bob", SessionID: "s9", Time: time.Now(), Reason: "declined"})
		d.engine.emit(voice.MissedCall{RemoteID: "bob", SessionID: "s10", Time: time.Now(), Reason: "declined"})
		d.until("logged", func(*Snapshot) bool { r := d.Recents(); return len(r) == 1 && r[0].Times == 2 })
		synctest.Wait()
		if r := d.Recents(); r[0].MissedReason != "dnd" || r[0].Missed || d.Snapshot().MissedUnseen != 0 {
			t.Fatalf("%+v", r)
		}
		for _, b := range d.ringer.did {
			if strings.HasPrefix(b, "play") || strings.HasPrefix(b, "ring") {
				t.Fatalf("do not disturb makes a sound: %v", d.ringer.did)
			}
		}
		if err := d.SetOnAnotherPhone(true); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantFault(t, d.Dial(context.Background(), "bob", ""), fault.PSTNCallInProgress, "another phone")
		wantFault(t, d.SetAvailability("asleep"), fault.InvalidParameter, "")
	})
}

func TestSpecialContactsAreDialledDirectly(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		synctest.Wait()
		if err := d.Dial(context.Background(), "100", ""); err != nil {
			t.Fatal(err)
		}
		if d.engine.count("dial 100 for 100") != 1 {
			t.Fatalf("%v", d.engine.did)
		}
	})
}

func TestWhatCannotBeDialled(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		ctx := context.Background()
		wantFault(t, d.Dial(ctx, "bob", ""), fault.Uninitialized, "signed in")
		d.signIn()
		for number, text := range map[string]string{
			"": "Enter a name", "bob smith": "a number or an address", "alice": "your own number", "sip:alice@x": "your own number",
			"<script>": "a number or an address", "\x00": "a number or an address", strings.Repeat("1", 400): "too long", "+": "a number or an address", "../..": "a number or an address",
		} {
			wantFault(t, d.Dial(ctx, number, ""), fault.InvalidDialInfo, text)
		}
		d.backend.mu.Lock()
		d.backend.down = errors.New("cut")
		d.backend.mu.Unlock()
		wantFault(t, d.Dial(ctx, "bob", ""), fault.NetworkError, "dropped")
		d.backend.mu.Lock()
		d.backend.down = nil
		d.backend.mu.Unlock()
		d.engine.set(func(e *fakeEngine) {
			e.dialErr = fault.New(fault.MissingPermission, "Offhook can't use the microphone. Allow it.")
		})
		wantFault(t, d.Dial(ctx, "bob", ""), fault.MissingPermission, "microphone")
		s := d.until("not ready", func(s *Snapshot) bool { return !s.Ready })
		if c := d.condition(readiness.Devices); c.OK || c.Action != readiness.OpenSystemSettings || s.Audio.MicrophoneWorks {
			t.Fatalf("%+v", c)
		}
		// It stays usable.
		d.engine.set(func(e *fakeEngine) { e.dialErr = nil })
		if err := d.Dial(ctx, "bob", ""); err != nil {
			t.Fatal(err)
		}
		if n := d.engine.count("dial 0804 for bob"); n != 2 {
			t.Fatalf("dialled %d times", n)
		}
	})
}

func TestAutomaticAnswer(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		if err := d.UpdateSettings(func(s *Settings) { s.Calls.AutoAnswer, s.Calls.AutoAnswerDelayS = true, 2 }); err != nil {
			t.Fatal(err)
		}
		<-d.inbox().ready
		began := time.Now()
		if err := d.inbox().deliver(context.Background(), int64(1), "alice", "bob"); err != nil {
			t.Fatal(err)
		}
		d.until("answered", func(s *Snapshot) bool { return s.Call != nil && s.Call.State == "ESTABLISHED" })
		if took := time.Since(began); took != 2*time.Second {
			t.Fatalf("after %v", took)
		}
		d.ringer.mu.Lock()
		did := strings.Join(d.ringer.did, ",")
		d.ringer.mu.Unlock()
		if !strings.Contains(did, fmt.Sprint("ring 80,stop,play ", audio.Connected, ",stop")) {
			t.Fatalf("the ringer did %s", did)
		}
	})
}

func TestLinks(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		ctx := context.Background()
		if err := d.OpenLink(ctx, "tel:+49-30-123"); err != nil {
			t.Fatal(err)
		}
		if got := <-d.Prefills(); got != "+4930123" {
			t.Fatalf("prefilled %q", got)
		}
		wantFault(t, d.OpenLink(ctx, "file:///etc/passwd"), fault.InvalidDialInfo, "link")
		if err := d.UpdateSettings(func(s *Settings) { s.Calls.LinkMode = "dial" }); err != nil {
			t.Fatal(err)
		}
		if err := d.OpenLink(ctx, "sip:bob@pbx.example;transport=tcp?x=y"); err != nil {
			t.Fatal(err)
		}
		if d.engine.count("dial 0804 for bob") != 1 {
			t.Fatalf("%v", d.engine.did)
		}
	})
}

// The context of a call that ended must not take that of the next one with it.
func TestARedialKeepsItsContext(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		ctx := context.Background()
		if err := d.Dial(ctx, "bob", "first"); err != nil {
			t.Fatal(err)
		}
		slow := make(chan struct{})
		d.backend.mu.Lock()
		d.backend.slowDelete = slow
		d.backend.mu.Unlock()
		if err := d.Hangup(ctx, ""); err != nil {
			t.Fatal(err)
		}
		d.until("over", func(s *Snapshot) bool { return s.Call == nil })
		synctest.Wait() // the removal of the first context is under way
		dialled := make(chan error, 1)
		go func() { dialled <- d.Dial(ctx, "bob", "second") }()
		synctest.Wait()
		close(slow)
		if err := <-dialled; err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d.backend.mu.Lock()
		defer d.backend.mu.Unlock()
		order := ""
		for _, r := range d.backend.requests {
			if strings.HasSuffix(r, "/context") {
				order += r[:1]
			}
		}
		if order != "PDP" {
			t.Fatalf("posted and deleted in the order %s", order)
		}
	})
}
