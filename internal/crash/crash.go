// Package crash lets a program end in order when one of its goroutines panics: the
// runtime would end it on the spot, with calls that nobody hangs up. Every goroutine of
// the phone begins by Guard; a test at the top of the tree keeps it so.
package crash

import (
	"runtime/debug"
	"sync/atomic"
)

var handler atomic.Pointer[func(cause any, stack []byte)]

// Handle has f called with each panic of a guarded goroutine, on that goroutine, which
// ends afterwards. Until it is called, and after stop, a panic ends the program as
// usual.
func Handle(f func(cause any, stack []byte)) (stop func()) {
	handler.Store(&f)
	return func() { handler.CompareAndSwap(&f, nil) }
}

// Guard reports a panic of the function that defers it.
func Guard() {
	f := handler.Load()
	if f == nil {
		return
	}
	if cause := recover(); cause != nil {
		(*f)(cause, debug.Stack())
	}
}

// Go runs f on a guarded goroutine.
func Go(f func()) {
	go func() {
		defer Guard()
		f()
	}()
}

// Guarded is f with a guard, for what runs it on a goroutine of its own.
func Guarded(f func()) func() {
	return func() {
		defer Guard()
		f()
	}
}
