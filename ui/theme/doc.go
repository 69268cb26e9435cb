// Package theme is the phone's look: its colours, sizes and fonts as one
// fyne.Theme, and its icons drawn in those colours.
package theme
