package main

import (
	"io"
	"os"
)

// unread reports whether a person may never see what is written to w: it is a file
// of this process, and no terminal. A phone that was started by its icon writes to
// a log of the desktop, or to nothing.
func unread(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false // the caller reads it
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return true
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}
