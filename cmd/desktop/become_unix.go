//go:build unix

package main

import (
	"os"
	"syscall"
)

// become replaces this process by another program: same id, same arguments. It
// returns only if that fails.
func become(path string, args []string) {
	_ = syscall.Exec(path, append([]string{path}, args...), os.Environ())
}
