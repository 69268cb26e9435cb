package screen

import (
	"strconv"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// outcome is how a call that is over is told: what happened, to whom or how long,
// and how it looks.
type outcome struct {
	title, text string
	glyph       theme.Glyph
	tone        widget.Tone
	// again is what calling back is called, "" where that makes no sense.
	again string
}

// outcomeOf tells how a call ended (reference, section 2.2).
func (e *Env) outcomeOf(c *app.EndedCall) outcome {
	name := nameOf(c.RemoteName, c.RemoteID)
	switch {
	case c.Answered:
		o := outcome{title: e.T("{name} hung up", "name", name), text: e.Length(c.DurationS), glyph: theme.HangUp, tone: widget.ToneQuiet, again: e.T("Call back")}
		switch c.EndReason {
		case voice.EndLocalHangup, voice.EndPSTNHangup:
			o.title = e.T("You hung up")
		case voice.EndMediaTimeout, voice.EndMediaFailedHangup:
			o.title, o.tone = e.T("The sound was lost"), widget.ToneWarning
		case voice.EndRemoteHangup:
		default:
			o.title, o.tone = e.T("The call failed"), widget.ToneWarning
		}
		if title := e.platformEnded(c.EndWord); title != "" {
			o.title, o.tone = title, widget.ToneWarning
		}
		if c.TransferredTo != "" {
			o.title, o.again = e.T("{name} is with {other} now", "name", name, "other", e.partyName(c.TransferredTo)), ""
		}
		return o
	case c.Direction == voice.Incoming:
		return e.unanswered(c, name)
	}
	return e.notReached(c, name)
}

// unanswered tells of an incoming call that nobody took here.
func (e *Env) unanswered(c *app.EndedCall, name string) outcome {
	o := outcome{glyph: theme.Missed, tone: widget.ToneDanger, again: e.T("Call back")}
	r, logged := e.recordOf(c.ID)
	switch {
	case c.EndReason == voice.EndLocalHangup:
		o.title, o.glyph, o.tone = e.T("You declined {name}", "name", name), theme.HangUp, widget.ToneQuiet
	case logged && !r.Missed:
		o.title, o.text, o.glyph, o.tone, o.again = name, e.T("Answered on another phone"), theme.Phone, widget.ToneQuiet, ""
	default:
		o.title = e.T("Missed: {name}", "name", name)
		if logged {
			o.text = e.whyMissed(r)
		}
	}
	return o
}

// whyMissed says in a few words why a call of the log was missed.
func (e *Env) whyMissed(r app.CallRecord) string {
	switch r.MissedReason {
	case voice.MissedBusy:
		return e.T("You were in a call")
	case voice.MissedOnAnotherPhone:
		return e.T("You were on another phone")
	case voice.MissedBreak:
		return e.T("You were on a break")
	case voice.MissedDoNotDisturb:
		return e.T("You were on do not disturb")
	case voice.MissedOver:
		return e.T("Hung up before it rang")
	case voice.MissedExpired:
		return e.T("This phone wasn't connected")
	case voice.MissedUnreachable:
		return e.T("The server couldn't be reached")
	case voice.MissedDeclined:
		return e.T("Declined by this phone")
	}
	if said := e.platformEnded(r.EndWord); said != "" {
		return said
	}
	if r.MissedReason == "" && r.EndReason == voice.EndBusy {
		return e.T("You were in a call")
	}
	return e.T("Rang {time}", "time", e.Length(r.RangS))
}

// notReached tells of a call that was dialled and not answered.
func (e *Env) notReached(c *app.EndedCall, name string) outcome {
	o := outcome{glyph: theme.ArrowOut, tone: widget.ToneWarning, again: e.T("Try again"), text: name}
	switch c.EndReason {
	case voice.EndLocalHangup, voice.EndPSTNHangup:
		o.title, o.tone = e.T("You cancelled"), widget.ToneQuiet
	case voice.EndRemoteHangup:
		o.title, o.text = e.T("{name} declined", "name", name), ""
	case voice.EndBusy:
		o.title, o.text = e.T("{name} is busy", "name", name), ""
	case voice.EndTimeout:
		o.title = e.T("No answer")
	case voice.EndUnreachable:
		o.title, o.text = e.T("{name} couldn't be reached", "name", name), ""
	case voice.EndInvalidDialInfo:
		o.title, o.tone, o.again = e.T("This number can't be called"), widget.ToneDanger, ""
	case voice.EndThrottled:
		o.title, o.text = e.T("Too many calls on your account"), e.T("Try again in a minute.")
	case voice.EndMediaTimeout, voice.EndMediaFailedHangup:
		o.title = e.T("The sound was lost")
	default:
		o.title = e.T("The call failed")
		if title := e.platformEnded(c.EndWord); title != "" {
			o.title = title
		} else if c.Said != "" {
			o.text = e.T("The server says: {text} ({status})", "text", c.Said, "status", strconv.Itoa(c.Status))
		}
	}
	return o
}

// recordOf finds a call in the log.
func (e *Env) recordOf(id string) (app.CallRecord, bool) {
	for _, r := range e.Phone.Recents() {
		if r.ID == id {
			return r, true
		}
	}
	return app.CallRecord{}, false
}

// RecordLine says in a few words what became of a call of the log.
func (e *Env) RecordLine(c app.CallRecord) string {
	switch {
	case c.MissedReason == voice.MissedBreak, c.MissedReason == voice.MissedDoNotDisturb:
		return e.T("Declined") + " · " + lowerFirst(e.whyMissed(c))
	case c.Missed:
		return e.T("Missed · {why}", "why", lowerFirst(e.whyMissed(c)))
	case c.DurationS > 0:
		line := e.kindWord(c) + " · " + e.Length(c.DurationS)
		if c.TransferredTo != "" {
			line += " · " + lowerFirst(e.T("Transferred to {name}", "name", e.partyName(c.TransferredTo)))
		}
		if said := e.platformEnded(c.EndWord); said != "" {
			line += " · " + lowerFirst(said)
		}
		return line
	}
	return e.kindWord(c) + " · " + lowerFirst(e.notTalked(c))
}

func (e *Env) kindWord(c app.CallRecord) string {
	if c.Direction == voice.Outgoing {
		return e.T("Outgoing")
	}
	return e.T("Incoming")
}

// notTalked says why a call of the log that was not missed came to no talk.
func (e *Env) notTalked(c app.CallRecord) string {
	switch c.EndReason {
	case voice.EndTimeout:
		return e.T("No answer")
	case voice.EndBusy:
		return e.T("Busy")
	case voice.EndUnreachable:
		return e.T("Couldn't be reached")
	case voice.EndInvalidDialInfo:
		return e.T("This number can't be called")
	case voice.EndLocalHangup, voice.EndPSTNHangup:
		if c.Direction == voice.Outgoing {
			return e.T("You cancelled")
		}
		return e.T("You declined")
	case voice.EndRemoteHangup:
		if c.Direction == voice.Outgoing {
			return e.T("Declined")
		}
		return e.T("Answered on another phone")
	}
	if said := e.platformEnded(c.EndWord); said != "" {
		return said
	}
	return e.T("The call failed")
}

// look is the icon of a call of the log with its colours.
func recordLook(c app.CallRecord) (g theme.Glyph, soft, ink fyne.ThemeColorName) {
	switch {
	case c.Missed:
		return theme.Missed, theme.DangerSoft, theme.DangerInk
	case c.Direction == voice.Outgoing:
		return theme.ArrowOut, theme.AccentSoft, theme.AccentInk
	}
	return theme.ArrowIn, theme.SuccessSoft, theme.SuccessInk
}
