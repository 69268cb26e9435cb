package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"offhook/voice/wire"
	"time"
)

// Message is one message of the inbox.
type Message struct {
	// ID rises within an inbox, with gaps.
	ID        int64
	SentAt    time.Time
	ExpiresAt time.Time
	Data      wire.PushData
	// Again says that the message was seen before without being acknowledged.
	Again bool
}

// maxFrame is the largest frame that is taken in; larger ones are skipped.
const maxFrame = 256 * 1024

// maxID is the largest number that every JSON implementation keeps exact.
const maxID = 1<<53 - 1

type hello struct {
	Inbox string
	Now   time.Time
}

var (
	errNotJSON  = errors.New("the frame is not a JSON object with a type")
	errNoInbox  = errors.New("the hello names no inbox")
	errBadID    = errors.New("the message has no valid id")
	errNoData   = errors.New("the message has no data")
	errTooLarge = errors.New("the frame is too large")
)

// parseFrame parses a frame of the server: a hello, a *Message, agents, or nil for a
// type that is not known, so that newer servers may add some.
func parseFrame(text []byte) (any, error) {
	var f struct {
		Type      string          `json:"type"`
		Inbox     string          `json:"inbox"`
		Now       instant         `json:"now"`
		ID        json.Number     `json:"id"`
		SentAt    instant         `json:"sent_at"`
		ExpiresAt instant         `json:"expires_at"`
		Data      json.RawMessage `json:"data"`
		Agents    []wire.Agent    `json:"agents"`
	}
	if err := json.Unmarshal(text, &f); err != nil || f.Type == "" {
		return nil, errNotJSON
	}
	switch f.Type {
	case wire.FrameHello:
		if f.Inbox == "" || len(f.Inbox) > 128 {
			return nil, errNoInbox
		}
		return hello{Inbox: f.Inbox, Now: time.Time(f.Now)}, nil
	case wire.FrameAgents:
		return f.Agents, nil
	case wire.FrameMessage:
		id, err := f.ID.Int64()
		if err != nil || id < 1 || id > maxID {
			return nil, errBadID
		}
		var data *wire.PushData
		if err := json.Unmarshal(f.Data, &data); err != nil || data == nil {
			return &Message{ID: id}, errNoData
		}
		return &Message{ID: id, SentAt: time.Time(f.SentAt), ExpiresAt: time.Time(f.ExpiresAt), Data: *data}, nil
	}
	return nil, nil
}

// instant is a time in RFC 3339, or in seconds since 1970. What is neither is
// the zero time: a message is not lost for a date.
type instant time.Time

func (i *instant) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			*i = instant(t)
		}
		return nil
	}
	var seconds float64
	if json.Unmarshal(b, &seconds) == nil && seconds > 0 && seconds < 1e11 {
		*i = instant(time.Unix(0, int64(seconds*1e9)))
	}
	return nil
}

func ackFrame(id int64) []byte {
	return fmt.Appendf(nil, `{"type":%q,"id":%d}`, wire.FrameAck, id)
}
