package auth

import (
	"os"
	"testing"
)

func TestDeviceID(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	first, err := DeviceID()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := DeviceID(); again != first || len(first) != 36 {
		t.Errorf("%q, then %q", first, again)
	}
	dir, _ := os.UserConfigDir()
	file := dir + "/offhook/device-id"
	if err := os.WriteFile(file, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	repaired, err := DeviceID()
	if again, _ := DeviceID(); err != nil || again != repaired || repaired == first {
		t.Errorf("%q, then %q, %v", repaired, again, err)
	}
}
