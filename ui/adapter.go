package ui

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/internal/crash"
	"offhook/ui/screen"
)

// adapter is the one bridge between the phone's goroutines and the window's
// thread: nothing else in the phone calls fyne.Do.
type adapter struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	// post runs a function on the window's thread, in order.
	post func(func())
}

func newAdapter() *adapter {
	ctx, cancel := context.WithCancel(context.Background())
	return &adapter{ctx: ctx, cancel: cancel, post: fyne.Do}
}

// Go runs work off the window's thread and done, if any, on it afterwards.
func (a *adapter) Go(work func(ctx context.Context) error, done func(error)) {
	a.wg.Go(func() {
		defer crash.Guard()
		defer a.onThread()
		err := work(a.ctx)
		if done != nil && a.ctx.Err() == nil {
			a.post(func() { done(err) })
		}
	})
}

// onThread brings a panic to the window's thread: there it is recovered and written
// down, and the calls are ended in order. It is deferred.
func (a *adapter) onThread() {
	if cause := recover(); cause != nil {
		stack := debug.Stack()
		a.post(func() { panic(fmt.Sprintf("%v\n\n%s", cause, stack)) })
	}
}

// Post runs f on the window's thread.
func (a *adapter) Post(f func()) {
	if a.ctx.Err() == nil {
		a.post(f)
	}
}

// After runs f on the window's thread once d has passed, unless the returned
// function is called before.
func (a *adapter) After(d time.Duration, f func()) func() {
	ctx, cancel := context.WithCancel(a.ctx)
	t := time.AfterFunc(d, func() {
		defer crash.Guard()
		if ctx.Err() == nil {
			a.post(func() {
				if ctx.Err() == nil {
					f()
				}
				cancel()
			})
		}
	})
	return func() {
		t.Stop()
		cancel()
	}
}

// every runs f on the window's thread at each period until the adapter is
// closed. A slow window skips beats.
func (a *adapter) every(period time.Duration, f func()) (stop func()) {
	ctx, cancel := context.WithCancel(a.ctx)
	a.wg.Go(func() {
		defer crash.Guard()
		t := time.NewTicker(period)
		defer t.Stop()
		beat := make(chan struct{}, 1)
		beat <- struct{}{}
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			select {
			case <-beat:
				a.post(func() {
					if ctx.Err() == nil {
						f()
					}
					beat <- struct{}{}
				})
			default:
			}
		}
	})
	return cancel
}

// watch shows each snapshot of the phone, the newest first when the window is
// late, and calls closed when the phone has ended.
func (a *adapter) watch(phone screen.Phone, show func(*app.Snapshot), closed func()) {
	a.wg.Go(func() {
		defer crash.Guard()
		shown := make(chan struct{}, 1)
		shown <- struct{}{}
		for s := range phone.WatchLatest(a.ctx) {
			select {
			case <-shown:
			case <-a.ctx.Done():
				return
			}
			a.post(func() {
				show(s)
				shown <- struct{}{}
			})
		}
		if a.ctx.Err() == nil {
			a.post(closed)
		}
	})
}

// prefills hands out the numbers that links bring.
func (a *adapter) prefills(phone screen.Phone, got func(string)) {
	in := phone.Prefills()
	if in == nil {
		return
	}
	a.wg.Go(func() {
		defer crash.Guard()
		for {
			select {
			case <-a.ctx.Done():
				return
			case number, ok := <-in:
				if !ok {
					return
				}
				a.post(func() { got(number) })
			}
		}
	})
}

// close ends everything that the adapter runs and waits for it.
func (a *adapter) close() {
	a.cancel()
	a.wg.Wait()
}
