package screen

import (
	"strings"

	"offhook/app"
	"offhook/voice"
)

// Party names the far side of a call: its name, else its number.
func Party(name, id string) string { return nameOf(name, id) }

// nameOf is what to call the far side: its name if there is one, else its id.
func nameOf(name, id string) string {
	if name != "" {
		return name
	}
	return Number(id)
}

// idUnder is the id to show under a name; "" when the name is the id.
func idUnder(name, id string) string {
	if name == "" || name == id {
		return ""
	}
	return Number(id)
}

// Number shows a number of ten or eleven digits in groups, as it is read aloud;
// anything else stays as it is.
func Number(id string) string {
	if strings.Trim(id, "0123456789") != "" {
		return id
	}
	switch {
	case len(id) == 10:
		return id[:5] + " " + id[5:]
	case len(id) == 11 && id[0] == '0':
		return id[:4] + " " + id[4:7] + " " + id[7:]
	}
	return id
}

// firstName is the name over the far side's meter.
func firstName(name string) string {
	if f := strings.Fields(name); len(f) > 0 {
		return strings.TrimRight(f[0], ":,;.")
	}
	return name
}

// EndedSentence says how a call ended (reference, section 2.2).
func (e *Env) EndedSentence(c *app.EndedCall) string {
	name := nameOf(c.RemoteName, c.RemoteID)
	switch c.EndReason {
	case voice.EndLocalHangup, voice.EndPSTNHangup:
		return e.T("You hung up")
	case voice.EndRemoteHangup:
		return e.T("{name} hung up", "name", name)
	case voice.EndBusy:
		return e.T("{name} is busy", "name", name)
	case voice.EndTimeout:
		return e.T("No answer")
	case voice.EndUnreachable:
		return e.T("{name} can't be reached", "name", name)
	case voice.EndInvalidDialInfo:
		return e.T("That number can't be called")
	case voice.EndThrottled:
		return e.T("Too many calls at once. Try again soon.")
	case voice.EndMediaTimeout, voice.EndMediaFailedHangup:
		return e.T("The sound was lost.")
	default:
		return e.T("The call failed")
	}
}
