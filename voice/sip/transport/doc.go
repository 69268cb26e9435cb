// Package transport carries SIP messages between the phone and one server: over
// a WebSocket (RFC 7118), over a stream of TCP or TLS, or in datagrams of UDP
// (RFC 3261, section 18). Whatever is below, a Conn gives whole messages in the
// order in which they came, keeps itself alive, and says why it ended. It knows
// where a message begins and ends and nothing else of SIP.
package transport
