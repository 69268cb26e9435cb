package sip

import (
	"context"
	"time"
)

// Header is one header field of a SIP message.
type Header struct{ Name, Value string }

// Invitation is what an INVITE asks for.
type Invitation struct {
	// Target is the user part of the Request-URI, dialled at the flow's domain,
	// or a whole sip: URI.
	Target string
	// Offer is the SDP offer.
	Offer string
	// Headers are added as they are, X-Custom-Field for instance.
	Headers []Header
	// Anonymous hides who calls from the one who is called (RFC 3323 and 3325):
	// the server still learns it.
	Anonymous bool
	// StayPut keeps the call from following a redirection: a 3xx is Failed then.
	StayPut bool
}

// DialogEvent is something that happened to a dialog. Events come in order on
// Dialog.Events; the channel is closed after Ended or Failed. Responses that
// arrive out of order are put right first: no Provisional follows Answered.
type DialogEvent interface{ dialogEvent() }

// Provisional is a 1xx above 100, with its SDP body if it has one.
type Provisional struct {
	Status  int
	Reason  string
	Body    string
	Headers []Header
}

// Identified says who is at the other end now: a server has said so, or the far
// side's From has changed (RFC 3325 and RFC 4916). It comes before the event of
// the message that said it, and only when something is new.
type Identified struct {
	// Name and URI are who is to be shown; empty if Private.
	Name, URI string
	Private   bool
}

// Redirected says that the call goes on to another address, because of a 3xx or
// because the one before, of several that a 3xx gave, refused with Status (RFC
// 3261, section 8.1.3.4).
type Redirected struct {
	Target string
	Status int
}

// Answered is the 2xx to the INVITE; the ACK goes out at once.
type Answered struct {
	Body    string
	Headers []Header
}

// Failed is the final refusal of the INVITE, or the loss of the flow before an
// answer (Status 0 and Err set). Cancelled says that Hangup was called first, or
// Refuse for an incoming INVITE; ByRemote that the caller of an incoming INVITE
// gave up, and then Headers are those of the CANCEL.
type Failed struct {
	Status int
	Reason string
	// Said is why the server refuses, in its own words: the text of a Warning, else
	// that of a Reason, else the phrase of the status line. It may hold anything.
	Said       string
	RetryAfter time.Duration
	Cancelled  bool
	ByRemote   bool
	Headers    []Header
	Err        error
}

// Reoffered is a re-INVITE or UPDATE from the far side. Reply must be called
// once: with an SDP answer and 200, or with a status that refuses. Offer is
// empty for a re-INVITE without SDP, which Reply answers with an offer.
type Reoffered struct {
	Offer string
	Reply func(status int, body string) error
}

// Reanswered is the answer to the offer with which Reply answered a re-INVITE
// without SDP; it came in the ACK.
type Reanswered struct{ Answer string }

// Informed is an INFO inside the dialog; it has been answered.
type Informed struct {
	ContentType string
	Body        string
}

// Referred is a REFER from the far side: it wants us to call Target instead of
// it. Reply must be called once; after accepting, Notify tells how the new call
// fares, with its responses' statuses, the final one last. Replaces says that
// the call is to take the place of another (RFC 3891); then Replacing is the
// value of the header Replaces that the new call's INVITE must carry.
type Referred struct {
	Target, By string
	Replaces   bool
	Replacing  string
	Reply      func(accept bool) error
	Notify     func(ctx context.Context, status int) error
}

// TransferProgress tells how a Refer of ours fares: the far side's call to the
// new party got this status, 0 if it ended without saying so. After Final there is no
// more. It may come before Refer returns.
type TransferProgress struct {
	Status int
	Final  bool
}

// FlowLost says that the connection under the dialog is gone. The dialog lives
// on and can be rebound to another flow by Dialog.Rebind.
type FlowLost struct{ Err error }

// Ended is the end of an answered dialog. ByRemote says that the far side sent
// the BYE; Status is 481 or 408 if a request found the dialog gone.
type Ended struct {
	ByRemote bool
	Status   int
	Headers  []Header
}

func (Provisional) dialogEvent()      {}
func (Identified) dialogEvent()       {}
func (Redirected) dialogEvent()       {}
func (Answered) dialogEvent()         {}
func (Failed) dialogEvent()           {}
func (Reoffered) dialogEvent()        {}
func (Reanswered) dialogEvent()       {}
func (Informed) dialogEvent()         {}
func (Referred) dialogEvent()         {}
func (TransferProgress) dialogEvent() {}
func (FlowLost) dialogEvent()         {}
func (Ended) dialogEvent()            {}
