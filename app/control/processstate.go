package control

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
)

// ProcessState is what `ctl runtime` prints, after a garbage collection.
type ProcessState struct {
	Goroutines int    `json:"goroutines"`
	HeapBytes  uint64 `json:"heap_bytes"`
	HeapCount  uint64 `json:"heap_objects"`
	SysBytes   uint64 `json:"sys_bytes"`
	// StackBytes, ProfileBytes and OtherBytes are parts of SysBytes: the stacks, the
	// tables of the heap profile, and what else the runtime keeps beside the heap.
	StackBytes   uint64 `json:"stack_bytes"`
	ProfileBytes uint64 `json:"profile_bytes"`
	OtherBytes   uint64 `json:"other_bytes"`
	PID          int    `json:"pid"`
}

func processState(_ context.Context, _ *Server, r request, _ func(any) error) (any, error) {
	if len(r.Args) > 0 {
		if !filepath.IsAbs(r.Args[0]) { // where the phone runs is not where its user is
			return nil, usage("Name the file by its whole path.")
		}
		runtime.GC() // the profile is of what the last collection left
		f, err := os.OpenFile(r.Args[0], os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			return nil, usage("The file can't be made; name a new one by its whole path.")
		}
		err = errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
		if err != nil {
			return nil, err
		}
	}
	// After the profile, whose writing makes garbage too.
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return ProcessState{Goroutines: runtime.NumGoroutine(), HeapBytes: m.HeapAlloc, HeapCount: m.HeapObjects, SysBytes: m.Sys,
		StackBytes: m.StackInuse, ProfileBytes: m.BuckHashSys, OtherBytes: m.Sys - m.HeapSys - m.StackSys - m.BuckHashSys, PID: os.Getpid()}, nil
}
