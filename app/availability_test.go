package app

import (
	"log/slog"
	"testing"
	"time"
)

func TestTheDaysTimesAddUp(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.Local) }
	d := openToday(dir, log, at(22, 8, 0))
	if d.before(at(22, 8, 0)) != nil {
		t.Error("a new day has times")
	}
	d.end(Available, at(22, 8, 0), at(22, 10, 0))
	d.end(Break, at(22, 10, 0), at(22, 10, 15))
	again := openToday(dir, log, at(22, 10, 16))
	if got := again.before(at(22, 10, 16)); got[Available] != 7200 || got[Break] != 900 {
		t.Errorf("after a restart the day holds %v", got)
	}
	if got := again.at(Available, at(22, 10, 30), at(22, 11, 50)); got[Available] != 200*time.Minute {
		t.Errorf("with the stretch that lasts it is %v", got)
	}
	// A shift over midnight begins anew with the day.
	again.end(Available, at(22, 23, 0), at(23, 1, 0))
	if got := again.before(at(23, 1, 0)); got[Available] != 3600 || got[Break] != 0 {
		t.Errorf("after midnight the day holds %v", got)
	}
	if next := openToday(dir, log, at(24, 9, 0)); next.before(at(24, 9, 0)) != nil {
		t.Error("yesterday's times count today")
	}
}
