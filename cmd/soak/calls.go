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
		if err := s.handOn(ctx, from, to, s.agents[2], n/10%3); err != nil {
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

// step is a command to a phone.
type step struct {
	who  *agent
	args []string
}

// handOn has the one who was called hand the caller to a colleague, who answers: at
// once, after asking, or by a conference of the three for a while.
func (s *shift) handOn(ctx context.Context, from, to, next *agent, way int) error {
	steps := []step{{to, []string{"answer", "--wait", "ESTABLISHED"}}, {from, []string{"status", "--wait", "ESTABLISHED"}}}
	answered := step{next, []string{"answer", "--wait", "ESTABLISHED"}}
	if way == 0 {
		steps = append(steps, step{to, []string{"transfer", next.name}}, step{next, []string{"status", "--wait", "INCOMING"}}, answered,
			step{to, []string{"status", "--wait", "IDLE"}})
	} else {
		steps = append(steps, step{to, []string{"consult", next.name, "--wait", "RINGING"}}, answered, step{})
		to.asked++
	}
	switch way {
	case 1:
		steps = append(steps, step{to, []string{"swap"}}, step{to, []string{"swap"}}, step{to, []string{"transfer"}}, step{to, []string{"status", "--wait", "IDLE"}})
	case 2:
		steps = append(steps, step{to, []string{"merge"}}, step{}, step{to, []string{"drop", next.name}}, step{next, []string{"status", "--wait", "IDLE"}})
	}
	steps = append(steps, step{}, step{from, []string{"hangup"}}, step{next, []string{"status", "--wait", "IDLE"}})
	for _, step := range steps {
		if step.who == nil {
			time.Sleep(s.talk)
			continue
		}
		if err := step.who.ctl(ctx, nil, step.args...); err != nil {
			return fmt.Errorf("handed on, way %d, %s %v: %w", way, step.who.name, step.args, err)
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
