package sip

import (
	sipmsg "github.com/emiago/sipgo/sip"
)

// accept looks at every message before sipgo does: sipgo closes a connection
// on which a message does not parse.
func (f *Flow) accept(message []byte) bool {
	if err := inspect(message); err != nil {
		f.cfg.Logger.Warn("dropped a message that is not SIP", "bytes", len(message), "error", err)
		return false
	}
	return true
}

// inspect parses a message for what is wrong with it. It never panics.
func inspect(message []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errUnparsable
		}
	}()
	if _, err := sipmsg.NewParser().ParseSIP(message); err != nil {
		return errUnparsable
	}
	return nil
}
