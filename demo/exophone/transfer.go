package exophone

import (
	"errors"
	"strings"

	"github.com/emiago/sipgo/sip"

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
	s := x.session(sessionID)
	if s == nil {
		return ErrNoCall
	}
	done := make(chan error, 1)
	if !s.post(func() { done <- s.transfer(subscriber, target) }) {
		return ErrNoCall
	}
	select {
	case err := <-done:
		return err
	case <-s.done:
		select {
		case err := <-done:
			return err
		default:
			return ErrNoCall
		}
	}
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
	if err := s.caller.media.Ringback(); err != nil {
		s.x.log.Error("ringing for who waits", "session", s.id, "error", err)
	}
	s.leave(&gone, wire.ReasonTransferred)
	s.handover = &handover{by: by}
	s.x.log.Info("call handed over", "session", s.id, "by", by, "to", target)
	s.note(func(r *Record) {
		r.Transfers = append(r.Transfers, by+" to "+target)
	})
	s.plan.numbers, s.plan.again, s.plan.number, s.plan.tried = []string{target}, false, "", 0
	s.next(ending{status: 404, by: byPlatform})
	return nil
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

// tellWhoIsThere tells the phone that stayed which party it talks to now (RFC 3325, 9.1),
// by UPDATE, if it takes that.
func (s *session) tellWhoIsThere() {
	d := s.caller.dialog
	if s.handover == nil || d == nil || !d.allows(sip.UPDATE) {
		return
	}
	name := s.callee.name
	update := d.request(sip.UPDATE, wire.HeaderCallSid, s.id,
		"P-Asserted-Identity", `"`+name+`" <sip:`+name+"@"+strings.ToLower(s.x.cfg.Domain)+">")
	s.x.work.Go(func() { _, _ = s.x.transact(d, update) })
}
