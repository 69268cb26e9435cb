// Package history is the call log: one SQLite file per profile that holds every
// call and missed call once, from the moment it began, so that a phone killed
// in a call still knows of it at its next start.
package history
