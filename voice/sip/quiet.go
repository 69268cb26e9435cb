package sip

import (
	"log/slog"

	sipmsg "github.com/emiago/sipgo/sip"
)

// sipgo logs through a logger of its package whatever option it is given, and
// at some places whole messages with their credentials. The flow logs what
// matters through its own.
func init() {
	sipmsg.SetDefaultLogger(slog.New(slog.DiscardHandler))
	// sipgo refuses to write datagrams of more than this less 200. Requests go
	// over TCP from 1300 on where there is TCP; a response must go the way its
	// request came, however long it is (RFC 3261, section 18.2.2).
	sipmsg.UDPMTUSize = 1<<16 + 200
}
