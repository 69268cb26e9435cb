package control

import (
	"context"
	"strings"

	"offhook/app"
	"offhook/voice"
	"offhook/voice/fault"
)

// hangup returns when the phone shows that the call ends, so that its answer does.
func hangup(p *app.Phone, ctx context.Context, id string) error {
	if before := p.Snapshot().Call; id == "" && before != nil {
		id = before.ID
	}
	if err := p.Hangup(ctx, id); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for s := range p.WatchLatest(ctx) {
		if c := s.CallWith(id); c == nil || c.State == voice.StateEnding {
			break
		}
	}
	return nil
}

// decline is hangup for the call that rings.
func decline(p *app.Phone, ctx context.Context, id string) error {
	s := p.Snapshot()
	if c := s.Ringing(); id == "" && c != nil {
		id = c.ID
	}
	if c := s.CallWith(id); c == nil || c.State != voice.StateIncoming {
		return fault.New(fault.NoCall, "call.none-to-answer")
	}
	return hangup(p, ctx, id)
}

// partyOf is the id of a party of the conference that is named by it, or by the party's
// number or name.
func partyOf(s *Server, name string) string {
	if c := s.cfg.Phone.Snapshot().Call; c != nil {
		for _, p := range c.Parties {
			if strings.EqualFold(p.RemoteID, name) || strings.EqualFold(p.RemoteName, name) {
				return p.ID
			}
		}
	}
	return name
}

// callID is the call that a request is about: --call, or the argument of a command
// that takes nothing else.
func (r request) callID() string {
	if r.Call == "" && len(r.Args) > 0 {
		return r.Args[0]
	}
	return r.Call
}

// onCall is a command for a call, which may be named.
func onCall(did, help string, f func(*app.Phone, context.Context, string) error) command {
	return command{did: did, flags: "call", args: "[CALL-ID]", max: 1, help: help, calls: true, run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
		return nil, f(s.cfg.Phone, ctx, r.callID())
	}}
}

// quickOn is onCall for what takes no time.
func quickOn(did, help string, f func(*app.Phone, string) error) command {
	return onCall(did, help, func(p *app.Phone, _ context.Context, id string) error { return f(p, id) })
}
