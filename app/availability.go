package app

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"time"

	"offhook/app/settings"
)

// todayFile holds the times of the present day, so that a restart does not lose
// them.
const todayFile = "today.json"

// today adds up how long each availability lasted since midnight while the phone
// ran. It lives on the phone's loop.
type today struct {
	path  string
	log   *slog.Logger
	day   string
	spent map[Availability]time.Duration
}

type todayOnDisk struct {
	Day string `json:"day"`
	// Seconds are the times by availability.
	Seconds map[Availability]int `json:"seconds"`
}

// openToday reads what was kept of the day of now.
func openToday(dir string, log *slog.Logger, now time.Time) today {
	t := today{path: filepath.Join(dir, todayFile), log: log, day: dayOf(now), spent: map[Availability]time.Duration{}}
	raw, err := os.ReadFile(t.path)
	if err != nil {
		return t // the first start, or nothing to be done about it
	}
	var kept todayOnDisk
	if json.Unmarshal(raw, &kept) != nil || kept.Day != t.day {
		return t
	}
	for a, s := range kept.Seconds {
		t.spent[a] = time.Duration(max(0, s)) * time.Second
	}
	return t
}

func dayOf(now time.Time) string { return now.Local().Format(time.DateOnly) }

// end adds a stretch of one availability, as far as it lies in the day of now, and
// keeps the sum.
func (t *today) end(a Availability, since, now time.Time) {
	t.spent = t.at(a, since, now)
	t.day = dayOf(now)
	kept := todayOnDisk{Day: t.day, Seconds: map[Availability]int{}}
	for a, d := range t.spent {
		kept.Seconds[a] = int(d / time.Second)
	}
	raw, err := json.Marshal(kept)
	if err == nil {
		err = settings.WriteFileAtomic(t.path, raw, 0o600)
	}
	if err != nil {
		t.log.Warn("the day's times can't be kept", "err", err)
	}
}

// at is the day's sum with a stretch that still lasts. It changes nothing.
func (t *today) at(a Availability, since, now time.Time) map[Availability]time.Duration {
	sum := map[Availability]time.Duration{}
	if t.day == dayOf(now) {
		maps.Copy(sum, t.spent)
	}
	n := now.Local()
	if midnight := time.Date(n.Year(), n.Month(), n.Day(), 0, 0, 0, 0, time.Local); since.Before(midnight) {
		since = midnight
	}
	if d := now.Sub(since); d > 0 {
		sum[a] += d
	}
	return sum
}

// before is the day's sum without the present stretch, in seconds, for a snapshot.
func (t *today) before(now time.Time) map[Availability]int {
	if t.day != dayOf(now) || len(t.spent) == 0 {
		return nil
	}
	sum := map[Availability]int{}
	for a, d := range t.spent {
		sum[a] = int(d / time.Second)
	}
	return sum
}
