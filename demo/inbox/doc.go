// Package inbox is the push inbox: it keeps messages for each subscriber until
// they are acknowledged or expire, and delivers them over WebSocket.
package inbox
