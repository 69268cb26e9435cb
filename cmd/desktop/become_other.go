//go:build !unix

package main

// become does nothing where no process can become another: this one runs the
// phone itself.
func become(string, []string) {}
