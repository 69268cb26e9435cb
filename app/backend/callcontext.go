package backend

import (
	"context"
	"sync/atomic"
)

// CallContext is what one subscriber has said of the call that it places: whom it
// calls and why. Its requests go one at a time. It is safe for concurrent use.
type CallContext struct {
	client    *Client
	sid, name string
	// turn is held by the request that goes.
	turn   chan struct{}
	posted atomic.Int64
}

// NewCallContext is that of a subscriber of an account.
func (c *Client) NewCallContext(sid, name string) *CallContext {
	return &CallContext{client: c, sid: sid, name: name, turn: make(chan struct{}, 1)}
}

// Post says whom the subscriber is about to call. It comes after a removal that is
// under way, and keeps one that is still waiting from happening.
func (x *CallContext) Post(ctx context.Context, to, message string) error {
	x.posted.Add(1)
	return x.inTurn(ctx, func() error { return x.client.PostContext(ctx, x.sid, x.name, to, message) })
}

// Posted counts the calls of Post.
func (x *CallContext) Posted() int64 { return x.posted.Load() }

// Delete removes the context of the call that ended, as long as no later one was
// posted. posted is what Posted returned when the call ended.
func (x *CallContext) Delete(ctx context.Context, posted int64) error {
	return x.inTurn(ctx, func() error {
		if x.Posted() != posted {
			return nil
		}
		return x.client.DeleteContext(ctx, x.sid, x.name)
	})
}

func (x *CallContext) inTurn(ctx context.Context, request func() error) error {
	select {
	case x.turn <- struct{}{}:
		defer func() { <-x.turn }()
		return request()
	case <-ctx.Done():
		return ctx.Err()
	}
}
