// Package inbox is the push inbox: it keeps messages for each subscriber until
// they are acknowledged, and delivers them over WebSocket. One that has expired is
// kept for a while and delivered as what it is: the phone logs a missed call.
//
// The database alone holds the messages; a socket only remembers how far it has
// sent. A process that is killed therefore loses nothing that Deliver accepted,
// and a phone that reads slowly costs no memory.
package inbox
