package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"
)

const (
	crashPrefix = "crash-"
	crashSuffix = ".txt"
)

// WatchCrashes has the runtime write the trace of a crash into a file of its
// own. It returns the crash reports that earlier runs left and that were not
// seen yet, cleaned of secrets. stop ends the watch of a run that ends well.
func (f *Files) WatchCrashes() (reports []string, stop func(), err error) {
	old, _ := filepath.Glob(filepath.Join(f.dir, crashPrefix+"*.running"))
	for _, path := range old {
		data, err := os.ReadFile(path)
		if err != nil || len(data) == 0 {
			_ = os.Remove(path) // that run ended without a crash, or was killed
			continue
		}
		target := path[:len(path)-len(".running")] + crashSuffix
		if err := os.WriteFile(target, f.red.Clean(data), 0o600); err == nil {
			_ = os.Remove(path)
			reports = append(reports, target)
		}
	}
	path := filepath.Join(f.dir, crashPrefix+f.now().UTC().Format("20060102T150405.000000")+".running")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return reports, func() {}, err
	}
	err = debug.SetCrashOutput(file, debug.CrashOptions{})
	file.Close() // the runtime has a descriptor of its own
	f.mu.Lock()
	f.crash = path
	f.mu.Unlock()
	return reports, func() {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.crashed {
			_ = os.Remove(path)
		}
	}, err
}

// WriteCrash keeps the report of a crash from which this run can still end in
// order: cause is what was recovered, stack where. It is called before anything is
// closed.
func (f *Files) WriteCrash(cause any, stack []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed = true
	text := fmt.Sprintf("panic: %v\n\n%s", cause, stack)
	_ = os.WriteFile(f.crash, f.red.Clean([]byte(text)), 0o600)
}

// crashesKept is how long crash reports are kept.
const crashesKept = 30 * 24 * time.Hour

// TidyCrashes deletes old crash reports.
func (f *Files) TidyCrashes() {
	old, _ := filepath.Glob(filepath.Join(f.dir, crashPrefix+"*"+crashSuffix))
	for _, path := range old {
		if info, err := os.Stat(path); err == nil && f.now().Sub(info.ModTime()) > crashesKept {
			_ = os.Remove(path)
		}
	}
}
