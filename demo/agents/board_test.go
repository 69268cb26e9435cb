package agents

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/store"
	"offhook/voice/wire"
)

// callsTable is what Times reads of the platform's database.
const callsTable = "CREATE TABLE calls (account TEXT, session TEXT, created INTEGER, ended INTEGER, record TEXT);"

func board(t *testing.T, dir string, reasons []string) (*Board, *[]wire.Agent) {
	t.Helper()
	db, err := store.Open(t.Context(), dir, "platform", []string{Migrations + MigrationBy + callsTable})
	if err != nil {
		t.Fatal(err)
	}
	told := &[]wire.Agent{}
	b, err := New(t.Context(), Config{Account: "a", DB: db, Reasons: reasons, Now: time.Now, Changed: func(a wire.Agent) { *told = append(*told, a) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close(); db.Close() })
	return b, told
}

func choose(t *testing.T, b *Board, name string, c wire.AgentChoice) wire.Agent {
	t.Helper()
	a, err := b.Choose(t.Context(), name, "", c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestChoices(t *testing.T) { synctest.Test(t, choices) }

func choices(t *testing.T) {
	b, told := board(t, "", []string{"lunch", "training"})
	if a := b.Get("alice"); a.State != wire.AgentAvailable || a.Doing != wire.AgentNotReady {
		t.Errorf("at first: %+v", a)
	}
	for _, bad := range []wire.AgentChoice{
		{}, {State: "asleep"}, {State: wire.AgentBreak, Reason: "fishing"}, {State: wire.AgentBreak, Reason: strings.Repeat("x", 65)},
		{State: wire.AgentBusy, Seconds: -1}, {State: wire.AgentBusy, Seconds: 1 << 30},
		{State: wire.AgentBusy, Reason: "lunch"}, {State: wire.AgentBusy, AgoMS: -1}, {State: wire.AgentBusy, Doing: "dreaming"},
	} {
		if _, err := b.Choose(t.Context(), "alice", "", bad); !errors.Is(err, ErrChoice) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	a := choose(t, b, "alice", wire.AgentChoice{State: wire.AgentBreak, Reason: "lunch"})
	if a.State != wire.AgentBreak || a.Reason != "lunch" || a.Since == "" {
		t.Errorf("on a break: %+v", a)
	}
	// A phone says it again when it comes back: the time goes on.
	time.Sleep(time.Minute)
	if again := choose(t, b, "alice", wire.AgentChoice{State: wire.AgentBreak, Reason: "lunch"}); again.Since != a.Since {
		t.Errorf("said again: since %s, before %s", again.Since, a.Since)
	}
	b.Connected("alice", true)
	if got := b.All(); len(got) != 1 || got[0].Doing != wire.AgentIdle || len(*told) != 2 {
		t.Errorf("all: %+v, told %+v", got, *told)
	}
	b.Forget("alice")
	if len(b.All()) != 0 {
		t.Error("a deleted agent is shown")
	}
}

func TestCallsAreFollowed(t *testing.T) {
	t.Parallel()
	b, _ := board(t, "", nil)
	now := time.Now()
	b.Connected("bob", true)
	doing := func(want, alices wire.AgentDoing) {
		t.Helper()
		if got := b.Get("bob").Doing; got != want {
			t.Errorf("bob: %q, want %q", got, want)
		}
		if got := b.Get("alice").Doing; got != alices {
			t.Errorf("alice: %q, want %q", got, alices)
		}
	}
	r := exophone.Record{SessionID: "s", Caller: "alice", Callee: "bob", Created: now}
	b.Record(r)
	b.Connected("alice", true) // she is seen after her call began
	doing(wire.AgentIdle, wire.AgentInCall)
	r.Ringing = now
	b.Record(r)
	doing(wire.AgentRinging, wire.AgentInCall)
	r.Answered = now
	b.Record(r)
	b.Record(r)
	doing(wire.AgentInCall, wire.AgentInCall)
	second := exophone.Record{SessionID: "s2", Caller: "bob", Callee: "echo", Created: now}
	b.Record(second)
	r.Ended = now
	b.Record(r)
	doing(wire.AgentInCall, wire.AgentIdle)
	second.Ended = now
	b.Record(second)
	b.Connected("bob", false)
	doing(wire.AgentNotReady, wire.AgentIdle)
}

func TestTimesOutliveARestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	synctest.Test(t, func(t *testing.T) {
		from := time.Now()
		b, _ := board(t, dir, nil)
		choose(t, b, "alice", wire.AgentChoice{State: wire.AgentAvailable})
		time.Sleep(10 * time.Minute)
		choose(t, b, "alice", wire.AgentChoice{State: wire.AgentBreak, Reason: "lunch"})
		time.Sleep(30 * time.Minute)
		choose(t, b, "alice", wire.AgentChoice{State: wire.AgentAvailable})
		// Available again by itself after the wrap-up, though the platform restarts in
		// between.
		choose(t, b, "alice", wire.AgentChoice{State: wire.AgentAfterCallWork, Seconds: 60})
		time.Sleep(20 * time.Second)
		b.Close()
		time.Sleep(100 * time.Second)
		again, _ := board(t, dir, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if a := again.Get("alice"); a.State != wire.AgentAvailable {
			t.Errorf("after the wrap-up: %+v", a)
		}
		time.Sleep(59 * time.Second)
		got, err := again.Times(t.Context(), "alice", from, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		want := map[wire.AgentState]int{wire.AgentAvailable: 600 + 120, wire.AgentBreak: 1800, wire.AgentAfterCallWork: 60}
		for state, seconds := range want {
			if got.Seconds[state] != seconds {
				t.Errorf("%s: %d s, want %d", state, got.Seconds[state], seconds)
			}
		}
		if got.HandleSeconds != 60 {
			t.Errorf("%d s were handled, want the work after a call", got.HandleSeconds)
		}
		half, err := again.Times(t.Context(), "alice", from.Add(5*time.Minute), from.Add(20*time.Minute))
		if err != nil || half.Seconds[wire.AgentAvailable] != 300 || half.Seconds[wire.AgentBreak] != 600 {
			t.Errorf("a part of it: %+v, %v", half, err)
		}
	})
}

// An agent's calls are those in which they spoke: placed, taken, handed to them, or asked
// about. Two at once are one time, and a call that was not answered is none.
func TestTimesOfCalls(t *testing.T) {
	t.Parallel()
	b, _ := board(t, "", nil)
	began := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	for i, r := range []exophone.Record{
		{Caller: "x", Callee: "bob", Answered: minute(0), Ended: minute(20),
			Spoke: []exophone.Spoke{{Name: "x", From: minute(0), To: minute(20)}, {Name: "bob", From: minute(0), To: minute(10)}, {Name: "alice", From: minute(9), To: minute(20)}}},
		{Caller: "bob", Callee: "alice", ConsultsFor: "0", Answered: minute(5), Ended: minute(9),
			Spoke: []exophone.Spoke{{Name: "bob", From: minute(5), To: minute(9)}, {Name: "alice", From: minute(5), To: minute(9)}}},
		{Caller: "y", Callee: "alice", Ended: minute(30)},
		{Caller: "alice", Callee: "y", Answered: minute(40), Ended: minute(41)}, // of an older platform
	} {
		r.Created = minute(i)
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.cfg.DB.Exec(t.Context(), "INSERT INTO calls VALUES ('a', ?, ?, ?, ?)", strconv.Itoa(i), r.Created.UnixMilli(), r.Ended.UnixMilli(), string(text)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][2]int{"alice": {3, 16 * 60}, "bob": {2, 10 * 60}, "carol": {}} {
		got, err := b.Times(t.Context(), name, began, minute(60))
		if err != nil || got.Calls != want[0] || got.TalkSeconds != want[1] {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// What was chosen before holds again at the end of a time, also what a supervisor or
// the agent has chosen with a reason.
func TestTheWorkAfterACallGoesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, _ := board(t, "", nil)
		choose(t, b, "alice", wire.AgentChoice{State: wire.AgentBreak, Reason: "lunch"})
		choose(t, b, "alice", wire.AgentChoice{State: wire.AgentAfterCallWork, Seconds: 30})
		time.Sleep(20 * time.Second)
		// More time: the state goes on, its end is later.
		more := choose(t, b, "alice", wire.AgentChoice{State: wire.AgentAfterCallWork, Seconds: 60})
		time.Sleep(59 * time.Second)
		if a := b.Get("alice"); a.State != wire.AgentAfterCallWork || a.Since != more.Since {
			t.Errorf("with more time: %+v, before %+v", a, more)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if a := b.Get("alice"); a.State != wire.AgentBreak || a.Reason != "lunch" || a.By != "" || a.Revision <= more.Revision {
			t.Errorf("after it: %+v", a)
		}
	})
}

// A phone that was offline tells its choices with their times; the newest word wins.
func TestChoicesThatComeLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, _ := board(t, "", nil)
		began := time.Now()
		choose(t, b, "alice", wire.AgentChoice{State: wire.AgentAvailable})
		time.Sleep(time.Hour)
		a := choose(t, b, "alice", wire.AgentChoice{State: wire.AgentBreak, AgoMS: (10 * time.Minute).Milliseconds()})
		if since, _ := time.Parse(time.RFC3339, a.Since); !since.Equal(began.Add(50 * time.Minute)) {
			t.Errorf("a break that began ten minutes ago has since %s", a.Since)
		}
		supervisor := func(c wire.AgentChoice) wire.Agent {
			t.Helper()
			a, err := b.Choose(t.Context(), "alice", wire.BySupervisor, c)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		if a := supervisor(wire.AgentChoice{State: wire.AgentAvailable}); a.By != wire.BySupervisor {
			t.Errorf("by %q", a.By)
		}
		time.Sleep(time.Minute)
		// The phone reconnects and says what it knew before that.
		if a := choose(t, b, "alice", wire.AgentChoice{State: wire.AgentBreak, AgoMS: (12 * time.Minute).Milliseconds()}); a.State != wire.AgentAvailable {
			t.Errorf("an old word undoes the supervisor's: %+v", a)
		}
		if a := choose(t, b, "alice", wire.AgentChoice{State: wire.AgentBusy, AgoMS: 5000}); a.State != wire.AgentBusy || a.By != "" {
			t.Errorf("the agent's newer word is not taken: %+v", a)
		}
		// The phone takes a supervisor's word up and says it back: its end stays.
		limited := supervisor(wire.AgentChoice{State: wire.AgentBreak, Seconds: 60})
		if a := choose(t, b, "alice", wire.AgentChoice{State: wire.AgentBreak}); a.Until != limited.Until || a.By != wire.BySupervisor {
			t.Errorf("said back: %+v, was %+v", a, limited)
		}
		if _, err := b.Choose(t.Context(), "alice", wire.BySupervisor, wire.AgentChoice{State: wire.AgentOffline}); !errors.Is(err, ErrChoice) {
			t.Errorf("a supervisor signs out: %v", err)
		}
		// What the phone does that the platform can't see, while it is connected.
		b.Connected("alice", true)
		if a := choose(t, b, "alice", wire.AgentChoice{State: wire.AgentBusy, Doing: wire.AgentInCall}); a.Doing != wire.AgentInCall {
			t.Errorf("in a call elsewhere: %+v", a)
		}
		b.Connected("alice", false)
		b.Connected("alice", true)
		if a := b.Get("alice"); a.Doing != wire.AgentIdle {
			t.Errorf("connected anew: %+v", a)
		}
	})
}
