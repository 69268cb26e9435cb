// Package exophone is the platform's telephone exchange: SIP over WebSocket
// with digest, sessions from dial to end, ring and conversation limits, and the
// bots. It knows the rest of the platform by the small interfaces of
// contract.go only.
package exophone
