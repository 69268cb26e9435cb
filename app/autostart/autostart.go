// Package autostart has the system start the phone when its user logs in: an entry of
// XDG autostart, a Run value of the Windows registry, or a launch agent of macOS.
package autostart

import "os"

// Entry is one profile's start at login.
type Entry struct {
	// ID tells the entries of several profiles apart; it is fit for a file's name. Title
	// is what the system's own list of such programs shows.
	ID, Title string
	// Args are the program's arguments; the program is the one that runs.
	Args []string
}

// program is the file that starts this program again: an AppImage runs from a folder
// that is gone after its end.
func program() (string, error) {
	if image := os.Getenv("APPIMAGE"); image != "" {
		return image, nil
	}
	return os.Executable()
}
