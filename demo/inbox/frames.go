package inbox

import (
	"encoding/json"
	"errors"
	"time"
)

// Subprotocol names the framing of the push socket.
const Subprotocol = "offhook.push.v1"

// Close codes of the push socket (wire decisions).
const (
	// CloseRefused says that the token or its subscriber is refused.
	CloseRefused = 4401
	// CloseOtherDevice says that another device has the inbox now.
	CloseOtherDevice = 4409
)

// Data is what a message carries to the phone (reference, section 5).
type Data struct {
	SubscriberName string `json:"subscriberName"`
	Payload        string `json:"payload"`
	PayloadVersion string `json:"payloadVersion"`
}

type helloFrame struct {
	Type  string `json:"type"` // "hello"
	Inbox string `json:"inbox"`
	Now   string `json:"now"`
}

type messageFrame struct {
	Type      string          `json:"type"` // "message"
	ID        int64           `json:"id"`
	SentAt    string          `json:"sent_at"`
	ExpiresAt string          `json:"expires_at"`
	Data      json.RawMessage `json:"data"`
}

// clientFrame is what a phone sends. The only type so far is "ack"; others are
// passed over, so that newer phones work.
type clientFrame struct {
	Type string `json:"type"`
	ID   int64  `json:"id"`
}

var errFrame = errors.New("the frame is not a JSON object with a type")

func parseClientFrame(text []byte) (clientFrame, error) {
	var f clientFrame
	if err := json.Unmarshal(text, &f); err != nil || f.Type == "" || f.Type == "ack" && f.ID < 1 {
		return clientFrame{}, errFrame
	}
	return f, nil
}

// stamp writes a time with milliseconds, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
