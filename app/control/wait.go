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
	// call is the call that the command is about, "" for one that it makes or that
	// comes; known are those that were there before.
	call  string
	known map[string]bool
	last  string
}

func validWait(state string) bool {
	if state == waitReady || state == waitIdle {
		return true
	}
	st := voice.State(state)
	return st != voice.StateNone && st.Known()
}

func newWaiter(ctx context.Context, p *app.Phone, r request) (*waiter, error) {
	state := strings.ToUpper(r.Wait)
	if !validWait(state) {
		return nil, usage("--wait is a state of a call, READY or IDLE.")
	}
	w := &waiter{phone: p, state: state}
	w.ctx, w.stop = context.WithCancel(ctx)
	w.watch = p.Watch(w.ctx)
	s := p.Snapshot()
	w.known = map[string]bool{}
	for _, c := range s.Calls {
		w.known[c.ID] = true
	}
	switch c := s.Call; {
	case r.Command == "dial", r.Command == "consult":
	case commands[r.Command].max == 1 && r.callID() != "" && s.CallWith(r.callID()) != nil:
		w.call = r.callID()
	case r.Command == "answer" && s.Ringing() != nil:
		w.call = s.Ringing().ID
	case c != nil:
		w.call = c.ID
	}
	if s.LastCall != nil {
		w.last = s.LastCall.ID
	}
	return w, nil
}

// wait returns the first snapshot since the command that shows the state.
func (w *waiter) wait() (*app.Snapshot, error) {
	var latest *app.Snapshot
	seen := w.call != ""
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
		c := w.meant(s)
		if c != nil {
			w.call, seen = c.ID, true
			if want := voice.State(w.state); c.State == want || passed(c.State, want) {
				return s, nil
			}
			continue
		}
		last := s.LastCall != nil && s.LastCall.ID != w.last && (w.call == "" && !w.known[s.LastCall.ID] || s.LastCall.ID == w.call)
		switch {
		case last && voice.State(w.state) == voice.StateEnded, seen && !last && voice.State(w.state) == voice.StateEnded:
			return s, nil
		case last:
			return nil, failure(CodeEnded, "ctl.call-ended", w.state, s.LastCall.EndReason)
		case seen: // a consultation
			reason := voice.EndNone
			if s.Call != nil && s.Call.Consultation != nil {
				reason = s.Call.Consultation.EndReason
			}
			return nil, failure(CodeEnded, "ctl.call-ended", w.state, reason)
		}
	}
	if err := w.ctx.Err(); err != nil {
		return nil, failure(CodeTimeout, "ctl.was-not", w.state, w.where(latest))
	}
	return nil, failure(CodeNotRunning, "phone.closing")
}

// meant is the call that is waited for, nil while it is not there.
func (w *waiter) meant(s *app.Snapshot) *app.Call {
	if w.call != "" {
		return s.CallWith(w.call)
	}
	for _, c := range s.Calls {
		if !w.known[c.ID] && c.ID != w.last {
			return c
		}
	}
	return nil
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
	if s == nil || w.meant(s) == nil {
		return "there was no call."
	}
	return "the call was " + string(w.meant(s).State) + "."
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
