package control

import (
	"context"
	"time"

	"offhook/app"
)

// outcome saves what became of a call.
func outcome(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
	o := app.Outcome{Code: r.Args[0], Note: r.Note}
	if r.Callback != "" {
		at, err := parseTime(r.Callback)
		if err != nil {
			return nil, usage("--callback is a time such as 2026-11-30T15:00:00Z, 2026-11-30 15:00 or 15:00.")
		}
		o.CallbackAt = at
	}
	return nil, s.cfg.Phone.SaveOutcome(ctx, r.Call, o)
}

// parseTime reads a time as people write it: whole, in local time, or of today.
func parseTime(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation("2006-01-02 15:04", text, time.Local); err == nil {
		return at, nil
	}
	at, err := time.ParseInLocation("15:04", text, time.Local)
	if err != nil {
		return time.Time{}, err
	}
	now := time.Now()
	return time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, time.Local), nil
}
