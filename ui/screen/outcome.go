package screen

import (
	"cmp"
	"strconv"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
	"offhook/voice/wire"
)

// outcome is how a call that is over is told: what happened, to which party or for how
// long, and how it looks.
type outcome struct {
	title, text string
	// short is the same in the few words of a list.
	short string
	glyph theme.Glyph
	tone  widget.Tone
	// again is what calling back is called, "" where that makes no sense.
	again string
}

// ending is what one end reason, or the platform's word for an end, means to the user.
type ending struct {
	// talked is said of a call that was talked, dialled of one that was placed and not
	// answered; placed and came are the same of calls that came to no talk, in lists.
	talked, dialled, placed, came string
	// text goes with dialled, the far side's name where that says none.
	text string
	// asked says that the user or the far side wanted the end: nothing went wrong.
	asked bool
	// hopeless says that trying again changes nothing.
	hopeless bool
}

// endingOf is the one table of what an end means to the user (reference, section 2.2).
func (e *Env) endingOf(reason voice.EndReason, word, name string) ending {
	d := ending{talked: e.T("The call failed"), text: name}
	switch reason {
	case voice.EndLocalHangup, voice.EndPSTNHangup:
		d.talked, d.dialled, d.came, d.asked = e.T("You hung up"), e.T("You cancelled"), e.T("You declined"), true
	case voice.EndRemoteHangup:
		d.talked, d.dialled, d.text, d.asked = e.T("{name} hung up", "name", name), e.T("{name} declined", "name", name), "", true
		d.placed, d.came = e.T("Declined"), e.T("Answered on another phone")
	case voice.EndBusy:
		d.dialled, d.placed, d.text = e.T("{name} is busy", "name", name), e.T("Busy"), ""
	case voice.EndTimeout:
		d.dialled = e.T("No answer")
	case voice.EndUnreachable:
		d.dialled, d.placed, d.text = e.T("{name} couldn't be reached", "name", name), e.T("Couldn't be reached"), ""
	case voice.EndInvalidDialInfo:
		d.dialled, d.hopeless = e.T("This number can't be called"), true
	case voice.EndThrottled:
		d.dialled, d.text = e.T("Too many calls on your account"), e.T("Try again in a minute.")
	case voice.EndMediaTimeout, voice.EndMediaFailedHangup:
		d.talked = e.T("The sound was lost")
		d.dialled = d.talked
	}
	if said := e.platformEnded(word); said != "" {
		d.talked, d.dialled, d.placed, d.came, d.asked = said, said, said, said, false
	}
	d.dialled = cmp.Or(d.dialled, d.talked)
	d.placed = cmp.Or(d.placed, d.dialled)
	d.came = cmp.Or(d.came, d.placed)
	return d
}

// outcomeOf tells how a call ended.
func (e *Env) outcomeOf(c *app.EndedCall) outcome {
	name := nameOf(c.RemoteName, c.RemoteID)
	d := e.endingOf(c.EndReason, c.EndWord, name)
	switch {
	case c.Answered:
		o := outcome{title: d.talked, text: e.Length(c.DurationS), glyph: theme.HangUp, tone: widget.ToneWarning, again: e.T("Call back")}
		if d.asked {
			o.tone = widget.ToneQuiet
		}
		if c.TransferredTo != "" {
			o.title, o.again = e.T("{name} is with {other} now", "name", name, "other", e.partyName(c.TransferredTo)), ""
		}
		o.short = o.text
		return o
	case c.Direction == voice.Incoming && c.Missed:
		why := e.whyMissed(c)
		return outcome{title: e.T("Missed: {name}", "name", name), text: why, short: why, glyph: theme.Missed, tone: widget.ToneDanger, again: e.T("Call back")}
	case c.Direction == voice.Incoming && c.EndReason == voice.EndLocalHangup:
		return outcome{title: e.T("You declined {name}", "name", name), short: d.came, glyph: theme.HangUp, tone: widget.ToneQuiet, again: e.T("Call back")}
	case c.Direction == voice.Incoming:
		return outcome{title: name, text: d.came, short: d.came, glyph: theme.Phone, tone: widget.ToneQuiet}
	}
	o := outcome{title: d.dialled, text: d.text, short: d.placed, glyph: theme.ArrowOut, tone: widget.ToneWarning, again: e.T("Try again")}
	switch {
	case d.hopeless:
		o.tone, o.again = widget.ToneDanger, ""
	case d.asked && c.EndReason != voice.EndRemoteHangup:
		o.tone = widget.ToneQuiet
	case c.Said != "" && o.title == e.T("The call failed"):
		o.text = e.T("The server says: {text} ({status})", "text", c.Said, "status", strconv.Itoa(c.Status))
	}
	return o
}

// EndedWords tells in a sentence how a call ended.
func (e *Env) EndedWords(c *app.EndedCall) string {
	o := e.outcomeOf(c)
	if o.text == "" {
		return o.title
	}
	return o.title + ", " + o.text
}

// whyMissed says in a few words why a call was missed.
func (e *Env) whyMissed(c *app.EndedCall) string {
	switch c.MissedReason {
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
	if said := e.platformEnded(c.EndWord); said != "" {
		return said
	}
	if c.EndReason == voice.EndBusy {
		return e.T("You were in a call")
	}
	return e.T("Rang {time}", "time", e.Length(c.RangS))
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

// recordOutcome tells how a call of the log ended.
func (e *Env) recordOutcome(c app.CallRecord) outcome {
	return e.outcomeOf(&app.EndedCall{CallRecord: c, Answered: c.DurationS > 0})
}

// RecordLine says in a few words what became of a call of the log.
func (e *Env) RecordLine(c app.CallRecord) string {
	switch {
	case c.MissedReason == voice.MissedBreak, c.MissedReason == voice.MissedDoNotDisturb:
		return e.T("Declined") + " · " + lowerFirst(e.whyMissed(&app.EndedCall{CallRecord: c}))
	case c.Missed:
		return e.T("Missed · {why}", "why", lowerFirst(e.recordOutcome(c).short))
	case c.DurationS == 0:
		return e.kindWord(c) + " · " + lowerFirst(e.recordOutcome(c).short)
	}
	line := e.kindWord(c) + " · " + e.Length(c.DurationS)
	if c.TransferredTo != "" {
		line += " · " + lowerFirst(e.T("Transferred to {name}", "name", e.partyName(c.TransferredTo)))
	}
	if said := e.platformEnded(c.EndWord); said != "" {
		line += " · " + lowerFirst(said)
	}
	return line
}

// platformEnded says how the platform ended a call by its word, "" where that is not
// more than the end reason tells.
func (e *Env) platformEnded(word string) string {
	switch word {
	case wire.ReasonPlatformLost:
		return e.T("The platform lost the call")
	case wire.ReasonShutdown:
		return e.T("The platform ended the call")
	case wire.ReasonConversationLimit:
		return e.T("The longest time for a call was reached")
	}
	return ""
}

func (e *Env) kindWord(c app.CallRecord) string {
	if c.Direction == voice.Outgoing {
		return e.T("Outgoing")
	}
	return e.T("Incoming")
}

// recordLook is the icon of a call of the log with its colours.
func recordLook(c app.CallRecord) (g theme.Glyph, soft, ink fyne.ThemeColorName) {
	switch {
	case c.Missed:
		return theme.Missed, theme.DangerSoft, theme.DangerInk
	case c.Direction == voice.Outgoing:
		return theme.ArrowOut, theme.AccentSoft, theme.AccentInk
	}
	return theme.ArrowIn, theme.SuccessSoft, theme.SuccessInk
}
