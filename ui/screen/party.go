package screen

import (
	"strings"

	"offhook/ui/theme"
)

// Party names the far side of a call: its name, else its number.
func Party(name, id string) string { return nameOf(name, id) }

// nameOf is what to call the far side: its name if there is one that can be shown, else
// its id. Boxes in the place of letters are no name.
func nameOf(name, id string) string {
	if name != "" && (id == "" || theme.Shown(name)) {
		return name
	}
	return Number(id)
}

// idUnder is the id to show under a name; "" when the name is the id. Where the name can't
// be shown it says so: the id stands in its place.
func (e *Env) idUnder(name, id string) string {
	switch {
	case name == "" || name == id:
		return ""
	case nameOf(name, id) != name:
		return e.T("Name can't be shown")
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

// named says what stands in the way of something in a call with the names of those who
// are in it; "" for what needs no name, and where there is no call.
func (e *Env) named(code string) string {
	s := e.Phone.Snapshot()
	if s == nil || s.Call == nil {
		return ""
	}
	far, asked, number := nameOf(s.Call.RemoteName, s.Call.RemoteID), "", ""
	if k := s.Call.Consultation; k != nil {
		asked = e.partyName(k.Target)
	}
	if t := s.Call.Transfer; t != nil {
		number = Number(t.Target)
	}
	switch {
	case code == "call.not-agreed-yet":
		return e.T("Still waiting for {name}'s phone.", "name", far)
	case code == "transfer.line-cannot":
		return e.T("This line can't transfer. Give {name} the number.", "name", far)
	case code == "transfer.refused" && number != "":
		return e.T("{name}'s phone can't be transferred. Give them the number: {number}.", "name", far, "number", number)
	case asked == "":
	case code == "consultation.unanswered", code == "consultation.not-answered":
		return e.T("{name} hasn't answered yet.", "name", asked)
	case code == "consultation.busy":
		return e.T("You're already asking {name}. End that call first.", "name", asked)
	}
	return ""
}
