package main

import (
	"os"
	"path/filepath"
	"runtime"
)

// slimName is the program that holds the phone alone.
const slimName = "offhook-headless"

// slim is the path of the program that runs a phone without a window in less
// memory, or "" if this one has to: it stands beside this one.
func slim(o options) string {
	if !whole || !o.Headless || o.Demo {
		return ""
	}
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	name := slimName
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(filepath.Dir(self), name)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return path
	}
	return ""
}
