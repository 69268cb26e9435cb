package crash

import (
	"strings"
	"testing"
)

// A panic of a guarded goroutine is told with its stack, and nothing after it: what it
// belongs to goes on.
func TestAPanicIsTold(t *testing.T) {
	told := make(chan string, 4)
	stop := Handle(func(cause any, stack []byte) { told <- cause.(string) + string(stack) })
	defer stop()
	Go(func() { panic("one") })
	if got := <-told; !strings.HasPrefix(got, "one") || !strings.Contains(got, "crash_test.go") {
		t.Errorf("told %q", got)
	}
	Guarded(func() { panic("two") })()
	if got := <-told; !strings.HasPrefix(got, "two") {
		t.Errorf("told %q", got)
	}
	Guarded(func() {})()
	stop()
	defer func() {
		if recover() != "three" {
			t.Error("a panic is kept from a program that does not handle it")
		}
		if len(told) > 0 {
			t.Errorf("told %q", <-told)
		}
	}()
	Guarded(func() { panic("three") })()
}
