// Package app is the phone without a screen: sign-in, readiness, call log,
// contacts, settings, diagnostics, single instance and remote control.
//
// A Phone takes commands by method and gives out immutable Snapshots on
// streams. The window, the ctl command and the tests all see the same
// snapshots; none of them holds any phone logic.
package app
