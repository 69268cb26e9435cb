// Package screen holds the phone's screens. Each is drawn from a View and tells
// Env what the user asked for; none of them holds phone logic.
package screen
