package screen

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/readiness"
	"offhook/ui/theme"
	"offhook/voice"
	"offhook/voice/line/sipaccount"
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
	if Trouble(v) != nil && ReachOf(v).nothing() {
		return PhaseNotReady
	}
	return PhaseIdle
}

// InCall reports whether the phase is one of a call.
func (p Phase) InCall() bool { return p >= PhaseIncoming && p <= PhaseEnding }

// Line is the colour of the phone's line in a phase.
func (p Phase) Line() fyne.ThemeColorName {
	switch p {
	case PhaseIncoming, PhaseTalking:
		return theme.Success
	case PhaseReconnecting:
		return theme.Warning
	}
	return theme.Accent
}

// settleTime is how long the phone may be unready, because it starts or a
// connection is replaced, before the page or the banner says so.
const settleTime = 4 * time.Second

// Reach is which calls the phone can carry now: outgoing, incoming.
type Reach struct{ Out, In bool }

// ReachOf tells from the conditions and the lines. A SIP account that is registered
// carries both; the subscriber's line needs its inbox to be called.
func ReachOf(v View) Reach {
	var r Reach
	if v.Snapshot == nil {
		return r
	}
	for _, l := range v.Lines {
		if l.State == string(sipaccount.Registered) {
			return Reach{Out: true, In: true}
		}
	}
	if v.Account.AccountSID == "" && len(v.Lines) > 0 {
		return r
	}
	holds := func(names ...string) bool {
		return !slices.ContainsFunc(v.Conditions, func(c app.Condition) bool { return !c.OK && slices.Contains(names, c.Name) })
	}
	r.Out = holds(readiness.Token, readiness.Profile, readiness.Platform)
	r.In = r.Out && holds(readiness.Push)
	return r
}

// nothing reports whether no call can be carried in either direction.
func (r Reach) nothing() bool { return !r.Out && !r.In }

// Worst returns the condition that keeps the phone from being ready and that the
// user should see first, or nil. While no call is possible at all, the devices come
// last.
func Worst(v View) *app.Condition {
	if v.Snapshot == nil || v.Ready {
		return nil
	}
	rank := func(c *app.Condition) int {
		switch {
		case c.Name == readiness.Devices && ReachOf(v).nothing():
			return 0
		case c.Name == readiness.Push && ReachOf(v).nothing():
			return 1
		}
		return readiness.Rank(c.Name)
	}
	var worst *app.Condition
	for i := range v.Conditions {
		c := &v.Conditions[i]
		if c.OK || c.Remark {
			continue
		}
		if worst == nil || rank(c) > rank(worst) {
			worst = c
		}
	}
	return worst
}

// Trouble returns the condition to tell of, or nil while the phone is ready or only
// settling.
func Trouble(v View) *app.Condition {
	w := Worst(v)
	if w == nil {
		return nil
	}
	if w.Action == "" || w.Action == readiness.Retry {
		if v.Account.State == app.SigningIn || v.Now.Sub(w.Since) < settleTime {
			return nil
		}
	}
	if w.Name == readiness.Token && v.Account.State == app.SigningIn || otherWay(v, w) {
		return nil
	}
	return w
}

// Status is the line under the user's name.
type Status struct {
	Word  string
	Glyph theme.Glyph
	Ink   fyne.ThemeColorName
}

// StatusOf tells the header's state. It says Ready only when a call would ring.
func (e *Env) StatusOf(v View) Status {
	switch PhaseOf(v) {
	case PhaseIncoming:
		return Status{e.T("header::Incoming call"), theme.ArrowIn, theme.AccentInk}
	case PhaseOutgoing:
		return Status{e.T("Calling"), theme.ArrowOut, theme.AccentInk}
	case PhaseTalking, PhaseEnding:
		return Status{e.T("In a call"), theme.Phone, theme.SuccessInk}
	case PhaseReconnecting:
		return Status{e.T("Reconnecting"), theme.Sync, theme.WarningInk}
	case PhaseNotReady:
		g := theme.WifiOff
		if Trouble(v).Name == readiness.Token {
			g = theme.Lock
		}
		return Status{e.T("Not ready"), g, theme.DangerInk}
	}
	up, all := 0, 0
	if v.Snapshot != nil {
		up, all = linesUp(v)
	}
	reach := ReachOf(v)
	switch {
	case v.Snapshot == nil:
		return Status{e.T("Connecting"), theme.Sync, theme.Text2}
	case v.OnAnotherPhone:
		return Status{e.T("Other phone"), theme.Phone, theme.Text2}
	case !v.Ready && reach.nothing():
		return Status{e.T("Connecting"), theme.Sync, theme.Text2}
	case !v.Audio.MicrophoneWorks && deviceTrouble(v):
		return Status{e.T("No microphone"), theme.MicOff, theme.WarningInk}
	case deviceTrouble(v):
		return Status{e.T("No speaker"), theme.VolumeOff, theme.WarningInk}
	case !v.Ready && Trouble(v) == nil && !otherWay(v, Worst(v)):
		return Status{e.T("Connecting"), theme.Sync, theme.Text2}
	case !reach.In:
		return Status{e.T("Outgoing only"), theme.CloudOff, theme.WarningInk}
	case !reach.Out:
		return Status{e.T("Incoming only"), theme.WarningIcon, theme.WarningInk}
	case up < all || !v.Ready:
		return Status{e.T("{n} of {m} lines", "n", min(up, all-1), "m", all), theme.WarningIcon, theme.WarningInk}
	}
	switch a := e.availability(v.Availability); a.Choice {
	case app.Busy:
		return Status{e.T("Quiet ring"), theme.BellOff, theme.SuccessInk}
	case app.Break, app.DoNotDisturb, app.AfterCallWork:
		return Status{e.T("No calls"), a.Glyph, theme.Text2}
	}
	return Status{e.T("Ready"), theme.CheckCircle, theme.SuccessInk}
}

// deviceTrouble reports whether a sound device is missing or fails.
func deviceTrouble(v View) bool {
	return slices.ContainsFunc(v.Conditions, func(c app.Condition) bool { return c.Name == readiness.Devices && !c.OK })
}

// retryIn is in how many seconds the phone tries to put a condition right by
// itself, 0 if it doesn't.
func retryIn(c *app.Condition, now time.Time) int {
	if c == nil || c.RetryAt == nil || !c.RetryAt.After(now) {
		return 0
	}
	return int((c.RetryAt.Sub(now) + time.Second - 1) / time.Second)
}
