package screen

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// AvailabilityLook is how a state of the agent is shown.
type AvailabilityLook struct {
	Choice      app.Availability
	Word, Means string
	Glyph       theme.Glyph
	Ink         fyne.ThemeColorName
}

// Availabilities returns the states in the order of the menu.
func (e *Env) Availabilities() []AvailabilityLook {
	return []AvailabilityLook{
		{app.Available, e.T("Available"), e.T("Calls ring"), theme.CheckCircle, theme.Success},
		{app.Busy, e.T("Busy"), e.T("Calls ring quietly"), theme.BusyIcon, theme.Warning},
		{app.Break, e.T("Break"), e.T("No calls"), theme.Coffee, theme.AccentInk},
		{app.DoNotDisturb, e.T("Do not disturb"), e.T("No calls, no sounds"), theme.DoNotDisturb, theme.Danger},
		{app.AfterCallWork, e.T("After-call work"), e.T("No calls until you are done"), theme.EditNote, theme.AccentInk},
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

// stateWord names a state in the pill: a break by its reason.
func (e *Env) stateWord(a app.Availability, reason string) string {
	switch {
	case a == app.AfterCallWork:
		return e.T("After call")
	case a == app.Break && reason != "":
		return CodeWord(reason)
	}
	return e.availability(a).Word
}

// AgentWord is how the agent stands.
func (e *Env) AgentWord(v View) string { return e.stateWord(v.Availability, v.AgentState.Reason) }

// CodeWord writes a word that an administrator has configured, such as wrong_number, as
// people read it; what has capitals or spaces already stays as it is.
func CodeWord(code string) string {
	text := strings.TrimSpace(strings.ReplaceAll(code, "_", " "))
	if text != strings.ToLower(text) || text == "" {
		return text
	}
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// MayBeAvailable reports whether Available can be chosen now: not while no call would
// ring, unless the administrator allows it or the agent is available already.
func (e *Env) MayBeAvailable(v View) bool {
	return v.Ready || v.Settings.Agent.AvailableUnready || v.Availability == app.Available
}

// StateTime is how long the state has lasted or, for one that ends by itself, how long
// it still lasts. Once it has stood for a minute, Available counts minutes: it is what a
// phone shows all day, and a window that is drawn anew each second costs more than all
// the rest of a phone at rest. A break is counted to the second.
func (e *Env) StateTime(v View) string {
	if v.AvailableSince.IsZero() {
		return ""
	}
	d := max(0, v.Now.Sub(v.AvailableSince))
	switch {
	case v.Availability == app.AfterCallWork && v.AgentState.Until != nil && !staying(v):
		return Short(v.AgentState.Until.Sub(v.Now) + time.Second - 1)
	case v.Availability == app.AfterCallWork:
		return Short(d)
	case v.Availability == app.Available && d >= time.Minute:
		return e.span(d)
	}
	return Clock(d)
}

// staying reports whether the agent has asked for more time after a call.
func staying(v View) bool { return v.WrapUp != nil && v.WrapUp.Staying }

// Span is a length of time in minutes, or in hours and minutes.
func (e *Env) Span(seconds int) string { return e.span(time.Duration(seconds) * time.Second) }

// breakLimit is how a break stands that has a limit: how long it still may last,
// negative once it has lasted longer; ok is false without one.
func breakLimit(v View) (left time.Duration, near, ok bool) {
	if v.Snapshot == nil || v.Availability != app.Break || v.AgentState.LimitS <= 0 {
		return 0, false, false
	}
	limit := time.Duration(v.AgentState.LimitS) * time.Second
	left = limit - v.Now.Sub(v.AvailableSince)
	return left, left <= limit/10, true
}

// limitTone is the colour of a break that comes to its limit.
func limitTone(v View) widget.Tone {
	switch left, near, ok := breakLimit(v); {
	case !ok || !near:
		return widget.ToneQuiet
	case left < 0:
		return widget.ToneDanger
	}
	return widget.ToneWarning
}

// renderPill shows the state; during a call it is what holds after it.
func (h *Header) renderPill(v View, phase Phase) {
	e := h.env
	a := e.availability(v.Availability)
	word := e.stateWord(v.Availability, v.AgentState.Reason)
	tone := limitTone(v)
	switch {
	case phase.InCall() && phase != PhaseIncoming:
		next := e.T("Next: {choice}", "choice", word)
		shown := next
		if v.Compact {
			shown = e.T("Next")
		}
		h.Pill.Set(a.Glyph, a.Ink, shown, "", next)
		tone = widget.ToneQuiet
	case v.OnAnotherPhone || !ReachOf(v).In:
		h.Pill.Set(a.Glyph, theme.Text2, word, "", e.T("Availability: {choice}", "choice", word))
	default:
		h.Pill.Set(a.Glyph, a.Ink, word, e.StateTime(v), e.T("Availability: {choice}", "choice", word))
	}
	h.Pill.SetTone(tone)
	h.Pill.SetCompact(v.Compact)
	h.Pill.SetIconOnly(v.Low && !v.Columns)
}
