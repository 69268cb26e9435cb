package voice

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// UserHome is the home of who runs the tests: Go's caches are there.
var UserHome = os.Getenv("HOME")

func TestMain(m *testing.M) {
	// The device id of a client that was given none is kept here.
	home, err := os.MkdirTemp("", "offhook-voice")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"XDG_CONFIG_HOME", "HOME", "AppData"} {
		os.Setenv(name, home)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(home)
		os.Exit(code)
	}))
}
