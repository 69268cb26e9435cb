// Package voice is the call engine: a registration-less voice client that any
// Go program can import, and an extension of any SIP server (SIPAccount). It holds
// one call at a time, or as many as WithMaxCalls says.
//
// A Client is made once, initialised with a subscriber's token, and then dials
// or is told of incoming calls by RelaySessionData. What happens comes out as
// events, in order, on any number of subscriptions; a slow subscriber never
// delays a call. One goroutine owns each call, and no method of Client or Call
// hands out state that another goroutine writes.
//
// Names follow the reference client in Go's form: onCallRinging is the event
// CallRinging, CallEndReason is EndReason.
package voice
