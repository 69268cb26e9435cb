// Package line is what a call is placed over and arrives on: the subscriber line
// (package subscriber) or a SIP account (package sipaccount).
package line

import (
	"context"
	"time"

	"offhook/voice/media"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// Line is what a call stands on: the subscriber line or a SIP account. States,
// timers, sound, supervision and statistics are the call's own and the same over
// both; a line knows how its server is reached and what it wants to hear.
type Line interface {
	// Name names the line as CallDetails.Line does.
	Name() string
	// Flow returns the open flow. If there is none it tries to connect at once
	// and returns the error of that attempt.
	Flow(ctx context.Context) (Flow, error)
	// Await returns the open flow as soon as there is one; it fails only with
	// ctx or the end of the line.
	Await(ctx context.Context) (Flow, error)
	// Invitation is the INVITE for what a user dials, without its offer, and
	// the callee as it is shown.
	Invitation(target, message string) (inv sip.Invitation, shown string, err error)
	// Reauthenticate gets the credentials again after the server has refused them. It
	// reports whether it has others now, which the next flow uses.
	Reauthenticate(ctx context.Context) bool
	// Usable says why no call can be placed now.
	Usable() error
	// NewMedia makes the session of one leg; offer is the far side's, "" if this
	// side makes one.
	NewMedia(ctx context.Context, offer string) (media.Session, error)
	Limits() Limits
	// Report sends a report to those who look after the quality of calls.
	Report(entry any)
	// Rate passes on what the user says of an ended call.
	Rate(ctx context.Context, f wire.Feedback) error
}

// Limits bound how long each part of a call may take.
type Limits struct {
	Ring, Connection, Disrupted, Media time.Duration
	// MustSound says that an answered call without any sound is none.
	MustSound bool
}

// Flow is one connection to the exophone, kept alive by its owner.
type Flow interface {
	// Invite sends an INVITE and does not wait for its answers.
	Invite(ctx context.Context, inv sip.Invitation) (Dialog, error)
	// Prove fails if the far end gives no sign of life before ctx ends.
	Prove(ctx context.Context) error
	// Done is closed when the connection is gone.
	Done() <-chan struct{}
	Err() error
	Close() error
}

// Dialog is one leg's signalling.
type Dialog interface {
	Events() <-chan sip.DialogEvent
	// Done is closed when the dialog is over, before its last event is read.
	Done() <-chan struct{}
	// Hangup sends CANCEL or BYE, as the state asks. Over a flow that is lost
	// it waits for Rebind.
	Hangup(ctx context.Context) error
	// Reinvite returns the SDP answer to offer.
	Reinvite(ctx context.Context, offer string) (answer string, err error)
	Info(ctx context.Context, contentType, body string) error
	// Refresh shows the far side which flow the dialog uses now.
	Refresh(ctx context.Context) error
	// Rebind moves the dialog to another flow.
	Rebind(f Flow) error
	// Refer asks the far side to call target (RFC 3515); ReferTo to take the place
	// of this phone in another dialog (RFC 3891).
	Refer(ctx context.Context, target string) error
	ReferTo(ctx context.Context, target string, other Dialog) error
	// Ring, Accept and Refuse answer the INVITE of a dialog that the far side began.
	Ring(status int, body string, headers ...sip.Header) error
	Accept(body string, headers ...sip.Header) error
	Refuse(status int, headers ...sip.Header) error
}
