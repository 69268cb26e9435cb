package settings

import (
	"encoding/json"
	"errors"
)

// CallWaiting says on which lines a second call is taken while one goes on. In JSON
// it may be true or false as well.
type CallWaiting string

// WaitingDefault is as the reference has it: on SIP accounts, and not on the
// subscriber's line.
const (
	WaitingDefault CallWaiting = "default"
	WaitingOn      CallWaiting = "on"
	WaitingOff     CallWaiting = "off"
)

// On reports whether a line takes a second call: a SIP account or, if sip is false,
// the subscriber's line.
func (w CallWaiting) On(sip bool) bool { return w == WaitingOn || w != WaitingOff && sip }

// UnmarshalJSON reads a word, or true or false for on and off.
func (w *CallWaiting) UnmarshalJSON(data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case string:
		*w = CallWaiting(v)
	case bool:
		if *w = WaitingOff; v {
			*w = WaitingOn
		}
	default:
		return errors.New("neither a word nor true or false")
	}
	return nil
}
