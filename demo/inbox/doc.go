// Package inbox is the push inbox: it keeps messages for each subscriber until
// they are acknowledged or expire, and delivers them over WebSocket.
//
// The database alone holds the messages; a socket only remembers how far it has
// sent. A process that is killed therefore loses nothing that Deliver accepted,
// and a phone that reads slowly costs no memory.
package inbox
