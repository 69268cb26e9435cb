package screen

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// Clock shows a length of time as 04:12, or 1:04:12 from an hour on.
func Clock(d time.Duration) string {
	s := max(0, int(d/time.Second))
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// Short shows a short length of time as 0:07.
func Short(d time.Duration) string {
	s := max(0, int(d/time.Second))
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Length shows a length of time in words: 41 s, 12 min 48 s, 3 h 20.
func (e *Env) Length(seconds int) string {
	switch {
	case seconds < 60:
		return e.T("{s} s", "s", seconds)
	case seconds < 3600:
		return e.T("{m} min {s} s", "m", seconds/60, "s", fmt.Sprintf("%02d", seconds%60))
	default:
		return e.T("{h} h {m} min", "h", seconds/3600, "m", fmt.Sprintf("%02d", seconds/60%60))
	}
}

// Ago shows how long ago something was.
func (e *Env) Ago(d time.Duration) string {
	s := max(0, int(d/time.Second))
	switch {
	case s < 90:
		return e.T("{n} seconds ago", "n", s)
	case s < 90*60:
		return e.T("{n} minutes ago", "n", (s+30)/60)
	default:
		return e.T("{n} hours ago", "n", (s+1800)/3600)
	}
}

func hhmm(t time.Time) string { return t.Local().Format("15:04") }

func secondsOf(s int) time.Duration { return time.Duration(s) * time.Second }

// lowerFirst writes a sentence's beginning as it stands within another.
func lowerFirst(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(r)) + text[n:]
}
