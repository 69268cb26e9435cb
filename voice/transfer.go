package voice

import (
	"context"
	"errors"
	"time"

	"offhook/voice/fault"
	"offhook/voice/sip"
)

// Transfer (RFC 3515): a call over a SIP account is handed to somebody else, or its
// far side hands this phone to somebody else. What asks that somebody first is in
// consultation.go.

const (
	// referTime bounds the wait for the far side's word on a transfer: it may be
	// asking its user, as offerTime has it here.
	referTime = 30 * time.Second
	// notifyTime bounds the telling of how a transfer fares.
	notifyTime = 10 * time.Second
	// transferPatience is how long the far side has to hang up once it knows that
	// it succeeded in getting rid of us.
	transferPatience = 2 * time.Second
)

// Transfer is how a transfer of a call fares. It is a copy.
type Transfer struct {
	// Target is whom the far side was asked to call.
	Target string
	// Status is the SIP status of that call so far, 0 before anything is known.
	Status int
	// Final says that nothing more will be told: the transfer succeeded if Status
	// is a 2xx.
	Final bool
}

// referrer is a dialog that can be asked to refer its far side.
type referrer interface {
	Refer(ctx context.Context, target string) error
}

// Transfer asks the far side of an established call over a SIP account to call
// target, of the form that Dial takes, instead of this phone. It returns when
// the far side has taken the task on; CallChanged then tells in
// CallDetails.Transfer how it fares. Once the new call is answered this one
// ends as LOCAL_HANGUP; if it is not, this one goes on.
//
// The errors are NO_CALL, INVALID_DIAL_INFO, SYSTEM_BUSY while a transfer is
// under way, and SERVER_ERROR if the far side refuses or the call is one of the
// subscriber line, whose platform knows no transfer.
func (c *Call) Transfer(ctx context.Context, target string) error {
	return c.ask(ctx, func(result chan<- error) { c.transfer(target, result) }, func(err error) error {
		return fault.Wrap(err, fault.NetworkError, "transfer.unanswered")
	})
}

func (c *Call) transfer(target string, result chan<- error) {
	l, err := c.handable()
	if err != nil {
		result <- err
		return
	}
	inv, shown, err := l.invitation(target, "")
	if err != nil {
		result <- err
		return
	}
	c.refer(shown, result, func(ctx context.Context) error { return c.leg.dialog.(referrer).Refer(ctx, inv.Target) })
}

// refer asks the far side to call somebody else, by ask.
func (c *Call) refer(shown string, result chan<- error, ask func(context.Context) error) {
	c.details.Transfer = Transfer{Target: shown}
	c.changed()
	ctx := c.ctx
	c.task(func() func() {
		ctx, cancel := context.WithTimeout(ctx, referTime)
		defer cancel()
		err := ask(ctx)
		return func() {
			if t := c.details.Transfer; t.Final && t.Status >= 200 && t.Status < 300 {
				err = nil // the news of success may overtake the answer, and the end of the call, too
			}
			if err != nil {
				c.log.Warn("transfer refused", "error", err)
				c.details.Transfer = Transfer{Target: shown, Status: sipStatus(err), Final: true}
				if c.details.State.Active() {
					c.changed()
				}
				err = fault.Wrap(err, fault.ServerError, "transfer.refused")
			}
			result <- err
		}
	})
}

// onTransfer is the far side's news of a transfer that this side asked for.
func (c *Call) onTransfer(ev sip.TransferProgress) {
	t := &c.details.Transfer
	if t.Target == "" || t.Final || !c.details.State.Answered() {
		return
	}
	t.Status, t.Final = ev.Status, ev.Final
	c.log.Info("transfer", "status", ev.Status, "final", ev.Final)
	c.changed()
	if ev.Final && ev.Status >= 200 && ev.Status < 300 {
		c.leave(EndLocalHangup)
	}
}

// follow places the call that a transfer asks for.
func (c *Client) follow(l *sipLine, inv sip.Invitation, shown, by string, r *referral) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed || c.lineOf(l.account.ID) != l:
		return uninitialized()
	case c.call != nil || c.claimed:
		return busyFault()
	}
	call := newCall(c, l, CallDetails{Direction: Outgoing, RemoteID: shown, TransferredBy: by})
	call.invitation, call.referral = inv, r
	c.occupy(call)
	call.mail.post(call.begin)
	return nil
}

func (c *Client) farewellContext() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.farewells
}

// referral tells the far side of an old call how the call fares that it asked
// for, and then sees the old dialog to its end.
type referral struct {
	client *Client
	dialog dialog
	ev     sip.Referred
	news   chan int
}

// tell queues a status; it never blocks, and what comes after a final one is
// dropped by run.
func (r *referral) tell(status int) {
	if r == nil {
		return
	}
	select {
	case r.news <- status:
	default:
	}
}

func (r *referral) run(ctx context.Context) {
	defer r.client.calls.Done()
	if err := r.ev.Reply(true); err != nil {
		r.client.log.Debug("transfer not accepted", "error", err)
	}
	r.notify(ctx, 100)
	for {
		select {
		case status := <-r.news:
			r.notify(ctx, status)
			if status >= 200 {
				r.close(ctx)
				return
			}
		case <-ctx.Done():
			r.close(ctx)
			return
		}
	}
}

func (r *referral) notify(ctx context.Context, status int) {
	ctx, cancel := context.WithTimeout(ctx, notifyTime)
	defer cancel()
	if err := r.ev.Notify(ctx, status); err != nil && !errors.Is(err, sip.ErrDialogEnded) {
		r.client.log.Debug("transfer's progress not told", "status", status, "error", err)
	}
}

// close leaves the far side a moment to hang up by itself.
func (r *referral) close(ctx context.Context) {
	rest(ctx, r.client.clock, transferPatience)
	ctx, cancel := context.WithTimeout(context.Background(), transferPatience)
	defer cancel()
	_ = r.dialog.Hangup(ctx)
}

// replacedBy gives the call's place to another that its far side has arranged
// (RFC 3891). It runs on the call's goroutine.
func (c *Call) replacedBy(l *sipLine, in inboundCall) {
	if c.leg == nil || !c.details.State.Active() || !c.leg.isDialog(in.Replaces) {
		_ = in.dialog.Refuse(statusGone)
		return
	}
	c.log.Info("call replaced by another")
	c.conclude(EndRemoteHangup, 0)
	in.Replaces, in.takesOver = nil, true
	c.client.invited(l, in)
}
