package timerslack

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestEveryThreadHasTheSlack(t *testing.T) {
	t.Parallel()
	// Whatever thread this runs on was started after the constructor.
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if slack != 5000000 {
		t.Errorf("the slack is %d ns", slack)
	}
}
