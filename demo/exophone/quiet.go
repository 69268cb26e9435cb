package exophone

import (
	"log/slog"

	"github.com/emiago/sipgo/sip"
)

// The SIP stack logs through a logger of its package whatever option it is
// given, and at some places whole messages with their tokens. The exchange logs
// what matters through its own.
func init() { sip.SetDefaultLogger(slog.New(slog.DiscardHandler)) }
