package voice

import (
	"errors"

	"offhook/voice/sip"
)

// sipStatus returns the SIP status behind an error of a dialog, or 0.
func sipStatus(err error) int {
	var s *sip.StatusError
	if errors.As(err, &s) {
		return s.Status
	}
	return 0
}
