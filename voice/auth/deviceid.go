package auth

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

// DeviceID returns the id of this installation: a random UUID, made once and
// kept in the user's config folder (reference, section 10.19). With an error it
// is one that was not kept.
func DeviceID() (string, error) {
	fresh := uuid.NewString()
	dir, err := os.UserConfigDir()
	if err != nil {
		return fresh, err
	}
	dir = filepath.Join(dir, "offhook")
	file := filepath.Join(dir, "device-id")
	if id, ok := readDeviceID(file); ok {
		return id, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fresh, err
	}
	draft, err := os.CreateTemp(dir, "device-id-*")
	if err != nil {
		return fresh, err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(fresh + "\n")
	if closeErr := draft.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fresh, err
	}
	// Link fails where Rename would replace: two phones that start at once for
	// the first time must agree.
	if err := os.Link(draft.Name(), file); err != nil {
		if id, ok := readDeviceID(file); ok {
			return id, nil
		}
		if err := os.Rename(draft.Name(), file); err != nil {
			return fresh, err
		}
	}
	return fresh, nil
}

func readDeviceID(file string) (string, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", false
	}
	id, err := uuid.Parse(strings.TrimSpace(string(text)))
	return id.String(), err == nil
}
