package app

import (
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/wire"
)

// The platform is told what the agent chooses; a supervisor's word is taken, the
// echo of an older choice is not.
func TestAgentState(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newRig(t).start().signIn()
		defer d.close()
		told := func(want string) {
			t.Helper()
			synctest.Wait()
			if d.engine.count(want) == 0 {
				t.Errorf("the platform was never told %q", want)
			}
		}
		told("agent available ")
		if err := d.SetBreak("lunch"); err != nil {
			t.Fatal(err)
		}
		told("agent break lunch")
		says := func(a wire.Agent) {
			var s *session
			_ = d.loop.ask(t.Context(), func() error { s = d.m.session; return nil })
			a.Name = s.account.SubscriberName
			s.agentsChanged([]wire.Agent{{Name: "somebody", State: wire.AgentBusy}, a})
			synctest.Wait()
		}
		says(wire.Agent{State: wire.AgentAvailable})
		if got := d.Snapshot().Availability; got != Break {
			t.Errorf("an echo changes the choice to %s", got)
		}
		time.Sleep(settleTime + time.Second)
		says(wire.Agent{State: wire.AgentAvailable})
		if got := d.Snapshot().Availability; got != Available {
			t.Errorf("the supervisor's word leaves %s", got)
		}
		says(wire.Agent{State: wire.AgentAfterCallWork})
		if got := d.Snapshot().Availability; got != Available {
			t.Errorf("a state without a name here changes the choice to %s", got)
		}
	})
}
