package voice

import (
	"context"
	"reflect"
	"sync"

	"offhook/internal/crash"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/sip"
)

// SIPAccount is a line at any SIP server.
type SIPAccount = sipaccount.Account

// LineStatus is how a SIP account stands. It is a copy.
type LineStatus = sipaccount.Status

// Register adds a SIP account, or replaces the one of the same ID, and keeps it
// registered from then on. It returns when the server has answered for the
// first time: nil if calls arrive now, else why not. An account that is well
// formed stays and tries again by itself, as LineChanged tells; Unregister
// removes it. ctx bounds the wait, not the line's life.
//
// The errors are CONFIGURATION_INVALID, with which nothing is added,
// SYSTEM_BUSY for an account that carries a call, and those of the server.
func (c *Client) Register(ctx context.Context, account SIPAccount) error {
	account, err := account.Checked()
	if err != nil {
		return err
	}
	c.lifecycle.Lock()
	l, err := c.addLine(account)
	c.lifecycle.Unlock()
	if err != nil {
		return err
	}
	return l.Settled(ctx)
}

// addLine puts a new line in the place of the one with its ID. An account that is
// there as it is needs no second registration.
func (c *Client) addLine(account SIPAccount) (*sipaccount.Line, error) {
	c.mu.Lock()
	old, closed := c.lineOf(account.ID), c.closed
	if old != nil && !closed && reflect.DeepEqual(old.Account, account) {
		c.mu.Unlock()
		return old, nil
	}
	busy := old != nil && c.carries(old)
	c.mu.Unlock()
	switch {
	case closed:
		return nil, fault.New(fault.Uninitialized, "phone.closing")
	case busy:
		return nil, busyFault()
	}
	next, err := c.newAccountLine(account)
	if err != nil {
		return nil, err
	}
	if old != nil {
		old.Close(context.Background())
	}
	c.mu.Lock()
	placed := false
	for i, l := range c.lines {
		if l == old {
			c.lines[i], placed = next, true
		}
	}
	if !placed {
		c.lines = append(c.lines, next)
	}
	c.mu.Unlock()
	next.Start()
	return next, nil
}

// Unregister takes a SIP account back from its server, as far as that answers,
// and removes it; LineRemoved follows. It waits two seconds at most for the server,
// and several accounts may be taken back at once. It fails with SYSTEM_BUSY while
// the account carries a call, and with INVALID_PARAMETER for one that is not there.
func (c *Client) Unregister(id string) error {
	l, err := c.takeLine(id)
	if err != nil {
		return err
	}
	l.Close(context.Background())
	c.events.Publish(LineRemoved{ID: id})
	return nil
}

// takeLine takes a line that carries no call out of the list.
func (c *Client) takeLine(id string) (*sipaccount.Line, error) {
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lineOf(id)
	switch {
	case l == nil:
		return nil, fault.New(fault.InvalidParameter, "line.unknown")
	case c.carries(l):
		return nil, busyFault()
	}
	c.dropLine(l)
	return l, nil
}

// SendFeatureCode dials a feature code on a SIP account, such as that of a queue's
// pause, beside whatever calls there are: a call without sound that is over as soon as
// the server has answered it and hung up, or after five seconds. It blocks until then,
// or until ctx ends, which hangs up.
//
// The errors are INVALID_PARAMETER for an account that is not there,
// INVALID_DIAL_INFO, SERVER_ERROR with the server's words for a code that it refuses,
// and NETWORK_ERROR if it does not answer.
func (c *Client) SendFeatureCode(ctx context.Context, account, code string) error {
	c.mu.Lock()
	l := c.lineOf(account)
	c.mu.Unlock()
	if l == nil {
		return fault.New(fault.InvalidParameter, "line.unknown")
	}
	return l.SendCode(ctx, code)
}

// Watch follows how extensions stand on a SIP account, by dialog-info (RFC 4235), in
// the place of those that were followed before: each is of the form that Dial takes.
// LineStatus.Extensions tells how they stand; a server that knows none of that leaves
// them unknown. It fails with INVALID_PARAMETER for an account that is not there.
func (c *Client) Watch(account string, extensions []string) error {
	c.mu.Lock()
	l := c.lineOf(account)
	c.mu.Unlock()
	if l == nil {
		return fault.New(fault.InvalidParameter, "line.unknown")
	}
	l.Watch(extensions)
	return nil
}

// Lines is how the SIP accounts stand, in the order in which they were added.
func (c *Client) Lines() []LineStatus {
	c.mu.Lock()
	lines := append([]*sipaccount.Line(nil), c.lines...)
	c.mu.Unlock()
	out := make([]LineStatus, 0, len(lines))
	for _, l := range lines {
		out = append(out, l.Status())
	}
	return out
}

// lineOf finds a line, with the mutex held.
func (c *Client) lineOf(id string) *sipaccount.Line {
	for _, l := range c.lines {
		if l.Account.ID == id {
			return l
		}
	}
	return nil
}

// dropLine removes a line, with the mutex held.
func (c *Client) dropLine(gone *sipaccount.Line) {
	kept := c.lines[:0:0]
	for _, l := range c.lines {
		if l != gone {
			kept = append(kept, l)
		}
	}
	c.lines = kept
}

// closeLines ends the SIP accounts, but for the one of the latest call, over
// which that may still be saying goodbye, unless all are meant. After ctx it waits
// for no server.
func (c *Client) closeLines(ctx context.Context, all bool) {
	c.mu.Lock()
	var gone, kept []*sipaccount.Line
	for _, l := range c.lines {
		if !all && c.latest != nil && c.latest.line == line.Line(l) {
			kept = append(kept, l)
		} else {
			gone = append(gone, l)
		}
	}
	c.lines = kept
	c.mu.Unlock()
	var closing sync.WaitGroup
	for _, l := range gone {
		closing.Go(crash.Guarded(func() { l.Close(ctx) }))
	}
	closing.Wait()
}

// newAccountLine makes the line of an account, which is registered when it is started.
func (c *Client) newAccountLine(account SIPAccount) (*sipaccount.Line, error) {
	return sipaccount.New(account, sipaccount.Config{
		DeviceID: c.settings.deviceID, UserAgent: "offhook/" + Version, Log: c.log, Clock: c.clock, HTTP: c.http,
		NewRegistration: c.newRegistration, NewMedia: c.newMedia,
		Changed: func(s LineStatus) { c.events.Publish(LineChanged{Line: s}) },
		Invited: func(l *sipaccount.Line, in sip.Incoming, d line.Dialog) {
			c.onInvite(l, incomingInvite{Incoming: in, dialog: d})
		},
	})
}
