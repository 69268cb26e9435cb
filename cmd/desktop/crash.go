package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"offhook/app/control"
	"offhook/app/logs"
	"offhook/internal/crash"
)

// watchGoroutines has a panic of any goroutine, and a signal that asks for a trace,
// written down before anything else; then the phone ends in order, with its calls, and
// broken is true. What hangs after that is cut off.
func watchGoroutines(files *logs.Files, quit func(), closers *closing) (broken *atomic.Bool) {
	broken = new(atomic.Bool)
	hung := time.AfterFunc(time.Hour, func() { os.Exit(control.ExitError) })
	hung.Stop()
	end := func(cause any, stack []byte) {
		if broken.Swap(true) {
			return // one report is enough, the first
		}
		files.WriteCrash(cause, stack)
		hung.Reset(closeLimit)
		quit()
	}
	stop := crash.Handle(end)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGBUS)
	over := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			trace := make([]byte, 1<<20)
			end(fmt.Sprintf("signal: %v", s), trace[:runtime.Stack(trace, true)])
		case <-over:
		}
	}()
	closers.add(func() error {
		signal.Stop(signals)
		close(over)
		stop()
		hung.Stop()
		return nil
	})
	return broken
}
