//go:build headless

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"offhook/app/control"
)

// console runs what offhook.com can't: Windows gives a program either a window or a
// console, so that offhook.exe says nothing to a shell. offhook.com stands beside it,
// where a shell that is told "offhook" looks first. It is the phone without a window and
// ctl; asked for a phone with one, it starts offhook.exe and leaves it to itself.
func console(o options, args []string, stderr io.Writer) (code int, done bool) {
	self, err := os.Executable()
	if err != nil || o.windowless || !strings.EqualFold(filepath.Ext(self), ".com") {
		return 0, false
	}
	window := exec.Command(strings.TrimSuffix(self, filepath.Ext(self))+".exe", args...)
	if err := window.Start(); err != nil {
		fmt.Fprintln(stderr, "offhook:", err)
		return control.ExitError, true
	}
	return control.ExitOK, true
}
