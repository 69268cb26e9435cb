// Package agentstate is how the agent stands: the day's figures, and the work after
// a call.
package agentstate

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"time"

	"offhook/app/settings"
	"offhook/voice/wire"
)

// todayFile holds the figures of the present day, so that a restart does not lose
// them.
const todayFile = "today.json"

// Figures are those of an agent's day.
type Figures struct {
	// Seconds is how long each state lasted.
	Seconds map[wire.AgentState]int `json:"seconds"`
	// Calls is how many calls the agent spoke in, TalkS for how many seconds in all,
	// holds with them; HandleS is that and the work after the calls.
	Calls   int `json:"calls"`
	TalkS   int `json:"talk_s"`
	HandleS int `json:"handle_s"`
}

// Today adds up the figures since midnight while the phone runs. Its methods are
// for one goroutine.
type Today struct {
	path  string
	later func(write func())
	log   *slog.Logger
	day   string
	spent map[wire.AgentState]time.Duration
	calls int
	talk  time.Duration
}

type todayOnDisk struct {
	Day     string                  `json:"day"`
	Seconds map[wire.AgentState]int `json:"seconds"`
	Calls   int                     `json:"calls,omitempty"`
	TalkS   int                     `json:"talk_s,omitempty"`
	// State, Since and Seen are the stretch that was going on when the file was last
	// written: all that is known of it if the phone is killed.
	State  wire.AgentState `json:"state,omitempty"`
	Reason string          `json:"reason,omitempty"`
	Since  time.Time       `json:"since,omitzero"`
	Seen   time.Time       `json:"seen,omitzero"`
}

// goesOn is how long a phone that was killed may be away while its agent's state goes
// on.
const goesOn = 10 * time.Minute

// OpenToday reads what was kept of the day of now. later is given what writes the
// file, to be called in order. state and reason are those that hold now: since is when
// they began if that was before the phone was killed, or zero.
func OpenToday(dir string, log *slog.Logger, now time.Time, state wire.AgentState, reason string, later func(write func())) (t Today, since time.Time) {
	t = Today{path: filepath.Join(dir, todayFile), later: later, log: log, day: dayOf(now), spent: map[wire.AgentState]time.Duration{}}
	raw, err := os.ReadFile(t.path)
	if err != nil {
		return t, since // the first start, or nothing to be done about it
	}
	var kept todayOnDisk
	if json.Unmarshal(raw, &kept) != nil {
		return t, since
	}
	if kept.Day == t.day {
		for s, n := range kept.Seconds {
			t.spent[s] = time.Duration(max(0, n)) * time.Second
		}
		t.calls, t.talk = max(0, kept.Calls), time.Duration(max(0, kept.TalkS))*time.Second
	}
	switch {
	case !kept.State.Known() || kept.Seen.After(now) || kept.Since.After(kept.Seen):
	case kept.State == state && kept.Reason == reason && now.Sub(kept.Seen) < goesOn:
		since = kept.Since
	case dayOf(kept.Seen) == t.day:
		t.spent = t.with(kept.State, kept.Since, kept.Seen)
	}
	return t, since
}

func dayOf(now time.Time) string { return now.Local().Format(time.DateOnly) }

// turn begins a new day, if one has begun.
func (t *Today) turn(now time.Time) {
	if day := dayOf(now); day != t.day {
		t.day, t.spent, t.calls, t.talk = day, map[wire.AgentState]time.Duration{}, 0, 0
	}
}

// End adds a stretch of one state, as far as it lies in the day of now, and keeps
// the sum.
func (t *Today) End(s wire.AgentState, since, now time.Time) {
	t.turn(now)
	t.spent = t.with(s, since, now)
	t.keep(todayOnDisk{})
}

// Spoke counts a call that lasted for d. The next Beat or End keeps it.
func (t *Today) Spoke(d time.Duration, now time.Time) {
	t.turn(now)
	t.calls++
	t.talk += max(0, d)
}

// Beat keeps the sum with a stretch that goes on, in case the phone is killed.
func (t *Today) Beat(s wire.AgentState, reason string, since, now time.Time) {
	t.turn(now)
	t.keep(todayOnDisk{State: s, Reason: reason, Since: since, Seen: now})
}

func (t *Today) keep(kept todayOnDisk) {
	kept.Day, kept.Seconds = t.day, t.seconds(t.spent)
	kept.Calls, kept.TalkS = t.calls, int(t.talk/time.Second)
	raw, err := json.Marshal(kept)
	if err != nil {
		return
	}
	path, log := t.path, t.log
	t.later(func() {
		if err := settings.WriteFileAtomic(path, raw, 0o600); err != nil {
			log.Warn("the day's figures can't be kept", "err", err)
		}
	})
}

// with is the day's sum with a stretch up to now. It changes nothing.
func (t *Today) with(s wire.AgentState, since, now time.Time) map[wire.AgentState]time.Duration {
	sum := map[wire.AgentState]time.Duration{}
	if t.day == dayOf(now) {
		maps.Copy(sum, t.spent)
	}
	n := now.Local()
	if midnight := time.Date(n.Year(), n.Month(), n.Day(), 0, 0, 0, 0, time.Local); since.Before(midnight) {
		since = midnight
	}
	if d := now.Sub(since); d > 0 {
		sum[s] += d
	}
	return sum
}

func (t *Today) seconds(spent map[wire.AgentState]time.Duration) map[wire.AgentState]int {
	sum := map[wire.AgentState]int{}
	for s, d := range spent {
		sum[s] = int(d / time.Second)
	}
	return sum
}

// Before is the day's sum without the present stretch, in seconds; nil if there is
// nothing yet.
func (t *Today) Before(now time.Time) map[wire.AgentState]int {
	if t.day != dayOf(now) || len(t.spent) == 0 {
		return nil
	}
	return t.seconds(t.spent)
}

// Figures are the day's figures with the stretch that goes on.
func (t *Today) Figures(s wire.AgentState, since, now time.Time) Figures {
	f := Figures{Seconds: t.seconds(t.with(s, since, now))}
	if t.day == dayOf(now) {
		f.Calls, f.TalkS = t.calls, int(t.talk/time.Second)
	}
	f.HandleS = f.TalkS + f.Seconds[wire.AgentAfterCallWork]
	return f
}
