package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Without a window the phone is the program that holds none: the same process,
// a smaller one.
func TestHeadlessIsTheSmallProgram(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice := startPhone(t, platform.url, "alice", "null")
	alice.ready(t)
	got, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", alice.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(got) != slimName {
		t.Errorf("the phone without a window is %s", got)
	}
}
