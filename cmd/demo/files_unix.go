//go:build unix

package main

import (
	"fmt"
	"syscall"
)

// checkFiles compares the limit of open files with what thousands of phones
// need.
func checkFiles() finding {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return warn("open-files", "The limit can't be read.", "")
	}
	text := fmt.Sprintf("The process may have %d open files; a phone needs one or two.", limit.Cur)
	if limit.Cur < wantFiles {
		return warn("open-files", text, "Raise it for thousands of phones: LimitNOFILE= in the unit.")
	}
	return pass("open-files", text)
}
