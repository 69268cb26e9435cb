package control

import (
	"errors"
	"time"
)

// When is a moment as people write it: a time ago ("24h"), a date, or a date and
// a time of day in the phone's own time zone. The zero When is none.
type When string

var momentForms = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

// UnmarshalText takes what At can read.
func (w *When) UnmarshalText(text []byte) error {
	*w = When(text)
	_, err := w.At(time.Now(), false)
	return err
}

// At returns the moment: of a date its beginning, or with end its end.
func (w When) At(now time.Time, end bool) (time.Time, error) {
	if w == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(string(w)); err == nil {
		if ago < 0 {
			return time.Time{}, errors.New("a time ago is not less than 0")
		}
		return now.Add(-ago), nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, string(w), now.Location()); err == nil {
		if end {
			return day.AddDate(0, 0, 1), nil
		}
		return day, nil
	}
	for _, form := range momentForms {
		if at, err := time.ParseInLocation(form, string(w), now.Location()); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("a moment is a time ago such as 24h, or a date such as 2026-11-30 with or without 15:04")
}

// span returns the time from --since, or what it is without, to --until, or now.
func (o options) span(without time.Duration) (from, to time.Time, err error) {
	now := time.Now()
	if from, err = o.Since.At(now, false); err != nil {
		return from, to, usage("--since: " + err.Error() + ".")
	}
	if to, err = o.Until.At(now, true); err != nil {
		return from, to, usage("--until: " + err.Error() + ".")
	}
	if to.IsZero() || to.After(now) {
		to = now
	}
	if from.IsZero() && without > 0 {
		from = to.Add(-without)
	}
	if !from.Before(to) {
		return from, to, usage("--since is before --until.")
	}
	return from, to, nil
}
