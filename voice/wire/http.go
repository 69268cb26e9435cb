package wire

import "encoding/json"

// ErrorCode is the code in error_data (reference, sections 4 and 10.7).
type ErrorCode int

// The codes of error_data. 1000 to 1004 are those of the documents and of section
// 10.7; the others are for failures that the documents leave open.
const (
	CodeNotFound     ErrorCode = 1000
	CodeBadParameter ErrorCode = 1001
	CodeDuplicate    ErrorCode = 1002
	CodeInactive     ErrorCode = 1003
	CodeUnauthorized ErrorCode = 1004
	CodeInternal     ErrorCode = 1005
	CodeTooMany      ErrorCode = 1006
	CodeNotEnabled   ErrorCode = 1007
)

// ErrorData is error_data of the envelope.
type ErrorData struct {
	Code        ErrorCode `json:"code"`
	Description string    `json:"description"`
	Message     string    `json:"message"`
}

// TokenPair is the subscriber token (reference, section 3).
type TokenPair struct {
	RefreshToken string `json:"refresh_token"`
	AccessToken  string `json:"access_token"`
}

// Feedback is what the user says of a call (reference, section 1.5).
type Feedback struct {
	SessionID string `json:"session_id"`
	// Rating is 1 (unusable) to 5 (excellent).
	Rating int    `json:"rating"`
	Issue  string `json:"issue"`
	Note   string `json:"note,omitempty"`
}

// Events is a batch of client events. Each is a JSON object of the phone's own
// form; its session_id ties it to a call.
type Events struct {
	Events []json.RawMessage `json:"events"`
}

// LogRequest asks where a log archive of Size bytes may be put.
type LogRequest struct {
	Size        int64  `json:"size"`
	Description string `json:"description"`
	SessionID   string `json:"session_id,omitempty"`
}

// LogDestination is where a log archive may be put.
type LogDestination struct {
	// URL is signed and needs no token.
	URL       string `json:"url"`
	FileName  string `json:"file_name"`
	Reference string `json:"reference"`
}

// Rejection declines an incoming call: Reason is ReasonDeclined or ReasonBusy.
type Rejection struct {
	Reason string `json:"reason"`
}
