package voice

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/sip"
)

// LineState says where a SIP account stands, in the words of the reference's web
// client (section 7).
type LineState string

// Unregistered: calls don't arrive, an attempt is due or under way. Registered:
// calls arrive. Terminated: the server does not accept the password, which is tried
// again hourly.
const (
	LineUnregistered LineState = "unregistered"
	LineRegistered   LineState = "registered"
	LineTerminated   LineState = "terminated"
)

// LineStatus is how a SIP account stands. It is a copy.
type LineStatus struct {
	// ID is the account's, Address its sip: address.
	ID, Address string
	State       LineState
	// Since is when State began; Expires until when the server has granted the
	// registration, zero if it has not.
	Since, Expires time.Time
	// Err is why the line is not registered; nil while it is, or while nothing is
	// known yet.
	Err *fault.Error
	// RetryAt is when the phone tries again by itself; zero while it is registered.
	RetryAt time.Time
	// Mailbox is what messages wait, as the server says (RFC 3842).
	Mailbox Mailbox
}

// Mailbox is what messages wait for a line.
type Mailbox struct {
	// Waiting says that there are new ones, counted or not.
	Waiting bool
	// New and Old count the voice messages.
	New, Old int
	// Account is what to dial to hear them; "" if the server does not say.
	Account string
}

// Register adds a SIP account, or replaces the one of the same ID, and keeps it
// registered from then on. It returns when the server has answered for the
// first time: nil if calls arrive now, else why not. An account that is well
// formed stays and tries again by itself, as LineChanged tells; Unregister
// removes it. ctx bounds the wait, not the line's life.
//
// The errors are CONFIGURATION_INVALID, with which nothing is added,
// SYSTEM_BUSY for an account that carries a call, and those of the server.
func (c *Client) Register(ctx context.Context, account SIPAccount) error {
	account, err := account.check()
	if err != nil {
		return err
	}
	c.lifecycle.Lock()
	l, err := c.addLine(account)
	c.lifecycle.Unlock()
	if err != nil {
		return err
	}
	return l.settled(ctx)
}

// addLine puts a new line in the place of the one with its ID. An account that is
// there as it is needs no second registration.
func (c *Client) addLine(account SIPAccount) (*sipLine, error) {
	c.mu.Lock()
	old, closed := c.lineOf(account.ID), c.closed
	if old != nil && !closed && reflect.DeepEqual(old.account, account) {
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
	next, err := newSIPLine(c, account)
	if err != nil {
		return nil, err
	}
	if old != nil {
		old.close(context.Background())
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
	next.start()
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
	l.close(context.Background())
	c.events.Publish(LineRemoved{ID: id})
	return nil
}

// takeLine takes a line that carries no call out of the list.
func (c *Client) takeLine(id string) (*sipLine, error) {
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

// Lines is how the SIP accounts stand, in the order in which they were added.
func (c *Client) Lines() []LineStatus {
	c.mu.Lock()
	lines := append([]*sipLine(nil), c.lines...)
	c.mu.Unlock()
	out := make([]LineStatus, 0, len(lines))
	for _, l := range lines {
		out = append(out, l.state())
	}
	return out
}

// lineOf finds a line, with the mutex held.
func (c *Client) lineOf(id string) *sipLine {
	for _, l := range c.lines {
		if l.account.ID == id {
			return l
		}
	}
	return nil
}

// dropLine removes a line, with the mutex held.
func (c *Client) dropLine(gone *sipLine) {
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
	var gone, kept []*sipLine
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
		closing.Go(func() { l.close(ctx) })
	}
	closing.Wait()
}

// statusOf puts what the signalling says into the engine's terms.
func statusOf(a SIPAccount, r sip.Registration) LineStatus {
	s := LineStatus{
		ID: a.ID, Address: "sip:" + a.User + "@" + a.Domain,
		State: LineUnregistered, Since: r.Since, Expires: r.Expires, RetryAt: r.RetryAt,
	}
	switch r.Phase {
	case sip.Registered:
		s.State = LineRegistered
	case sip.Terminated:
		s.State = LineTerminated
	}
	var known *fault.Error
	if errors.As(r.Err, &known) {
		s.Err = known
	} else if r.Err != nil {
		s.Err = fault.From(r.Err)
	}
	return s
}
