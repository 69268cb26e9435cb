package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// A panic beside the window's thread comes to that thread, with the place where it
// was: there it is written down, and the calls are ended in order.
func TestAPanicComesToTheWindowsThread(t *testing.T) {
	posted := make(chan func(), 4)
	a := newAdapter()
	a.post = func(f func()) { posted <- f }
	a.Go(func(context.Context) error { panic("the disk is on fire") }, nil)
	f := <-posted
	said := func() (cause any) {
		defer func() { cause = recover() }()
		f()
		return nil
	}()
	if text := fmt.Sprint(said); !strings.Contains(text, "the disk is on fire") || !strings.Contains(text, "panic_test.go") {
		t.Errorf("the window's thread hears %q", text)
	}
	a.close()
}
