package control

import (
	"context"
	"strings"

	"offhook/app"
	"offhook/voice"
)

// The words of --wait that are no states of a call.
const (
	waitReady = "READY"
	waitIdle  = "IDLE"
)

// waiter watches the phone from before a command, so that no state is missed
// between the two.
type waiter struct {
	phone *app.Phone
	state string
	watch <-chan *app.Snapshot
	stop  context.CancelFunc
	ctx   context.Context
	// before is the call that was there before the command.
	before string
	last   string
}

func validWait(state string) bool {
	if state == waitReady || state == waitIdle {
		return true
	}
	st := voice.State(state)
	return st != voice.StateNone && st.Known()
}

func newWaiter(ctx context.Context, p *app.Phone, state string) (*waiter, error) {
	state = strings.ToUpper(state)
	if !validWait(state) {
		return nil, usage("--wait is a state of a call, READY or IDLE.")
	}
	w := &waiter{phone: p, state: state}
	w.ctx, w.stop = context.WithCancel(ctx)
	w.watch = p.Watch(w.ctx)
	s := p.Snapshot()
	if s.Call != nil {
		w.before = s.Call.ID
	}
	if s.LastCall != nil {
		w.last = s.LastCall.ID
	}
	return w, nil
}

// wait returns the first snapshot since the command that shows the state. fresh
// says that the command made a new call, which alone counts.
func (w *waiter) wait(fresh bool) (*app.Snapshot, error) {
	call := w.before
	if fresh {
		call = ""
	}
	var latest *app.Snapshot
	if s := w.phone.Snapshot(); w.state == waitReady && s.Ready || w.state == waitIdle && s.Call == nil {
		return s, nil
	}
	for s := range w.watch {
		latest = s
		switch {
		case (w.state == waitReady && s.Ready || w.state == waitIdle && s.Call == nil) && w.phone.Snapshot() == s:
			return s, nil
		case w.state == waitReady || w.state == waitIdle:
			continue // an older one than that of above, or not yet
		}
		if s.Call != nil && s.Call.ID != w.last && (call == "" || s.Call.ID == call) {
			call = s.Call.ID
			if want := voice.State(w.state); s.Call.State == want || passed(s.Call.State, want) {
				return s, nil
			}
		}
		ended := s.LastCall != nil && s.LastCall.ID != w.last && (call == "" || s.LastCall.ID == call)
		switch {
		case ended && voice.State(w.state) == voice.StateEnded:
			return s, nil
		case ended && (fresh || call != ""):
			return nil, failure(CodeEnded, "ctl.call-ended", w.state, s.LastCall.EndReason)
		}
	}
	if err := w.ctx.Err(); err != nil {
		return nil, failure(CodeTimeout, "ctl.was-not", w.state, w.where(latest))
	}
	return nil, failure(CodeNotRunning, "phone.closing")
}

// where says in a sentence what the phone was instead of what was waited for.
func (w *waiter) where(s *app.Snapshot) string {
	if w.state == waitReady && s != nil {
		for _, c := range s.Conditions {
			if !c.OK && !c.Remark && !c.Text.Empty() {
				return c.Text.String()
			}
		}
	}
	if s == nil || s.Call == nil {
		return "there was no call."
	}
	return "the call was " + string(s.Call.State) + "."
}

// passed reports whether a call in a state has gone past what is waited for: a
// phone that answers at once may never have been seen to ring.
func passed(state, waited voice.State) bool {
	if state != voice.StateEstablished {
		return false
	}
	switch waited {
	case voice.StateOutgoingInitiated, voice.StateEarly, voice.StateRinging,
		voice.StateConnecting, voice.StateIncoming, voice.StateAnswering:
		return true
	}
	return false
}
