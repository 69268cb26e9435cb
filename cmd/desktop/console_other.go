//go:build !windows || !headless

package main

import "io"

// console is for Windows, where a program with a window has no console.
func console(options, []string, io.Writer) (code int, done bool) { return 0, false }
