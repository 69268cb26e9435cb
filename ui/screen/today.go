package screen

import (
	"strings"
	"time"

	"offhook/app"
)

// Today says how the day was spent so far, such as "Today: 3 h 20 available,
// 15 min on break, 12 calls of 4 min", or "" while there is nothing to say yet. A call
// is as long as its handling: with the work after it.
func (e *Env) Today(v View) string {
	if v.Snapshot == nil || v.AvailableSince.IsZero() {
		return ""
	}
	now := v.Now.Local()
	since := v.AvailableSince
	if midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.Local); since.Before(midnight) {
		since = midnight
	}
	var parts []string
	for _, kind := range []struct {
		choice app.Availability
		say    func(span string) string
	}{
		{app.Available, func(span string) string { return e.T("{span} available", "span", span) }},
		{app.Busy, func(span string) string { return e.T("{span} busy", "span", span) }},
		{app.Break, func(span string) string { return e.T("{span} on break", "span", span) }},
		{app.DoNotDisturb, func(span string) string { return e.T("{span} on do not disturb", "span", span) }},
		{app.AfterCallWork, func(span string) string { return e.T("{span} after calls", "span", span) }},
	} {
		spent := time.Duration(v.Snapshot.Today[kind.choice]) * time.Second
		if kind.choice == v.Availability {
			spent += max(0, v.Now.Sub(since))
		}
		if spent >= time.Minute {
			parts = append(parts, kind.say(e.span(spent)))
		}
	}
	if f := v.Snapshot.Figures; f.Calls > 0 {
		calls := e.T("{n} calls", "n", f.Calls)
		if each := time.Duration(f.HandleS/f.Calls) * time.Second; each >= time.Minute {
			calls = e.T("{calls} of {span}", "calls", calls, "span", e.span(each))
		}
		parts = append(parts, calls)
	}
	if len(parts) == 0 {
		return ""
	}
	return e.T("Today: {times}", "times", strings.Join(parts, ", "))
}

// span is a time in minutes, or in hours and minutes.
func (e *Env) span(d time.Duration) string {
	minutes := int(d / time.Minute)
	if minutes < 60 {
		return e.T("{n} min", "n", minutes)
	}
	if minutes%60 == 0 {
		return e.T("{n} h", "n", minutes/60)
	}
	return e.T("{h} h {m}", "h", minutes/60, "m", minutes%60)
}
