package main

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// wakeLimit is within what time after a sleep a phone must have proven that it is
// ready.
const wakeLimit = 5 * time.Second

// sleep stops a phone that is ready for so long that the platform gives its
// sockets up, lets it go on, and measures until it has proven that it is ready.
func (p plan) sleep(ctx context.Context, long time.Duration) error {
	p.devices = false
	return p.with(ctx, []string{"alice"}, func(s *shift) error {
		a := s.agents[0]
		if err := a.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		select {
		case <-time.After(long):
		case <-ctx.Done():
		}
		woke := time.Now()
		if err := a.cmd.Process.Signal(syscall.SIGCONT); err != nil || ctx.Err() != nil {
			return err
		}
		if err := a.readySince(ctx, woke); err != nil {
			return err
		}
		took := time.Since(woke)
		fmt.Printf("asleep for %v; ready %v after the wake (limit %v)\n", long, took.Round(time.Millisecond), wakeLimit)
		if took > wakeLimit {
			return fmt.Errorf("ready only after %v", took)
		}
		return nil
	})
}
