// Package dialplan is the one place that knows what people mean by what they
// dial, paste and click.
//
// A Line says how numbers are meant where a call goes out: over the subscriber
// line, which knows names and numbers, or over a SIP account, which takes whatever
// its server may understand. Line.Parse makes a Number of a text: what goes into
// the Request-URI, what is shown, the key by which contacts and the call log find
// it, and the digits to be sent after the answer. Line.Caller does the same for an
// address that a server tells.
//
// The rules are those of RFC 3966 (tel URIs and visual separators), RFC 3261
// (SIP URIs), E.123 (how numbers are written) and of libphonenumber (E.164).
package dialplan
