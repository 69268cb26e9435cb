// Package filelock lets one process at a time have a folder or a profile. The
// lock ends with the process, however that ends.
package filelock

import (
	"errors"
	"os"
)

// Lock opens or makes the file and locks it for this process. It does not wait:
// while another process has the lock it fails with an error that Held recognises.
// Close the file to let go.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(errHeld, err, f.Close())
	}
	return f, nil
}

var errHeld = errors.New("another process has the lock")

// Held reports whether an error of Lock means that another process has the lock.
func Held(err error) bool { return errors.Is(err, errHeld) }
