package wire

import "github.com/golang-jwt/jwt/v5"

// PayloadVersion is the only version of a payload that there is.
const PayloadVersion = "1"

// MaxPayload bounds the text of a payload, in bytes.
const MaxPayload = 16 << 10

// PayloadClaims are the claims of a call's payload (reference, section 10.1).
// The signed token itself is what HeaderSessionToken carries, and what long poll
// and rejection take as Bearer.
type PayloadClaims struct {
	jwt.RegisteredClaims
	CallerID    string `json:"callerId"`
	CallerName  string `json:"callerName"`
	SessionID   string `json:"sessionId"`
	LongPollURL string `json:"longPollUrl"`
	// LongPollTimeout is how long one poll is held, in seconds.
	LongPollTimeout int    `json:"longPollTimeout"`
	RejectCallURL   string `json:"rejectCallUrl"`
	// NotificationTime is RFC 3339 with a fraction.
	NotificationTime string `json:"notificationTime"`
}

// PushData is the body of a push to the application backend, and the data of the
// message that reaches the phone (reference, section 5).
type PushData struct {
	SubscriberName string `json:"subscriberName"`
	Payload        string `json:"payload"`
	PayloadVersion string `json:"payloadVersion"`
}

// Map returns the data under the reference's keys, as relaySessionData takes
// them.
func (d PushData) Map() map[string]string {
	return map[string]string{"subscriberName": d.SubscriberName, "payload": d.Payload, "payloadVersion": d.PayloadVersion}
}
