package media

import "errors"

// Errors of a session.
var (
	// ErrNoTelephoneEvent reports that the far side takes no RFC 4733 events:
	// send the digits by SIP INFO.
	ErrNoTelephoneEvent = errors.New("media: the far side takes no telephone-event")
	// ErrDigit reports a character that is no DTMF digit.
	ErrDigit = errors.New("media: not a DTMF digit")
	// ErrTooManyDigits reports a queue of digits that would take minutes to send.
	ErrTooManyDigits = errors.New("media: too many digits are waiting")
	// ErrNoCodec reports that the two sides have no codec in common (SIP 488).
	ErrNoCodec = errors.New("media: no codec in common")
	// ErrNotAcceptable reports a description that the session can't serve (SIP
	// 488), such as plain RTP for a WebRTC session.
	ErrNotAcceptable = errors.New("media: transport not acceptable")
	// ErrClosed reports a session after Close.
	ErrClosed = errors.New("media: session is closed")
	// ErrState reports an answer without an offer.
	ErrState = errors.New("media: no offer waits for an answer")
	// ErrPathLost is the Err of a Failed event: no candidate pair works.
	ErrPathLost = errors.New("media: the network path is lost")
	// ErrHandshake is the Err of a Failed event: the keys could not be agreed.
	ErrHandshake = errors.New("media: the DTLS handshake failed")
)
