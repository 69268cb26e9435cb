// Package fault holds the one error type that a person may read.
//
// An Error has the type that scripts see, an ErrorType name of the reference
// (section 2.3), and a code of its own, such as "call.none". What a person reads
// stands under the code in assets/lang, in each language: the sentence that says
// what is wrong, and under code + ".next" what to do about it. A new error is
//
//	fault.New(fault.NoCall, "call.none")
//	fault.Wrap(err, fault.ServerError, "server.failed", status)
//
// and two lines in each of en.json, es.json and hi.json. The values after the
// code fill the places {1}, {2} … of both sentences; a value may be a lang.Text or
// another error's Text(). Error, Message and Next speak English; a window asks its
// own lang.Book to say Text().
package fault

import (
	"errors"
	"fmt"
	"strings"

	"offhook/assets/lang"
)

// Type is the machine-readable kind of an error (reference, section 2.3).
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

// Error is an error fit for a person. Its sentence is found by Code, with Args in
// its places. Cause is for the log and for errors.Is and errors.As; it is never
// shown. Neither may hold a password or a token.
type Error struct {
	Type  Type
	Code  string
	Args  []any
	Cause error
}

// New makes an Error without a cause.
func New(t Type, code string, args ...any) *Error {
	return &Error{Type: t, Code: code, Args: args}
}

// Wrap makes an Error that keeps cause for the log.
func Wrap(cause error, t Type, code string, args ...any) *Error {
	return &Error{Type: t, Code: code, Args: args, Cause: cause}
}

// Text returns the sentence that says what is wrong, in no language yet.
func (e *Error) Text() lang.Text { return lang.Of(e.Code, e.Args...) }

// Message returns in one English sentence what is wrong.
func (e *Error) Message() string { return e.Text().String() }

// Next returns in one English sentence what to do, "" if there is nothing.
func (e *Error) Next() string { return e.Text().Next().String() }

// Error returns the type, the English sentence and the cause, for logs.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Type, e.Message(), e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Type, e.Message())
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an *Error of the same type, so that
// errors.Is(err, &fault.Error{Type: fault.NetworkError}) asks for the type.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Type == e.Type && t.Code == ""
}

// Sentence returns the message and the next step in English.
func (e *Error) Sentence() string {
	return strings.TrimSpace(e.Message() + " " + e.Next())
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
	return Wrap(err, InternalError, "phone.failed")
}

// TypeOf returns the type of err, InternalError for an error without one, and
// "" for nil.
func TypeOf(err error) Type {
	if err == nil {
		return ""
	}
	return From(err).Type
}

// Plain turns a fault that may be nil into an error that may be nil.
func Plain(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}
