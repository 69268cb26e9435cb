// Package ui is the phone's window, in Fyne: it renders app snapshots and sends
// app commands, and holds no phone logic of its own.
package ui
