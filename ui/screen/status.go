package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/voice"
)

// Phase is what tab 0 shows of the call.
type Phase int

// The phases. PhaseIdle shows the dialling pad.
const (
	PhaseIdle Phase = iota
	PhaseIncoming
	PhaseOutgoing
	PhaseTalking
	PhaseReconnecting
	PhaseEnding
	PhaseEnded
	PhaseNotReady
)

// PhaseOf tells the phase from a view.
func PhaseOf(v View) Phase {
	if v.Snapshot == nil {
		return PhaseIdle
	}
	if c := v.Call; c != nil {
		switch c.State {
		case voice.StateIncoming:
			return PhaseIncoming
		case voice.StateAnswering, voice.StateEstablished:
			return PhaseTalking
		case voice.StateMediaDisrupted, voice.StateRenewingMedia:
			return PhaseReconnecting
		case voice.StateEnding:
			return PhaseEnding
		default:
			if c.Direction == voice.Incoming {
				return PhaseIncoming
			}
			return PhaseOutgoing
		}
	}
	if v.LastCall != nil && v.LastCall.Shown {
		return PhaseEnded
	}
	if Trouble(v) != nil {
		return PhaseNotReady
	}
	return PhaseIdle
}

// InCall reports whether the phase is one of a call.
func (p Phase) InCall() bool { return p >= PhaseIncoming && p <= PhaseEnding }

// settleTime is how long the phone may be unready, because it starts or a
// connection is replaced, before the page says so.
const settleTime = 4 * time.Second

// Worst returns the condition that keeps the phone from being ready and that the
// user should see first, or nil.
func Worst(v View) *app.Condition {
	if v.Snapshot == nil || v.Ready {
		return nil
	}
	rank := map[string]int{
		app.ConditionToken: 6, app.ConditionDevices: 5, app.ConditionPlatform: 4,
		app.ConditionProfile: 3, app.ConditionPush: 2,
	}
	var worst *app.Condition
	for i := range v.Conditions {
		c := &v.Conditions[i]
		if c.OK || c.Remark {
			continue
		}
		if worst == nil || rank[c.Name] > rank[worst.Name] {
			worst = c
		}
	}
	return worst
}

// Trouble returns the condition to show in place of the dialling pad, or nil
// while the phone is ready or only settling.
func Trouble(v View) *app.Condition {
	w := Worst(v)
	if w == nil {
		return nil
	}
	if w.Action == "" || w.Action == "retry" {
		if v.Account.State == app.SigningIn || v.Now.Sub(w.Since) < settleTime {
			return nil
		}
	}
	if w.Name == app.ConditionToken && v.Account.State == app.SigningIn || otherWay(v, w) {
		return nil
	}
	return w
}

// Status is the line under the user's name.
type Status struct {
	Word  string
	Glyph theme.Glyph
	Ink   fyne.ThemeColorName
	// Left is in how many seconds the phone tries again by itself, 0 if it doesn't.
	Left int
}

// StatusOf tells the header's state.
func (e *Env) StatusOf(v View) Status {
	switch PhaseOf(v) {
	case PhaseIncoming:
		return Status{Word: e.T("header::Incoming call"), Glyph: theme.ArrowIn, Ink: theme.AccentInk}
	case PhaseOutgoing:
		return Status{Word: e.T("Calling"), Glyph: theme.ArrowOut, Ink: theme.AccentInk}
	case PhaseTalking, PhaseEnding:
		return Status{Word: e.T("In a call"), Glyph: theme.Phone, Ink: theme.SuccessInk}
	case PhaseReconnecting:
		return Status{Word: e.T("Reconnecting"), Glyph: theme.Sync, Ink: theme.WarningInk}
	}
	if v.Snapshot != nil && v.Ready {
		if up, all := linesUp(v); up > 0 && up < all {
			return Status{Word: e.T("Ready on {n} of {m} lines", "n", up, "m", all), Glyph: theme.WarningIcon, Ink: theme.WarningInk}
		}
		return Status{Word: e.T("Ready"), Glyph: theme.CheckCircle, Ink: theme.SuccessInk}
	}
	t := Trouble(v)
	if t == nil {
		return Status{Word: e.T("Connecting"), Glyph: theme.Sync, Ink: theme.Text2, Left: retryIn(Worst(v), v.Now)}
	}
	g := theme.WifiOff
	switch t.Name {
	case app.ConditionToken:
		g = theme.Lock
	case app.ConditionDevices:
		g = theme.MicOff
	}
	return Status{Word: e.T("Not ready"), Glyph: g, Ink: theme.DangerInk, Left: retryIn(t, v.Now)}
}

// retryIn is in how many seconds the phone tries to put a condition right by
// itself, 0 if it doesn't.
func retryIn(c *app.Condition, now time.Time) int {
	if c == nil || c.RetryAt == nil || !c.RetryAt.After(now) {
		return 0
	}
	return int((c.RetryAt.Sub(now) + time.Second - 1) / time.Second)
}

// AvailabilityLook is how a choice of availability is shown.
type AvailabilityLook struct {
	Choice      app.Availability
	Word, Means string
	Glyph       theme.Glyph
	Ink         fyne.ThemeColorName
}

// Availabilities returns the four choices in the order of the menu.
func (e *Env) Availabilities() []AvailabilityLook {
	return []AvailabilityLook{
		{app.Available, e.T("Available"), e.T("Calls ring"), theme.CheckCircle, theme.Success},
		{app.Busy, e.T("Busy"), e.T("Calls ring quietly"), theme.BusyIcon, theme.Warning},
		{app.Break, e.T("Break"), e.T("Calls are declined"), theme.Coffee, theme.AccentInk},
		{app.DoNotDisturb, e.T("Do not disturb"), e.T("Calls are declined, no sounds"), theme.DoNotDisturb, theme.Danger},
	}
}

func (e *Env) availability(a app.Availability) AvailabilityLook {
	all := e.Availabilities()
	for _, l := range all {
		if l.Choice == a {
			return l
		}
	}
	return all[0]
}
