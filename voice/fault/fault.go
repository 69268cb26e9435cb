// Package fault holds the one error type a person may read: a code, a sentence
// that says what is wrong, and what to do next.
//
// The codes are the ErrorType names of the reference (section 2.3). Every room
// of the phone returns its errors as a *fault.Error when a person or a script
// will see them, and wraps the technical cause for the log.
package fault

import (
	"errors"
	"fmt"
)

// Type is the machine-readable code of an error (reference, section 2.3).
type Type string

// The error types of the reference. Those of the second group exist in its
// newer clients only.
const (
	NetworkError               Type = "NETWORK_ERROR"
	InternalError              Type = "INTERNAL_ERROR"
	AuthenticationInvalidToken Type = "AUTHENTICATION_INVALID_TOKEN"
	AuthenticationExpiredToken Type = "AUTHENTICATION_EXPIRED_TOKEN"
	InvalidParameter           Type = "INVALID_PARAMETER"
	MissingPermission          Type = "MISSING_PERMISSION"
	UploadLogFailure           Type = "UPLOAD_LOG_FAILURE"
	DeviceIntegrityTestFailure Type = "DEVICE_INTEGRITY_TEST_FAILURE"
	ServerError                Type = "SERVER_ERROR"

	Uninitialized        Type = "SDK_UNINITIALIZED"
	SystemBusy           Type = "SYSTEM_BUSY"
	PSTNCallInProgress   Type = "PSTN_CALL_INPROGRESS"
	InvalidDialInfo      Type = "INVALID_DIAL_INFO"
	PayloadError         Type = "PAYLOAD_ERROR"
	TonePlaybackError    Type = "TONE_PLAYBACK_ERROR"
	InvalidCredentials   Type = "INVALID_CREDENTIALS"
	AudioDeviceError     Type = "AUDIO_DEVICE_ERROR"
	ConfigurationInvalid Type = "CONFIGURATION_INVALID"
	NoCall               Type = "NO_CALL"
)

// Error is an error fit for a person: Message says in one sentence what is
// wrong, Next in one sentence what to do. Cause is for the log and for
// errors.Is and errors.As; it is never shown. None of the three may hold a
// password or a token.
type Error struct {
	Type    Type
	Message string
	Next    string
	Cause   error
}

// New makes an Error without a cause.
func New(t Type, message, next string) *Error {
	return &Error{Type: t, Message: message, Next: next}
}

// Wrap makes an Error that keeps cause for the log.
func Wrap(cause error, t Type, message, next string) *Error {
	return &Error{Type: t, Message: message, Next: next, Cause: cause}
}

// Error returns the code, the sentence and the cause, for logs.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Type, e.Message, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Type, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an *Error of the same type, so that
// errors.Is(err, &fault.Error{Type: fault.NetworkError}) asks for the code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Type == e.Type && t.Message == ""
}

// Sentence returns the message and the next step, as shown to a person.
func (e *Error) Sentence() string {
	if e.Next == "" {
		return e.Message
	}
	return e.Message + " " + e.Next
}

// From returns err as an *Error: itself if it is one, wraps one, or else an
// InternalError around it. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(err, InternalError, "Something inside the phone failed.", "Try again, and report the problem if it stays.")
}

// TypeOf returns the code of err, InternalError for an error without one, and
// "" for nil.
func TypeOf(err error) Type {
	if err == nil {
		return ""
	}
	return From(err).Type
}
