package agentstate

import (
	"log/slog"
	"testing"
	"time"

	"offhook/voice/wire"
)

// opened is what was kept of a day, for an agent who is available now.
func opened(dir string, log *slog.Logger, now time.Time) Today {
	t, _ := OpenToday(dir, log, now, wire.AgentAvailable, "", func(write func()) { write() })
	return t
}

func TestTheDaysTimesAddUp(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.Local) }
	d := opened(dir, log, at(22, 8, 0))
	if d.Before(at(22, 8, 0)) != nil {
		t.Error("a new day has times")
	}
	d.End(wire.AgentAvailable, at(22, 8, 0), at(22, 10, 0))
	d.Spoke(5*time.Minute, at(22, 10, 15))
	d.End(wire.AgentBreak, at(22, 10, 0), at(22, 10, 15))
	again := opened(dir, log, at(22, 10, 16))
	if got := again.Before(at(22, 10, 16)); got[wire.AgentAvailable] != 7200 || got[wire.AgentBreak] != 900 {
		t.Errorf("after a restart the day holds %v", got)
	}
	f := again.Figures(wire.AgentAfterCallWork, at(22, 10, 30), at(22, 10, 31))
	if f.Seconds[wire.AgentAfterCallWork] != 60 || f.Seconds[wire.AgentAvailable] != 7200 || f.Calls != 1 || f.TalkS != 300 || f.HandleS != 360 {
		t.Errorf("with the stretch that lasts it is %+v", f)
	}
	// A shift over midnight begins anew with the day.
	again.End(wire.AgentAvailable, at(22, 23, 0), at(23, 1, 0))
	if got := again.Before(at(23, 1, 0)); got[wire.AgentAvailable] != 3600 || got[wire.AgentBreak] != 0 {
		t.Errorf("after midnight the day holds %v", got)
	}
	if f := again.Figures(wire.AgentAvailable, at(23, 1, 0), at(23, 1, 0)); f.Calls != 0 || f.TalkS != 0 {
		t.Errorf("after midnight there are calls: %+v", f)
	}
	if next := opened(dir, log, at(24, 9, 0)); next.Before(at(24, 9, 0)) != nil {
		t.Error("yesterday's times count today")
	}
}

// A phone that is killed loses no more than what came after the last Beat.
func TestAKilledPhoneKeepsItsDay(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	d := opened(dir, log, noon)
	d.Beat(wire.AgentBreak, "lunch", noon, noon.Add(10*time.Minute))
	// A phone that is soon here again goes on with the same break.
	soon, since := OpenToday(dir, log, noon.Add(12*time.Minute), wire.AgentBreak, "lunch", func(write func()) { write() })
	if got := soon.Figures(wire.AgentBreak, since, noon.Add(15*time.Minute)); !since.Equal(noon) || got.Seconds[wire.AgentBreak] != 900 {
		t.Errorf("the break goes on since %s: %+v", since, got)
	}
	if _, since := OpenToday(dir, log, noon.Add(12*time.Minute), wire.AgentBreak, "", nil); !since.IsZero() {
		t.Error("another break goes on")
	}
	again := opened(dir, log, noon.Add(time.Hour))
	if got := again.Before(noon.Add(time.Hour)); got[wire.AgentBreak] != 600 {
		t.Errorf("after the kill the day holds %v", got)
	}
	again.End(wire.AgentAvailable, noon.Add(time.Hour), noon.Add(2*time.Hour))
	third := opened(dir, log, noon.Add(3*time.Hour))
	if got := third.Before(noon.Add(3 * time.Hour)); got[wire.AgentBreak] != 600 || got[wire.AgentAvailable] != 3600 {
		t.Errorf("a stretch is counted twice or lost: %v", got)
	}
}
