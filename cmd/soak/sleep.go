package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"offhook/app"
	"offhook/voice"
)

// How long a phone may take from waking to what it says it is: talking again, or
// able to place a call.
const wakeLimit = 5 * time.Second

// stats are the packets of a call.
type stats struct {
	Received uint64 `json:"packets_received"`
	Sent     uint64 `json:"packets_sent"`
}

// napAlone is longer than the platform keeps the sockets of a phone that says
// nothing.
const napAlone = 75 * time.Second

// sleep lets one of two phones sleep: in a call for less than the media timeout, in
// the same call for more than it, and with no call.
func (p plan) sleep(ctx context.Context) error {
	p.devices = false
	return p.with(ctx, []string{"alice", "bob"}, func(s *shift) error { return s.sleep(ctx) })
}

func (s *shift) sleep(ctx context.Context) error {
	alice, bob := s.agents[0], s.agents[1]
	var errs []error
	for _, nap := range []time.Duration{10 * time.Second, time.Minute} {
		if err := connect(ctx, alice, bob); err != nil {
			return err
		}
		if err := alice.stop(ctx, nap); err != nil {
			return err
		}
		woke := time.Now()
		outcome, err := alice.afterNap(ctx, bob)
		fmt.Printf("in a call, %v asleep: %s %v after waking\n", nap, outcome, time.Since(woke).Round(10*time.Millisecond))
		errs = append(errs, err, inTime(woke))
		if err := errors.Join(alice.ctl(ctx, nil, "status", "--wait", "READY", "--timeout", "30s"), inTime(woke)); err != nil {
			errs = append(errs, fmt.Errorf("not ready: %w", err))
		}
		for _, a := range s.agents {
			// The call may be over already.
			_ = a.ctl(ctx, nil, "hangup")
			if err := a.ctl(ctx, nil, "status", "--wait", "IDLE"); err != nil {
				return err
			}
		}
	}
	if err := alice.stop(ctx, napAlone); err != nil {
		return err
	}
	woke := time.Now()
	if err := alice.readySince(ctx, woke); err != nil {
		return err
	}
	ready := time.Since(woke)
	err := alice.ctl(ctx, nil, "dial", "echo", "--wait", "ESTABLISHED", "--timeout", "30s")
	fmt.Printf("with no call, %v asleep: ready after %v, a call established after %v\n", napAlone, ready.Round(10*time.Millisecond), time.Since(woke).Round(10*time.Millisecond))
	return errors.Join(append(errs, err, inTime(woke))...)
}

// inTime is an error when the phone has been awake for too long.
func inTime(woke time.Time) error {
	if took := time.Since(woke); took > wakeLimit {
		return fmt.Errorf("%v after waking, the limit is %v", took.Round(10*time.Millisecond), wakeLimit)
	}
	return nil
}

// connect lets one phone call the other.
func connect(ctx context.Context, from, to *agent) error {
	return errors.Join(
		from.ctl(ctx, nil, "dial", to.name, "--wait", "RINGING"),
		to.ctl(ctx, nil, "status", "--wait", "INCOMING"),
		to.ctl(ctx, nil, "answer", "--wait", "ESTABLISHED"),
		from.ctl(ctx, nil, "status", "--wait", "ESTABLISHED"))
}

// stop keeps the phone's process from running for a while.
func (a *agent) stop(ctx context.Context, nap time.Duration) error {
	if err := a.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	t := time.NewTimer(nap)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	return errors.Join(a.cmd.Process.Signal(syscall.SIGCONT), ctx.Err())
}

// afterNap waits until the call of a phone that has slept is whole again, each side
// hearing the other, or over on both sides, and says which.
func (a *agent) afterNap(ctx context.Context, far *agent) (outcome string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	var first [2]stats
	for {
		var near, there app.Snapshot
		if err := errors.Join(a.ctl(ctx, &near, "status"), far.ctl(ctx, &there, "status")); err != nil {
			return "no end in sight", err
		}
		switch {
		case near.Call == nil && there.Call == nil:
			return fmt.Sprintf("over (%s here, %s there)", near.LastCall.EndReason, there.LastCall.EndReason), nil
		case near.Call != nil && there.Call != nil && near.Call.State == voice.StateEstablished && there.Call.State == voice.StateEstablished:
			var now [2]stats
			// A call that has just ended has no statistics: the next look shows it.
			if errors.Join(a.ctl(ctx, &now[0], "stats"), far.ctl(ctx, &now[1], "stats")) != nil {
				continue
			}
			if first[0] == (stats{}) {
				first = now
			}
			if now[0].Received > first[0].Received+10 && now[1].Received > first[1].Received+10 {
				return "whole", nil
			}
		default:
			first = [2]stats{}
		}
		time.Sleep(50 * time.Millisecond)
	}
}
