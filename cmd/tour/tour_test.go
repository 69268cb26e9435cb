package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The real window on a virtual display, worked by mouse and keys: signed in,
// echo called, called back.
func TestTourOnAVirtualDisplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bin := build(t, map[string]string{"offhook": "offhook/cmd/desktop", "offhook-demo": "offhook/cmd/demo"})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	out := filepath.Join(dir, "out")
	report, err := run(ctx, bin["offhook"], bin["offhook-demo"], out)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(out, "phone.log"))
		t.Fatalf("%v\nreport: %+v\nthe phone said:\n%s", err, report, log)
	}
	t.Log(report.markdown())
	for _, step := range report.Steps {
		if info, err := os.Stat(filepath.Join(out, step.Picture)); err != nil || info.Size() < 2000 {
			t.Errorf("the picture of %s is missing or empty: %v", step.Name, err)
		}
	}
	if len(report.Calls) != 2 {
		t.Fatalf("two calls were made, the report has %d", len(report.Calls))
	}
	for _, c := range report.Calls {
		if c.Codec != "opus" || c.EndReason != "LOCAL_HANGUP" || c.MOS < 4 {
			t.Errorf("a call over loopback is clean: %+v", c)
		}
	}
}

// build builds programs into a folder of the test's own.
func build(t testing.TB, packages map[string]string) (bin map[string]string) {
	t.Helper()
	dir := t.TempDir()
	bin = map[string]string{}
	for name, pkg := range packages {
		bin[name] = filepath.Join(dir, name)
		if out, err := exec.Command("go", "build", "-o", bin[name], pkg).CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", pkg, err, out)
		}
	}
	return bin
}
