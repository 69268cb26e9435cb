package profile

import (
	"path/filepath"
	"runtime"
	"testing"
)

// A relative folder in the environment counts as none, and no HOME is no obstacle.
func TestBaseIsAlwaysAWholePath(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return // these systems have no such variables
	}
	for _, env := range []struct{ xdg, home, want string }{
		{"/etc/x", "/home/a", "/etc/x/offhook"}, {"relative/dir", "/home/a", "/home/a/.config/offhook"}, {"", "/home/a", "/home/a/.config/offhook"}, {"", "", ""},
	} {
		t.Setenv("XDG_CONFIG_HOME", env.xdg)
		t.Setenv("HOME", env.home)
		got, err := Base("")
		if err != nil || !filepath.IsAbs(got) || env.want != "" && got != env.want {
			t.Errorf("%+v: %q, %v", env, got, err)
		}
	}
}
