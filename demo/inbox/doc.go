// Package inbox is the push inbox: it keeps messages for each subscriber until
// they are acknowledged, and delivers them over WebSocket. One that has expired is
// kept for a while and delivered as what it is: the phone logs a missed call.
//
// The streams alone hold the messages; a socket only remembers what it has sent and
// is not done with. A process that is killed therefore loses nothing that Deliver
// accepted, and a phone that reads slowly costs no memory.
//
// A message goes two ways at once: into the stream of its owner's partition, which
// keeps it, and over a plain subject to the node that has the owner's phone, which
// sends it without waiting for the stream. The stream says the message again once it
// has it. A phone is sent each message once on a socket, and knows by its id what it
// has seen on another.
package inbox
