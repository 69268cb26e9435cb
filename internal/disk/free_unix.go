//go:build unix

package disk

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Free returns how many bytes the user may still write on the disk of a folder.
func Free(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// Full reports whether an error says that a disk, or the user's share of it, is full.
func Full(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
