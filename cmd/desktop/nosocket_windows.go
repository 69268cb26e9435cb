package main

import (
	"errors"

	"golang.org/x/sys/windows"
)

// noLocalSockets says that err means: this system knows no sockets in the file
// system. Windows does since version 1803.
func noLocalSockets(err error) bool { return errors.Is(err, windows.WSAEAFNOSUPPORT) }
