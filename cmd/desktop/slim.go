package main

import (
	"os"
	"path/filepath"
	"runtime"
)

// slimName is the program that holds the phone alone.
const slimName = "offhook-headless"

// slim is the path of the program that runs a phone without a window in less
// memory, or "" if this one has to: it stands beside this one, or, where that is
// a folder for people's commands, in ../lib/offhook.
func slim(o options) string {
	if !whole || !o.headless || o.demo {
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
	dir := filepath.Dir(self)
	for _, path := range []string{filepath.Join(dir, name), filepath.Join(dir, "..", "lib", "offhook", name)} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}
