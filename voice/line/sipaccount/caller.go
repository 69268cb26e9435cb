package sipaccount

import (
	"strings"

	"offhook/voice/display"
	"offhook/voice/sip"
)

// Caller is who calls, as a person reads it: who the servers on the way say, or
// else the caller, and nobody if the caller wants to stay unknown (RFC 3325).
func (l *Line) Caller(in sip.Incoming) (remote, name string) {
	if in.Private {
		return Anonymous, ""
	}
	remote, name = in.Caller, in.CallerName
	if len(in.Asserted) > 0 {
		remote = in.Asserted[0].URI
		if n := in.Asserted[0].Name; n != "" {
			name = n
		}
	}
	return l.Account.Shown(remote), display.Name(strings.Trim(name, `" `))
}

// Diverted is the party from which a call was diverted here last.
func (l *Line) Diverted(in sip.Incoming) string {
	if len(in.Diverted) == 0 {
		return ""
	}
	d := in.Diverted[0]
	if name := display.Name(d.Name); name != "" {
		return name
	}
	return l.Account.Shown(d.URI)
}

// Anonymous is shown for a caller who wants to stay unknown.
const Anonymous = "anonymous"

// Shown is an address that the server tells, as a person reads it.
func (a Account) Shown(uri string) string {
	n := a.Plan().Caller(uri)
	if strings.HasSuffix(n.Key, "@anonymous.invalid") {
		return Anonymous
	}
	return n.Shown
}
