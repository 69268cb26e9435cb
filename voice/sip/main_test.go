package sip

import (
	"log/slog"
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The tests' server is sipgo's: it logs whole messages, and writes no datagram
// longer than this less 200.
func init() {
	sipmsg.SetDefaultLogger(slog.New(slog.DiscardHandler))
	sipmsg.UDPMTUSize = 1<<16 + 200
}
