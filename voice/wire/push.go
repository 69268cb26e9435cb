package wire

import "encoding/json"

// Subprotocol names the framing of the push socket.
const Subprotocol = "offhook.push.v1"

// Close codes of the push socket.
const (
	// CloseRefused says that the token or its subscriber is refused.
	CloseRefused = 4401
	// CloseOtherDevice says that another device has the inbox now.
	CloseOtherDevice = 4409
)

// The types of the frames of the push socket. Either side passes over a type
// that it does not know, so that the other may be newer.
const (
	FrameHello   = "hello"
	FrameMessage = "message"
	FrameAck     = "ack"
	FrameAgents  = "agents"
)

// HelloFrame is the platform's first frame. Another Inbox than before resets the
// phone's last id.
type HelloFrame struct {
	Type  string `json:"type"`
	Inbox string `json:"inbox"`
	Now   string `json:"now"`
}

// MessageFrame is a message of the inbox. Its Data is a PushData.
type MessageFrame struct {
	Type      string          `json:"type"`
	ID        int64           `json:"id"`
	SentAt    string          `json:"sent_at"`
	ExpiresAt string          `json:"expires_at"`
	Data      json.RawMessage `json:"data"`
}

// AckFrame is what the phone sends once a message is in safe hands.
type AckFrame struct {
	Type string `json:"type"`
	ID   int64  `json:"id"`
}
