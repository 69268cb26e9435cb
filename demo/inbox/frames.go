package inbox

import (
	"encoding/json"
	"errors"
	"offhook/voice/wire"
	"time"
)

var errFrame = errors.New("the frame is not a JSON object with a type")

func parseClientFrame(text []byte) (wire.AckFrame, error) {
	var f wire.AckFrame
	if err := json.Unmarshal(text, &f); err != nil || f.Type == "" || f.Type == wire.FrameAck && f.ID < 1 {
		return wire.AckFrame{}, errFrame
	}
	return f, nil
}

// stamp writes a time with milliseconds, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
