//go:build !linux

package ui

// watchScreen has nothing to watch where the screen is the system's own.
func watchScreen(func()) {}
