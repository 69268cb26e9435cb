package sip

import "time"

// ExtensionState is how a watched extension stands.
type ExtensionState string

// The states; unknown is also while the server says nothing.
const (
	ExtensionUnknown ExtensionState = ""
	ExtensionFree    ExtensionState = "free"
	ExtensionRinging ExtensionState = "ringing"
	ExtensionBusy    ExtensionState = "busy"
)

// Extension is how an extension stands that Account.Watch follows (RFC 4235).
type Extension struct {
	// User is the extension, as it was given to Watch.
	User  string         `json:"extension"`
	State ExtensionState `json:"state"`
	// Since is when State began, as far as was heard here.
	Since time.Time `json:"since"`
	// CallerName and Caller are who calls it while it rings, as far as the server says.
	CallerName string `json:"caller_name,omitempty"`
	Caller     string `json:"caller,omitempty"`
	// Replaces is the value of the header with which an INVITE takes the call that rings
	// there (RFC 3891); "" if the server does not say so much.
	Replaces string `json:"-"`
}
