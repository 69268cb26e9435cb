package media

import (
	"testing"
	"time"
)

// The nudges come at once and close together after a description, until the path
// stands, and never go on for ever.
func TestNudges(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		stands int // looks after which the path stands
		looks  int
	}{
		{"an instant peer", 1, 1},
		{"a peer of some milliseconds", 3, 3},
		{"a peer that never answers", 1000, 7},
	} {
		var waited time.Duration
		looks := 0
		nudge(func(d time.Duration) bool {
			waited += d
			return true
		}, func() bool { return looks >= tc.stands }, func() { looks++ })
		if looks != tc.looks {
			t.Errorf("%s: %d looks", tc.name, looks)
		}
		if waited > 200*time.Millisecond {
			t.Errorf("%s: looks for %v, longer than the library's own pace", tc.name, waited)
		}
	}
	looks := 0
	nudge(func(time.Duration) bool { return false }, func() bool { return false }, func() { looks++ })
	if looks != 0 {
		t.Error("a look after the end")
	}
}
