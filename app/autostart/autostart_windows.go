package autostart

import (
	"errors"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// runKey is where Windows looks for what a user's session starts.
const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

// Set has the phone start at login, or no more.
func (e Entry) Set(on bool) error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	if !on {
		if err := key.DeleteValue(e.Title); err != nil && !errors.Is(err, registry.ErrNotExist) {
			return err
		}
		return nil
	}
	line, err := e.line()
	if err != nil {
		return err
	}
	return key.SetStringValue(e.Title, line)
}

// line is the command line that starts the phone.
func (e Entry) line() (string, error) {
	file, err := program()
	if err != nil {
		return "", err
	}
	parts := []string{windows.EscapeArg(file)}
	for _, arg := range e.Args {
		parts = append(parts, windows.EscapeArg(arg))
	}
	return strings.Join(parts, " "), nil
}

// Stale reports whether the entry starts another program or profile than this one, or is
// gone.
func (e Entry) Stale() bool {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		return true
	}
	defer key.Close()
	have, _, err := key.GetStringValue(e.Title)
	want, wrong := e.line()
	return wrong == nil && (err != nil || have != want)
}
