// Package calllog is the call log: one SQLite file per profile that holds every
// call and missed call once, from the moment it began, so that a phone killed
// in a call still knows of it at its next start.
//
// The order of the log is the order in which calls were written to it, whatever
// the computer's clock said, and nothing is deleted by a time that a server has
// not confirmed.
package calllog
