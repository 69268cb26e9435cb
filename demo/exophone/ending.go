package exophone

import (
	"context"
	"errors"
	"offhook/voice/wire"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Who ended a call.
const (
	byCaller   = "caller"
	byCallee   = "callee"
	byPlatform = "platform"
)

// ending is how a call or an attempt came to its end.
type ending struct {
	reason string // X-End-Reason
	by     string
	status int // to a caller whose INVITE is not answered yet
	retry  string
}

// stateOf is what the long poll of a callee says after an attempt that was not
// answered.
func stateOf(e ending) wire.CallState {
	if e.reason == wire.ReasonRingLimit {
		return wire.CallTimeout
	}
	return wire.CallCancelled
}

// recordedReason is what the record says of an end whose SIP status tells the
// caller enough.
func recordedReason(status int) string {
	switch status {
	case 200:
		return endHangup
	case 404, 484:
		return "unknown-number"
	case 410:
		return "unreachable"
	case 429:
		return "too-many-calls"
	case 486:
		return wire.ReasonBusy
	case 487:
		return wire.ReasonCallerGone
	case 488:
		return "no-common-codec"
	case 503:
		return "unavailable"
	}
	return "failed"
}

// end ends the call for all who take part in it.
func (s *session) end(e ending) {
	if s.phase == over {
		return
	}
	answered := s.phase == talking || s.established
	s.phase = over
	for name := range s.timers {
		s.stop(name)
	}
	if s.tell != nil {
		s.tell.end(stateOf(e), e.reason)
	}
	s.stopRecording()
	s.recordMu.Lock()
	r := &s.record
	if s.recording != nil {
		info := s.recording.info
		if r.Recording = &info; info.State != wire.RecordingFailed {
			info.State = wire.RecordingOff
		}
	}
	r.Ended, r.EndReason, r.EndedBy = s.x.cfg.Clock.Now(), e.reason, e.by
	if r.Status = 200; !answered {
		r.Status, r.State = e.status, stateOf(e)
	}
	if e.reason == "" {
		r.EndReason = recordedReason(r.Status)
	}
	s.legs.caller, s.legs.callee = s.caller.media, s.callee.media
	s.recordMu.Unlock()
	final := s.snapshot()
	s.x.log.Info("call ended", "session", s.id, "caller", s.caller.name, "callee", final.Callee,
		"reason", final.EndReason, "by", e.by, "status", final.Status)

	reason := e.reason
	if reason == endHangup {
		reason = ""
	}
	if d := s.caller.dialog; d != nil && !answered {
		if !d.cancelled() {
			told := reason
			if e.by == byCaller {
				told = "" // it knows
			}
			_ = d.respond(e.status, "", wire.HeaderCallSid, s.id, wire.HeaderEndReason, told, "Retry-After", e.retry)
		}
		d.finish()
		s.x.removeDialog(d)
		s.closeMedia(&s.caller)
	} else {
		s.leave(&s.caller, reason)
	}
	s.dropRinging(ending{reason: reason})
	s.leave(&s.callee, reason)
	for _, p := range s.guests {
		s.leave(p, reason)
	}
	for _, id := range append([]string{s.id}, s.aliases...) {
		s.x.forgetLater(id, s.x.cfg.Remember)
	}
	s.x.remove(s)
	s.tellRecorder(func() Record { return final })
}

// leave ends one answered leg: BYE, unless the phone itself has said it.
func (s *session) leave(p *party, reason string) {
	s.closeMedia(p)
	if p.dialog == nil {
		return
	}
	d := p.dialog
	d.mu.Lock()
	gone := d.bye
	d.ending = true
	d.mu.Unlock()
	if gone {
		s.x.removeDialog(d)
		return
	}
	s.x.byes.Go(func() { s.x.sayBye(d, reason) })
}

// closeMedia does so on a goroutine of its own, for the leg waits for its own.
func (s *session) closeMedia(p *party) {
	if p.media == nil {
		return
	}
	leg := p.media
	leg.Shut()
	s.x.byes.Go(leg.Close)
}

// phoneBye ends the call, or only the leg of a phone that was still ringing.
func (s *session) phoneBye(d *dialog) {
	p := s.partyOf(d)
	switch {
	case p == nil || s.phase == over:
	case s.conference != nil:
		s.part(p, "")
	case p == &s.caller && s.phase != talking && !s.established:
		// BYE on the early dialog (RFC 3261, 15): as good as CANCEL.
		s.end(ending{reason: wire.ReasonCallerGone, by: byCaller, status: 487})
	case p == &s.caller:
		s.end(ending{reason: endHangup, by: byCaller})
	case p == &s.callee:
		s.end(ending{reason: endHangup, by: byCallee})
	default:
		s.drop(p, "")
	}
}

// callerCancelled ends a call that its caller gave up.
func (s *session) callerCancelled() {
	if s.established && !s.caller.dialog.cancelled() {
		return // the answer was faster
	}
	s.end(ending{reason: wire.ReasonCallerGone, by: byCaller, status: 487})
}

// connectionLost takes the loss of the connection that a dialog is bound to. An
// unanswered INVITE dies with it; everything else waits for the phone to come
// back on another connection.
func (s *session) connectionLost(d *dialog) {
	if s.phase == over || d.sourceNow() != "" && s.x.conns.alive(d.sourceNow()) {
		return
	}
	s.x.log.Info("phone's connection lost", "session", s.id, "subscriber", d.subscriber)
	if d == s.caller.dialog && !s.established {
		s.end(ending{reason: wire.ReasonCallerGone, by: byCaller, status: 487})
	}
}

// errAway says that a phone has no connection.
var errAway = errors.New("phone is away")

// answerTime is how long a phone has to answer a request within a dialog.
const answerTime = 8 * time.Second

// transact sends a request of ours and returns the phone's final answer. It
// waits, and so runs on goroutines of its own.
func (x *Exchange) transact(d *dialog, req *sip.Request, options ...sipgo.ClientRequestOption) (*sip.Response, error) {
	ctx, cancel := context.WithTimeout(x.ctx, answerTime)
	defer cancel()
	tx, err := sip.ClientTransaction(nil), errAway
	d.inTurn(ctx, req, func() {
		if x.conns.alive(req.Destination()) {
			tx, err = x.client.TransactionRequest(ctx, req, options...)
		}
	})
	if err != nil {
		return nil, err
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			return nil, tx.Err()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// sayBye ends a dialog. For a phone that is away it is held, and said when the
// phone comes back, or forgotten.
func (x *Exchange) sayBye(d *dialog, reason string) {
	defer x.removeDialog(d)
	expired := make(chan struct{})
	timer := x.cfg.Clock.AfterFunc(x.cfg.ByeHold, func() { close(expired) })
	defer timer.Stop()
	for {
		d.mu.Lock()
		gone := d.bye
		d.mu.Unlock()
		if gone {
			return
		}
		if _, err := x.transact(d, d.request(sip.BYE, wire.HeaderCallSid, d.owner.Load().id, wire.HeaderEndReason, reason)); err == nil {
			return // 481 is as good as 200 here
		}
		select {
		case <-d.rebound:
		case <-expired:
			return
		case <-x.ctx.Done():
			return
		}
	}
}
