package exophone

import (
	"errors"

	"offhook/voice/wire"
)

// Errors of Transfer.
var (
	// ErrNoCall says that the subscriber talks in no such call.
	ErrNoCall = errors.New("no such conversation")
	// ErrTransfer says that the call can't be handed over now, or not to that
	// number.
	ErrTransfer = errors.New("the call can't be transferred there")
)

// handover is a transfer under way: the one who stays hears ringing until the
// target answers. If nobody does, the call comes back.
type handover struct {
	by   string // who handed the call over
	back bool   // the target did not come: by is called back
}

// Transfer hands the other side of a conversation to target: the phone of the
// subscriber leaves with the word transferred, and the target's phone rings. It
// returns once that has begun.
func (x *Exchange) Transfer(sessionID, subscriber, target string) error {
	_, err := perform(x, sessionID, func(s *session) (struct{}, error) { return struct{}{}, s.transfer(subscriber, target) })
	return err
}

func (s *session) transfer(by, target string) error {
	leaves := &s.callee
	if s.caller.name == by {
		leaves = &s.caller
	}
	stays := s.other(leaves)
	switch {
	case s.phase != talking || leaves.name != by || leaves.dialog == nil:
		return ErrNoCall
	case s.conference != nil, stays.dialog == nil || stays.media == nil, !validName(target), target == by, target == stays.name,
		bot(target) != nil && !s.x.cfg.NoBots:
		return ErrTransfer
	}
	// Who stays becomes the caller: the rest of a session knows which party waits for which.
	if leaves == &s.caller {
		s.caller, s.callee = s.callee, s.caller
	}
	s.caller.holds, s.callee.holds = false, false
	gone := s.callee
	s.callee = party{}
	s.stop("media")
	s.stop("limit")
	s.leave(&gone, wire.ReasonTransferred)
	s.handover, s.phase = &handover{by: by}, routing
	s.waitForTarget()
	s.x.log.Info("call handed over", "session", s.id, "by", by, "to", target)
	s.note(func(r *Record) {
		r.Transfers = append(r.Transfers, by+" to "+target)
	})
	s.plan.numbers, s.plan.again, s.plan.number, s.plan.tried = []string{target}, false, "", 0
	s.next(ending{status: 404, by: byPlatform})
	return nil
}

// waitForTarget lets the one who stays hear ringing, also if it was on hold.
func (s *session) waitForTarget() {
	if err := s.caller.media.Ringback(); err != nil {
		s.x.log.Error("ringing for the party that waits", "session", s.id, "error", err)
	}
	s.mirrorHold(&s.caller)
}

// callBack rings the party that handed the call over, once, after the target did not come.
// It reports whether it does.
func (s *session) callBack() bool {
	if s.handover == nil || s.handover.back {
		return false
	}
	s.handover.back = true
	s.plan.numbers, s.plan.tried = []string{s.handover.by}, 0
	return true
}
