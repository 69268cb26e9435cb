package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// oneCall is a call of a shift: most are answered, some declined, some given
// up, and now and then something else happens, too.
func (s *shift) oneCall(ctx context.Context, n int, from, to *agent) error {
	do := func(a *agent, args ...string) error { return a.ctl(ctx, nil, args...) }
	if err := do(from, "dial", to.name, "--message", fmt.Sprint("ticket ", n), "--wait", "RINGING"); err != nil {
		return err
	}
	if err := do(to, "status", "--wait", "INCOMING"); err != nil {
		return err
	}
	switch n % 10 {
	case 2: // handed on
		if err := s.handOn(ctx, from, to, s.agents[2]); err != nil {
			return err
		}
	case 3: // declined
		if err := do(to, "hangup"); err != nil {
			return err
		}
	case 7: // given up
		if err := do(from, "hangup"); err != nil {
			return err
		}
	default:
		if err := do(to, "answer", "--wait", "ESTABLISHED"); err != nil {
			return err
		}
		if err := do(from, "status", "--wait", "ESTABLISHED"); err != nil {
			return err
		}
		if err := s.talkAbout(ctx, n, from, to); err != nil {
			return err
		}
		if err := do(map[bool]*agent{true: from, false: to}[n%3 == 0], "hangup"); err != nil {
			return err
		}
	}
	if err := errors.Join(do(from, "status", "--wait", "IDLE"), do(to, "status", "--wait", "IDLE")); err != nil {
		return err
	}
	if n%10 == 5 {
		if err := do(from, "feedback", "4", "ECHO"); err != nil {
			return err
		}
	}
	if n%10 == 8 { // a break, which the others see, and what became of the call
		return errors.Join(do(to, "availability", "break", "--reason", "Lunch"), do(to, "outcome", "Sold", "--note", fmt.Sprint("call ", n)),
			do(to, "availability", "available"))
	}
	if n%25 == 9 { // another network
		if err := s.cut(ctx); err != nil {
			return err
		}
		return errors.Join(do(to, "availability", "busy"), do(to, "availability", "available"))
	}
	return nil
}

// handOn has the one who was called hand the caller to a colleague, who answers.
func (s *shift) handOn(ctx context.Context, from, to, next *agent) error {
	do := func(a *agent, args ...string) error { return a.ctl(ctx, nil, args...) }
	for _, step := range []func() error{
		func() error { return do(to, "answer", "--wait", "ESTABLISHED") },
		func() error { return do(from, "status", "--wait", "ESTABLISHED") },
		func() error { return do(to, "transfer", next.name) },
		func() error { return do(next, "status", "--wait", "INCOMING") },
		func() error { return do(next, "answer", "--wait", "ESTABLISHED") },
		func() error { return do(to, "status", "--wait", "IDLE") },
		func() error { time.Sleep(s.talk); return do(from, "hangup") },
		func() error { return do(next, "status", "--wait", "IDLE") },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("handed on: %w", err)
		}
	}
	s.handed++
	return nil
}

// talkAbout is what happens in an answered call.
func (s *shift) talkAbout(ctx context.Context, n int, from, to *agent) error {
	do := func(a *agent, args ...string) error { return a.ctl(ctx, nil, args...) }
	if s.sound != nil && n%20 == 6 {
		s.plugs++
		if err := s.sound.toggle(ctx); err != nil {
			return err
		}
	}
	if n%50 == 24 {
		if err := s.cut(ctx); err != nil {
			return err
		}
	}
	time.Sleep(s.talk)
	if n%5 == 1 {
		if err := errors.Join(do(from, "mute"), do(from, "dtmf", "12"), do(from, "unmute")); err != nil {
			return err
		}
	}
	if n%20 == 4 {
		return errors.Join(do(to, "hold"), do(to, "resume"))
	}
	return nil
}
