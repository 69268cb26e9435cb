package voice

import "errors"

// errNoTelephoneEvent says that the far side takes no RFC 4733 events.
var errNoTelephoneEvent = errors.New("no telephone-event")

// sipStatus returns the SIP status behind an error of a dialog, or 0.
func sipStatus(err error) int {
	var s interface{ SIPStatus() int }
	if errors.As(err, &s) {
		return s.SIPStatus()
	}
	return 0
}
