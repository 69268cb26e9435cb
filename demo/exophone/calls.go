package exophone

import (
	"context"
	"offhook/voice/wire"
	"sync"
	"time"
)

// registry holds what the long poll may ask for: a state for each callee of a
// session, for a while after its end too.
type registry struct {
	mu sync.Mutex
	m  map[string]map[string]*calleeState
}

// calleeState is the state of a session as one callee sees it.
type calleeState struct {
	reject func(reason string)

	mu      sync.Mutex
	state   wire.CallState
	reason  string
	changed chan struct{}
}

func newCalleeState(reject func(reason string)) *calleeState {
	return &calleeState{reject: reject, state: wire.CallRinging, changed: make(chan struct{})}
}

// end changes ringing into state and wakes those who wait; reason is for a
// phone that dials in too late. The first end is the last.
func (c *calleeState) end(state wire.CallState, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != wire.CallRinging {
		return
	}
	c.state, c.reason = state, reason
	close(c.changed)
}

func (c *calleeState) get() (state wire.CallState, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state, c.reason
}

func (r *registry) add(sessionID, callee string, c *calleeState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = make(map[string]map[string]*calleeState)
	}
	if r.m[sessionID] == nil {
		r.m[sessionID] = make(map[string]*calleeState)
	}
	r.m[sessionID][callee] = c
}

func (r *registry) remove(sessionID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.m, sessionID)
}

func (r *registry) find(sessionID, callee string) *calleeState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.m[sessionID][callee]
}

// forgetLater removes an ended session once it has been remembered long enough.
func (x *Exchange) forgetLater(sessionID string, after time.Duration) {
	x.cfg.Clock.AfterFunc(after, func() { x.states.remove(sessionID) })
}

// State implements Calls.
func (x *Exchange) State(sessionID, subscriber string) (wire.CallState, bool) {
	c := x.states.find(sessionID, subscriber)
	if c == nil {
		return "", false
	}
	state, _ := c.get()
	return state, true
}

// Wait implements Calls. Only ringing is ever followed by another state, so
// that a wait after any other ends with ctx.
func (x *Exchange) Wait(ctx context.Context, sessionID, subscriber string, after wire.CallState) (wire.CallState, bool) {
	c := x.states.find(sessionID, subscriber)
	if c == nil {
		return "", false
	}
	state, _ := c.get()
	if state != after {
		return state, true
	}
	if after != wire.CallRinging {
		<-ctx.Done()
		return state, true
	}
	select {
	case <-c.changed:
	case <-ctx.Done():
	}
	state, _ = c.get()
	return state, true
}

// Reject implements Calls.
func (x *Exchange) Reject(sessionID, subscriber, reason string) bool {
	c := x.states.find(sessionID, subscriber)
	if c == nil {
		return false
	}
	c.reject(reason)
	return true
}

var _ Calls = (*Exchange)(nil)
