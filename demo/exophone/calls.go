package exophone

import (
	"context"
	"sync"
	"time"
)

// registry holds what the long poll may ask for: a callState for each session,
// for a while after its end too.
type registry struct {
	mu sync.Mutex
	m  map[string]*callState
}

// callState is the state of one session as its callees see it.
type callState struct {
	mu      sync.Mutex
	state   CallState
	callees map[string]bool
	changed chan struct{}
	reject  func(subscriber, reason string)
}

func newCallState(reject func(subscriber, reason string)) *callState {
	return &callState{
		state:   CallRinging,
		callees: make(map[string]bool),
		changed: make(chan struct{}),
		reject:  reject,
	}
}

// invite lets subscriber ask for this state.
func (c *callState) invite(subscriber string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.callees[subscriber] = true
}

// set changes the state and wakes those who wait. The first end is the last.
func (c *callState) set(state CallState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != CallRinging || state == CallRinging {
		return
	}
	c.state = state
	close(c.changed)
}

// get returns the state and a channel that closes at its change.
func (c *callState) get() (CallState, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state, c.changed
}

func (c *callState) isCallee(subscriber string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.callees[subscriber]
}

func (r *registry) add(sessionID string, c *callState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = make(map[string]*callState)
	}
	r.m[sessionID] = c
}

// forget removes the session after d.
func (r *registry) forget(clock Clock, sessionID string, d time.Duration) {
	clock.AfterFunc(d, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.m, sessionID)
	})
}

func (r *registry) find(sessionID, subscriber string) *callState {
	r.mu.Lock()
	c := r.m[sessionID]
	r.mu.Unlock()
	if c == nil || !c.isCallee(subscriber) {
		return nil
	}
	return c
}

// State implements Calls.
func (x *Exchange) State(sessionID, subscriber string) (CallState, bool) {
	c := x.sessions.find(sessionID, subscriber)
	if c == nil {
		return "", false
	}
	state, _ := c.get()
	return state, true
}

// Wait implements Calls.
func (x *Exchange) Wait(ctx context.Context, sessionID, subscriber string, after CallState) (CallState, bool) {
	c := x.sessions.find(sessionID, subscriber)
	if c == nil {
		return "", false
	}
	state, changed := c.get()
	if state != after || state != CallRinging {
		// Only ringing is ever followed by another state.
		if state == after {
			<-ctx.Done()
		}
		return state, true
	}
	select {
	case <-changed:
		state, _ = c.get()
	case <-ctx.Done():
	}
	return state, true
}

// Reject implements Calls.
func (x *Exchange) Reject(sessionID, subscriber, reason string) bool {
	c := x.sessions.find(sessionID, subscriber)
	if c == nil {
		return false
	}
	c.reject(subscriber, reason)
	return true
}

var _ Calls = (*Exchange)(nil)
