package sip

import (
	"log/slog"

	sipmsg "github.com/emiago/sipgo/sip"
)

// sipgo logs through a logger of its package whatever option it is given, and
// at some places whole messages with their credentials. The flow logs what
// matters through its own.
func init() { sipmsg.SetDefaultLogger(slog.New(slog.DiscardHandler)) }
