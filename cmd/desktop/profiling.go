package main

import (
	"os"
	"runtime"
	"strings"
)

// The tables of the heap profile cost up to two megabytes, and grow with every new
// way to a piece of memory. Who wants a profile (`offhook ctl runtime FILE`) starts
// the phone with GODEBUG=memprofilerate=524288.
func init() {
	if !strings.Contains(os.Getenv("GODEBUG"), "memprofilerate=") {
		runtime.MemProfileRate = 0
	}
}
