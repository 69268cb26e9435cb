//go:build linux

package main

import (
	"strings"
	"testing"
)

// A container's health check hears how the platform is.
func TestHealthy(t *testing.T) {
	t.Parallel()
	p := startProcess(t, t.TempDir())
	for _, row := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"healthy", "--url", p.url}, exitOK, `{"status":"ok"}`},
		{[]string{"healthy", "--url", p.url, "--live"}, exitOK, `{"status":"ok"}`},
		{[]string{"healthy", "--url", p.url + "/nowhere"}, exitError, "404"},
		{[]string{"healthy", "--url", "http://127.0.0.1:1"}, exitError, "does not answer"},
		{[]string{"healthy", "--url", "nonsense"}, exitUsage, "--url"},
		{[]string{"healthy", "--urgh"}, exitUsage, "urgh"},
	} {
		var out, problems strings.Builder
		if code := run(t.Context(), row.args, &out, &problems); code != row.code || !strings.Contains(out.String()+problems.String(), row.says) {
			t.Errorf("%q: exit %d, %s%s", row.args, code, out.String(), problems.String())
		}
	}
}
