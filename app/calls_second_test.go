package app

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/fault"
)

// beside is a second call of the engine, in a state.
func beside(direction voice.Direction, remote string, state voice.State) voice.CallDetails {
	return voice.CallDetails{CallID: "beside-" + remote, SessionID: "s-" + remote, RemoteID: remote, Direction: direction, State: state}
}

// A second call rings beside the first without a ring, is ignored, is left when the
// first ends, and each of the two has its row in the log.
func TestASecondCall(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		ctx := context.Background()
		waiting := func(w settings.CallWaiting) {
			t.Helper()
			if err := d.UpdateSettings(func(s *Settings) { s.Calls.Waiting = w }); err != nil {
				t.Fatal(err)
			}
		}
		if d.engine.count("at most 1 and 2 calls") == 0 {
			t.Errorf("%v", d.engine.did)
		}
		if err := d.Dial(ctx, "bob", ""); err != nil {
			t.Fatal(err)
		}
		first := d.engine.to(voice.StateEstablished)
		first.HasSound = true
		d.engine.emit(voice.CallEstablished{Call: first})
		s := d.until("established", func(s *Snapshot) bool { return s.Call.State == "ESTABLISHED" })
		if slices.Contains(s.Call.Abilities, AbilityAddCall) || s.Call.Role != RoleFirst || !s.Call.HasSound || len(s.Calls) != 1 || s.Second() != nil {
			t.Errorf("one call: %+v", s.Call)
		}
		wantFault(t, d.Dial(ctx, "carol", ""), fault.SystemBusy, "")
		waiting(settings.WaitingOn)
		d.until("another is allowed", func(s *Snapshot) bool { return slices.Contains(s.Call.Abilities, AbilityAddCall) })
		rang := d.ringer.count("ring")

		d.engine.emit(voice.IncomingCall{Call: beside(voice.Incoming, "carol", voice.StateIncoming)})
		s = d.until("a second call rings", func(s *Snapshot) bool { return len(s.Calls) == 2 })
		if s.Call.RemoteID != "bob" || s.Ringing().RemoteID != "carol" || s.Second() != s.Ringing() || s.Second().Role != RoleSecond {
			t.Errorf("%+v, %+v", s.Call, s.Second())
		}
		wantFault(t, d.Dial(ctx, "dave", ""), fault.SystemBusy, "")
		if d.ringer.count("ring") != rang {
			t.Error("it rings into the talk")
		}
		if err := d.Ignore(""); err != nil {
			t.Fatal(err)
		}
		d.until("ignored", func(s *Snapshot) bool { return s.Second().Ignored })
		d.engine.end(voice.EndRemoteHangup)
		s = d.until("the first has ended", func(s *Snapshot) bool { return s.LastCall != nil })
		if s.Call == nil || s.Call.RemoteID != "carol" || len(s.Calls) != 1 || s.LastCall.RemoteID != "bob" || s.LastCall.Shown {
			t.Errorf("left: %+v, last %+v", s.Call, s.LastCall)
		}
		second := beside(voice.Incoming, "carol", voice.StateEnded)
		second.EndReason = voice.EndRemoteHangup
		d.engine.emit(voice.CallEnded{Call: second})
		d.until("none is left", func(s *Snapshot) bool { return s.Call == nil && len(s.Calls) == 0 && s.LastCall.RemoteID == "carol" })
		recs, err := d.SearchRecents(ctx, RecentsQuery{})
		if err != nil || len(recs) != 2 {
			t.Errorf("%d rows: %v", len(recs), err)
		}
		wantFault(t, d.Ignore(""), fault.NoCall, "")

		waiting(settings.WaitingOff)
		if err := d.Settle(ctx); err != nil || d.engine.count("at most 1 and 1 calls") == 0 {
			t.Errorf("%v: %v", err, d.engine.did)
		}
	})
}

// A second call that still rings when the first ends begins to ring aloud; a
// consultation is a call, has a row, and is not the last call.
func TestWhatIsLeftRings(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		ctx := context.Background()
		if err := d.Dial(ctx, "bob", ""); err != nil {
			t.Fatal(err)
		}
		first := d.engine.to(voice.StateEstablished)
		first.HasSound = true
		d.engine.emit(voice.CallEstablished{Call: first})
		asked := beside(voice.Outgoing, "dave", voice.StateOutgoingInitiated)
		asked.ConsultsFor, asked.HasSound, first.HasSound = first.CallID, true, false
		d.engine.emit(voice.CallChanged{Call: first})
		d.engine.emit(voice.CallInitiated{Call: asked})
		s := d.until("asked", func(s *Snapshot) bool { return len(s.Calls) == 2 })
		if s.Call.RemoteID != "bob" || s.Second().Role != RoleConsultation || s.Second().ConsultsFor != s.Call.ID {
			t.Errorf("%+v %+v", s.Call, s.Second())
		}
		asked.State, asked.EndReason = voice.StateEnded, voice.EndBusy
		d.engine.emit(voice.CallEnded{Call: asked})
		s = d.until("asked no more", func(s *Snapshot) bool { return len(s.Calls) == 1 })
		if s.LastCall != nil {
			t.Errorf("a consultation is the last call: %+v", s.LastCall)
		}
		// A snapshot that came over a socket holds each call twice.
		var decoded Snapshot
		if data, err := json.Marshal(s); err != nil || json.Unmarshal(data, &decoded) != nil || decoded.Second() != nil {
			t.Errorf("the one call has %+v beside it: %v", decoded.Second(), err)
		}
		rang := d.ringer.count("ring")
		d.engine.emit(voice.IncomingCall{Call: beside(voice.Incoming, "carol", voice.StateIncoming)})
		d.until("a second call rings", func(s *Snapshot) bool { return len(s.Calls) == 2 })
		d.engine.end(voice.EndRemoteHangup)
		d.until("the first has ended", func(s *Snapshot) bool { return s.LastCall != nil })
		if d.ringer.count("ring") != rang+1 {
			t.Error("what is left does not ring")
		}
		if recs, err := d.SearchRecents(ctx, RecentsQuery{}); err != nil || len(recs) != 2 {
			t.Errorf("%d rows: %v", len(recs), err)
		}
	})
}

// Two calls become a conference of the phone's, and one of the platform's shows its
// parties; commands without an id mean what is there.
func TestAConference(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		ctx := context.Background()
		wantFault(t, d.Merge(ctx, "", ""), fault.NoCall, "")
		if err := d.Dial(ctx, "bob", ""); err != nil {
			t.Fatal(err)
		}
		first := d.engine.to(voice.StateEstablished)
		first.HasSound = true
		d.engine.emit(voice.CallEstablished{Call: first})
		wantFault(t, d.Merge(ctx, "", ""), fault.NoCall, "")
		second := beside(voice.Outgoing, "carol", voice.StateEstablished)
		d.engine.emit(voice.CallInitiated{Call: second})
		d.until("two calls", func(s *Snapshot) bool { return len(s.Calls) == 2 })
		if err := d.Merge(ctx, "", ""); err != nil || d.engine.count("merge call-1 with beside-carol") != 1 {
			t.Errorf("%v: %v", err, d.engine.did)
		}
		first.InConference, second.InConference, second.HasSound, second.PartyMuted = true, true, true, true
		d.engine.emit(voice.CallChanged{Call: first})
		d.engine.emit(voice.CallChanged{Call: second})
		s := d.until("a conference", func(s *Snapshot) bool { return len(s.Call.Parties) == 2 })
		if p := s.Call.Parties[1]; p.ID != "beside-carol" || p.RemoteID != "carol" || !p.Muted || !p.Talking || !s.Call.Hosting || !s.Call.InConference {
			t.Errorf("%+v of %+v", p, s.Call)
		}
		if err := d.Hold(ctx, ""); err != nil || d.engine.count("hold") != 2 {
			t.Errorf("%v: %v", err, d.engine.did)
		}
		if err := d.Hangup(ctx, ""); err != nil || d.engine.count("end conference") != 1 {
			t.Errorf("%v: %v", err, d.engine.did)
		}
		second.State, second.Merged, second.EndReason = voice.StateEnded, true, voice.EndLocalHangup
		d.engine.emit(voice.CallEnded{Call: second})
		first.InConference, first.Parties = false, []voice.Party{{ID: "bob", RemoteID: "bob", Talking: true}, {ID: "carol", RemoteID: "carol", RemoteDisplayName: "Carol K"}}
		d.engine.emit(voice.CallChanged{Call: first})
		s = d.until("a conference of the platform", func(s *Snapshot) bool { return len(s.Calls) == 1 && len(s.Call.Parties) == 2 })
		if p := s.Call.Parties[0]; !p.Talking || s.Call.Hosting || s.LastCall != nil {
			t.Errorf("%+v, last %+v", p, s.LastCall)
		}
	})
}
