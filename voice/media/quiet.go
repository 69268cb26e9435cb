package media

import (
	"io"

	"github.com/pion/logging"
)

// quiet drops what the library logs: it names addresses and credentials, and
// what matters of it comes out as events.
type quiet struct{}

// NewLogger implements logging.LoggerFactory.
func (quiet) NewLogger(string) logging.LeveledLogger {
	return logging.NewDefaultLeveledLoggerForScope("", logging.LogLevelDisabled, io.Discard)
}
