package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// told checks that the platform was told something, by now.
func (d *harness) told(want string) {
	d.t.Helper()
	synctest.Wait()
	if d.engine.count(want) == 0 {
		d.t.Errorf("the platform was never told %q; the engine did %q", want, d.engine.did)
	}
}

// says is what the platform says of the agent.
func (d *harness) says(a wire.Agent) {
	d.t.Helper()
	var s *session
	_ = d.loop.ask(d.t.Context(), func() error { s = d.m.session; return nil })
	a.Name = s.account.SubscriberName
	s.agentsChanged([]wire.Agent{{Name: "somebody", State: wire.AgentBusy, Revision: a.Revision}, a})
	synctest.Wait()
}

// talk has the phone called, answers and ends the call after some time.
func (d *harness) talk(long time.Duration) {
	d.t.Helper()
	d.engine.emit(voice.IncomingCall{Call: d.engine.begin(voice.Incoming, "bob")})
	d.until("ringing", func(s *Snapshot) bool { return s.Call != nil && s.AgentState.Doing == wire.AgentRinging })
	if err := d.Answer(context.Background(), ""); err != nil {
		d.t.Fatal(err)
	}
	d.until("in the call", func(s *Snapshot) bool {
		return s.AgentState.Doing == wire.AgentInCall && s.Call.State == voice.StateEstablished
	})
	time.Sleep(long)
	d.engine.end(voice.EndRemoteHangup)
	d.until("the end", func(s *Snapshot) bool { return s.Call == nil && s.LastCall != nil })
}

// The platform is told what the agent chooses; a newer word from elsewhere is taken,
// the echo of an older one is not.
func TestAgentState(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		d.told("agent available  0")
		if err := d.SetBreak("lunch"); err != nil {
			t.Fatal(err)
		}
		d.told("agent break lunch 0")
		own := d.engine.revision
		d.says(wire.Agent{State: wire.AgentAvailable, Revision: own - 1})
		if got := d.Snapshot().Availability; got != Break {
			t.Errorf("an echo changes the choice to %s", got)
		}
		d.says(wire.Agent{State: wire.AgentAvailable, Revision: own + 1, By: wire.BySupervisor})
		s := d.Snapshot()
		if s.Availability != Available || s.AgentState.By != wire.BySupervisor {
			t.Errorf("the supervisor's word leaves %+v", s.AgentState)
		}
		if s.Notice == nil || s.Notice.Text.String() != "Your supervisor set you to Available." {
			t.Errorf("the agent is told %+v", s.Notice)
		}
		// A state with an end, which the platform keeps.
		d.says(wire.Agent{State: wire.AgentAfterCallWork, Revision: own + 2, By: wire.BySupervisor, Until: time.Now().Add(time.Minute).UTC().Format(time.RFC3339)})
		if a := d.Snapshot().AgentState; a.State != AfterCallWork || a.Until == nil || time.Until(*a.Until) < 58*time.Second || a.Next != Available {
			t.Errorf("work that a supervisor asks for: %+v", a)
		}
		time.Sleep(61 * time.Second)
		d.says(wire.Agent{State: wire.AgentAvailable, Revision: own + 3})
		if a := d.Snapshot().AgentState; a.State != Available || a.By != "" || a.Until != nil {
			t.Errorf("after it: %+v", a)
		}
		// Another phone of the same agent has gone: this one is still there.
		before := d.engine.count("agent available  0")
		d.says(wire.Agent{State: wire.AgentOffline, Revision: own + 5})
		if s := d.Snapshot(); s.Availability != Available || d.engine.count("agent available  0") <= before {
			t.Errorf("offline from elsewhere leaves %s, told %d times", s.Availability, d.engine.count("agent available  0"))
		}
	})
}

// What was chosen while the platform was away is told in order, with its age; a
// supervisor's newer word wins.
func TestAgentStateAfterAnOutage(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		d.told("agent available  0")
		var heard []wire.AgentChoice
		away := true
		d.engine.mu.Lock()
		d.engine.agent = func(c wire.AgentChoice) (wire.Agent, error) {
			if away {
				return wire.Agent{}, fault.New(fault.NetworkError, "network.broke")
			}
			if n := len(heard) - 1; n < 0 || heard[n].State != c.State {
				heard = append(heard, c)
			}
			if c.State != DoNotDisturb {
				return wire.Agent{State: c.State, Reason: c.Reason, Revision: int64(10 + len(heard))}, nil
			}
			return wire.Agent{State: wire.AgentBusy, Revision: 20, By: wire.BySupervisor}, nil
		}
		d.engine.mu.Unlock()
		_ = d.SetBreak("lunch")
		time.Sleep(5 * time.Minute)
		_ = d.SetAvailability(Busy)
		time.Sleep(time.Minute)
		_ = d.SetAvailability(DoNotDisturb)
		time.Sleep(2 * time.Minute)
		d.engine.mu.Lock()
		away = false
		d.engine.mu.Unlock()
		d.Retry()
		d.until("the supervisor's word", func(s *Snapshot) bool { return s.Availability == Busy && s.AgentState.By == wire.BySupervisor })
		d.engine.mu.Lock()
		defer d.engine.mu.Unlock()
		if len(heard) < 3 || heard[0].State != Break || heard[1].State != Busy || heard[2].State != DoNotDisturb {
			t.Fatalf("told %+v", heard)
		}
		for i, least := range []time.Duration{8 * time.Minute, 3 * time.Minute, 2 * time.Minute} {
			if ago := time.Duration(heard[i].AgoMS) * time.Millisecond; ago < least || ago > least+time.Minute {
				t.Errorf("%s is told as %s ago", heard[i].State, ago)
			}
		}
	})
}

// Available is refused while the phone is not ready, unless the administrator allows
// it; a phone that was available stays so.
func TestAvailableWhileNotReady(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		if err := d.SetAvailability(Available); err != nil {
			t.Errorf("available again: %v", err)
		}
		if err := d.SetAvailability(Busy); err != nil {
			t.Fatal(err)
		}
		wantFault(t, d.SetAvailability(Available), fault.InvalidParameter, "while the phone isn't ready")
		if s := d.Snapshot(); s.Availability != Busy || s.AgentState.Doing != wire.AgentNotReady {
			t.Errorf("%+v", s.AgentState)
		}
		_ = d.UpdateSettings(func(s *Settings) { s.Agent.AvailableUnready = true })
		if err := d.SetAvailability(Available); err != nil {
			t.Errorf("allowed: %v", err)
		}
	})
}

// After a call comes its work, with its time; then what was chosen holds again.
func TestWorkAfterACall(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		d.rules = wire.AgentRules{WrapUpSeconds: 30, WrapUpLimit: 120, Outcomes: []string{"sold", "call back"}, BreakReasons: []string{"lunch"}}
		d.start().signIn()
		defer d.close()
		d.talk(90 * time.Second)
		s := d.Snapshot()
		w := s.WrapUp
		if s.AgentState.State != AfterCallWork || s.AgentState.Next != Available || w == nil || w.Call.ID != s.LastCall.ID || w.Next != Available || len(w.Codes) != 2 {
			t.Fatalf("after the call: %+v, %+v", s.AgentState, w)
		}
		if left := time.Until(*w.Ends); left < 28*time.Second || left > 30*time.Second {
			t.Errorf("%s are left", left)
		}
		d.told("agent after_call_work  30")
		if d.engine.count("declining true") == 0 {
			t.Error("calls are not declined in the work after a call")
		}
		wantFault(t, d.SetOutcome("lost"), fault.InvalidParameter, "not one of the outcomes")
		if err := d.SetOutcome("sold"); err != nil {
			t.Fatal(err)
		}
		// Who writes a note stays, up to the limit.
		if err := d.SetOutcomeNote("नमस्ते"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(60 * time.Second)
		if s := d.Snapshot(); s.AgentState.State != AfterCallWork || !s.WrapUp.Staying {
			t.Errorf("staying: %+v", s.AgentState)
		}
		time.Sleep(61 * time.Second)
		s = d.until("the limit", func(s *Snapshot) bool { return s.AgentState.State == Available })
		if s.WrapUp == nil || !s.WrapUp.Over {
			t.Errorf("the page is gone at the limit: %+v", s.WrapUp)
		}
		d.told("outcome session-1 sold नमस्ते")
		if err := d.SetOutcomeNote("नमस्ते, Lucía"); err != nil {
			t.Fatal(err)
		}
		if err := d.FinishWrapUp(); err != nil {
			t.Fatal(err)
		}
		d.told("outcome session-1 sold नमस्ते, Lucía")
		if n := d.engine.count("outcome session-1 sold नमस्ते"); n != 1 {
			t.Errorf("the outcome was told %d times", n)
		}
		_ = d.Refresh(t.Context())
		f := d.Snapshot().Figures
		if f.Calls != 1 || f.TalkS != 90 || f.HandleS < 205 || f.HandleS > 215 {
			t.Errorf("the day's figures are %+v", f)
		}
		calls, err := d.SearchRecents(t.Context(), RecentsQuery{Text: "lucía"})
		if err != nil || len(calls) != 1 || calls[0].Outcome != "sold" || calls[0].OutcomeDue {
			t.Errorf("the log has %+v, %v", calls, err)
		}
	})
}

// The time ends by itself; a required outcome is then not set. What is chosen in a call
// or in its work holds.
func TestWorkThatEndsByItself(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		d.rules = wire.AgentRules{WrapUpSeconds: 30, OutcomeRequired: true}
		d.start().signIn()
		defer d.close()
		_ = d.UpdateSettings(func(s *Settings) { s.Agent.AvailableUnready = true }) // the inbox of the test is not alive for long
		d.talk(time.Second)
		wantFault(t, d.FinishWrapUp(), fault.InvalidParameter, "choose an outcome")
		time.Sleep(31 * time.Second)
		s := d.until("available", func(s *Snapshot) bool { return s.AgentState.State == Available })
		if s.WrapUp != nil {
			t.Errorf("%+v", s.WrapUp)
		}
		d.told("outcome session-1 not_set ")

		// A break that is chosen in the call follows the work.
		d.engine.emit(voice.IncomingCall{Call: d.engine.begin(voice.Incoming, "bob")})
		d.until("ringing", func(s *Snapshot) bool { return s.Call != nil })
		_ = d.Answer(context.Background(), "")
		if s := d.until("in the call", func(s *Snapshot) bool { return s.AgentState.Doing == wire.AgentInCall }); s.AgentState.Next != AfterCallWork {
			t.Errorf("in the call: %+v", s.AgentState)
		}
		_ = d.SetBreak("")
		d.engine.end(voice.EndRemoteHangup)
		s = d.until("work", func(s *Snapshot) bool { return s.AgentState.State == AfterCallWork })
		if s.AgentState.Next != Break {
			t.Errorf("next is %s", s.AgentState.Next)
		}
		time.Sleep(31 * time.Second)
		d.until("the break", func(s *Snapshot) bool { return s.AgentState.State == Break })

		// Chosen by hand, it lasts as it is configured too; another choice ends it.
		if err := d.SetAvailability(AfterCallWork); err != nil {
			t.Fatal(err)
		}
		if s := d.until("by hand", func(s *Snapshot) bool { return s.AgentState.State == AfterCallWork }); s.AgentState.Until == nil || s.WrapUp != nil {
			t.Errorf("by hand: %+v, %+v", s.AgentState, s.WrapUp)
		}
		_ = d.SetAvailability(Available)
		d.until("available", func(s *Snapshot) bool { return s.AgentState.State == Available && s.AgentState.Until == nil })
	})
}

// An outcome that could not be told is told after a restart, once; what was being
// entered when the phone was killed is not lost.
func TestOutcomesOutliveARestart(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		d.rules = wire.AgentRules{WrapUpSeconds: 30}
		d.start().signIn()
		d.engine.set(func(e *fakeEngine) { e.outcomeErr = fault.New(fault.NetworkError, "network.broke") })
		d.talk(time.Second)
		if err := d.SaveOutcome(t.Context(), "", Outcome{Code: "sold", CallbackAt: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		d.told("outcome session-1 sold ")
		d.close()
		if d.engine.count("agent offline  0") != 1 {
			t.Error("colleagues are not told that the agent has gone")
		}
		d.start().signIn()
		d.told("outcome session-1 sold ")
		d.talk(time.Second)
		d.engine.set(func(e *fakeEngine) { e.call.SessionID = "session-2" })
		if err := d.SetOutcomeNote("wants the red one"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second) // the draft is written
		due, err := d.calls.OutcomesDue(t.Context(), "https://backend|demo|alice")
		if err != nil || len(due) != 0 {
			t.Errorf("a draft is due: %+v, %v", due, err)
		}
		d.close()
		d.start().signIn()
		synctest.Wait()
		if n := d.engine.count("outcome session-1 sold "); n != 0 {
			t.Errorf("the first outcome was told again, %d times", n)
		}
		d.close()
	})
}

// An outcome that the platform refuses for good is said, kept, and not repeated.
func TestAnOutcomeThatIsRefused(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		d.engine.set(func(e *fakeEngine) { e.outcomeErr = fault.New(fault.InvalidParameter, "server.failed", 400) })
		d.talk(time.Second)
		if err := d.SaveOutcome(t.Context(), "", Outcome{Code: "sold"}); err != nil {
			t.Fatal(err)
		}
		s := d.until("told", func(s *Snapshot) bool { return s.Notice != nil })
		if s.Notice.Text.String() != "The server doesn't take the outcome “sold”." {
			t.Errorf("%s", s.Notice.Text)
		}
		time.Sleep(time.Minute)
		if n := d.engine.count("outcome session-1 sold "); n != 1 {
			t.Errorf("told %d times", n)
		}
		if calls, err := d.SearchRecents(t.Context(), RecentsQuery{Text: "sold"}); err != nil || len(calls) != 1 || calls[0].OutcomeDue {
			t.Errorf("the log has %+v, %v", calls, err)
		}
	})
}

// Without a platform an administrator configures the work after a call, and what became
// of it stays in the log.
func TestWorkAfterACallOnASIPAccount(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		if err := d.UpdateSettings(func(s *Settings) {
			s.Agent.WrapUpS, s.Agent.Outcomes, s.Agent.BreakReasons = 20, []string{"Sold"}, []string{"Lunch"}
			s.Agent.BreakLimits = map[string]int{"Lunch": 1800}
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.SaveLine(t.Context(), sipAlice, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		if err := d.SetBreak("Lunch"); err != nil {
			t.Fatal(err)
		}
		if a := d.until("lunch", func(s *Snapshot) bool { return s.AgentState.State == Break }).AgentState; a.LimitS != 1800 || a.Shared || len(a.Reasons) != 1 {
			t.Errorf("on the break: %+v", a)
		}
		wantFault(t, d.SetBreak("Fishing"), fault.InvalidParameter, "not one of the reasons")
		if err := d.SetAvailability(Available); err != nil {
			t.Fatal(err)
		}
		if err := d.Dial(t.Context(), "bob", ""); err != nil {
			t.Fatal(err)
		}
		d.engine.emit(voice.CallEstablished{Call: d.engine.to(voice.StateEstablished)})
		d.until("talking", func(s *Snapshot) bool {
			return s.Call != nil && s.Call.State == voice.StateEstablished && s.AgentState.Next == AfterCallWork
		})
		d.engine.end(voice.EndRemoteHangup)
		d.until("the work", func(s *Snapshot) bool { return s.AgentState.State == AfterCallWork && s.WrapUp != nil })
		if err := d.SaveOutcome(t.Context(), "", Outcome{Code: "Sold"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(21 * time.Second)
		d.until("available", func(s *Snapshot) bool { return s.AgentState.State == Available && s.WrapUp == nil })
		calls, err := d.SearchRecents(t.Context(), RecentsQuery{Text: "sold"})
		if err != nil || len(calls) != 1 || calls[0].OutcomeDue {
			t.Errorf("the log has %+v, %v", calls, err)
		}
	})
}
