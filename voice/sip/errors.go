package sip

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrFlowLost says that the connection under a dialog is gone. The dialog
	// may be rebound to another flow.
	ErrFlowLost = errors.New("sip: the connection is lost")
	// ErrFlowClosed is the Err of a flow that Close ended.
	ErrFlowClosed = errors.New("sip: the flow was closed")
	// ErrDialogEnded says that the dialog is over.
	ErrDialogEnded = errors.New("sip: the dialog has ended")
	// ErrNotAnswered says that the dialog has not been answered yet.
	ErrNotAnswered = errors.New("sip: the dialog is not answered yet")
	// ErrReplied says that Reply was called before, or that the request is gone.
	ErrReplied = errors.New("sip: the request was already answered")
	// ErrNotProvisional and ErrNotFinal say that a status is of the wrong class.
	ErrNotProvisional = errors.New("sip: not a provisional status")
	ErrNotFinal       = errors.New("sip: not a final refusal")
	// ErrCredentials says that a server refused the user name and password.
	ErrCredentials = errors.New("sip: the server refused the credentials")
	// ErrTimeout says that a request was not answered within 64*T1 = 32 s.
	ErrTimeout = errors.New("sip: no answer to a request")

	errUnparsable = errors.New("not a SIP message")
)

// StatusError is a final response that refuses a request inside a dialog.
type StatusError struct {
	Status     int
	Reason     string
	RetryAfter time.Duration
}

// Error returns the status line.
func (e *StatusError) Error() string {
	return fmt.Sprintf("sip: refused with %d %s", e.Status, e.Reason)
}
