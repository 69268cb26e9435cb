package sipaccount

import (
	"errors"
	"time"

	"offhook/voice/fault"
	"offhook/voice/sip"
)

// State says where a SIP account stands, in the words of the reference's web
// client (section 7).
type State string

// Unregistered: calls don't arrive, an attempt is due or under way. Registered:
// calls arrive. Terminated: the server does not accept the password, which is tried
// again hourly.
const (
	Unregistered State = "unregistered"
	Registered   State = "registered"
	Terminated   State = "terminated"
)

// Status is how a SIP account stands. It is a copy.
type Status struct {
	// ID is the account's, Address its sip: address.
	ID, Address string
	State       State
	// Since is when State began; Expires until when the server has granted the
	// registration, zero if it has not.
	Since, Expires time.Time
	// Err is why the line is not registered; nil while it is, or while nothing is
	// known yet.
	Err *fault.Error
	// RetryAt is when the phone tries again by itself; zero while it is registered.
	RetryAt time.Time
	// Messages are the voice messages that wait, as the server says (RFC 3842).
	Messages sip.MessageSummary
	// Extensions is how those stand that Line.Watch names, in their order. It is never
	// written again.
	Extensions []sip.Extension
}

// statusOf puts what the signalling says into the engine's terms.
func statusOf(a Account, r sip.Registration) Status {
	s := Status{
		ID: a.ID, Address: "sip:" + a.User + "@" + a.Domain,
		State: Unregistered, Since: r.Since, Expires: r.Expires, RetryAt: r.RetryAt,
	}
	switch r.Phase {
	case sip.Registered:
		s.State = Registered
	case sip.Terminated:
		s.State = Terminated
	}
	var known *fault.Error
	if errors.As(r.Err, &known) {
		s.Err = known
	} else if r.Err != nil {
		s.Err = fault.From(r.Err)
	}
	return s
}
