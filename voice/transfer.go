package voice

import (
	"context"
	"time"

	"offhook/voice/fault"
	"offhook/voice/line/sipaccount"
	"offhook/voice/line/subscriber"
	"offhook/voice/sip"
)

// Transfer (RFC 3515): a call over a SIP account is handed to somebody else, or its
// far side hands this phone to somebody else. What asks that somebody first is in
// consultation.go.

// referTime bounds the wait for the far side's word on a transfer: it may be asking its
// user, as offerTime has it here.
const referTime = 30 * time.Second

// Transfer is how a transfer of a call fares. It is a copy.
type Transfer struct {
	// Target is the party that the far side was asked to call.
	Target string `json:"target"`
	// Status is the SIP status of that call so far, 0 before anything is known.
	Status int `json:"status"`
	// EndReason is why that call came to nothing, "" if it did not.
	EndReason EndReason `json:"end_reason,omitempty"`
	// Final says that nothing more will be told: the transfer succeeded if Status
	// is a 2xx.
	Final bool `json:"final"`
	// ByRemote says that the far side asked for the transfer: this phone calls
	// Target, and the call waits without sound until Target has answered.
	ByRemote bool `json:"by_remote,omitempty"`
}

// Succeeded says that the two talk to each other.
func (t Transfer) Succeeded() bool { return t.Final && t.Status >= 200 && t.Status < 300 }

// Transfer asks the far side of an established call over a SIP account to call
// target, of the form that Dial takes, instead of this phone. It returns when
// the far side has taken the task on; CallChanged then tells in
// CallDetails.Transfer how it fares. Once the new call is answered this one
// ends as LOCAL_HANGUP; if it is not, this one goes on.
//
// On the subscriber line the platform hands the call over, to a subscriber's name:
// the call ends as LOCAL_HANGUP at once, and comes back as an incoming one if the
// target does not answer.
//
// The errors are NO_CALL, INVALID_DIAL_INFO, SYSTEM_BUSY while a transfer is
// under way, and SERVER_ERROR if the far side refuses or the platform knows no
// transfer (CallDetails.Transferable).
func (c *Call) Transfer(ctx context.Context, target string) error {
	return c.askTransfer(ctx, func(result chan<- error) { c.transfer(target, result) })
}

// askTransfer begins a transfer and waits until the far side has taken it on.
func (c *Call) askTransfer(ctx context.Context, begin func(result chan<- error)) error {
	err := c.ask(ctx, begin, func(err error) error {
		return fault.Wrap(err, fault.NetworkError, "transfer.unanswered")
	})
	if err != nil && c.Details().Transfer.Succeeded() {
		return nil // the call was gone before the request was answered
	}
	return err
}

func (c *Call) transfer(target string, result chan<- error) {
	if l, ok := c.line.(*subscriber.Session); ok {
		c.handOver(l, target, result)
		return
	}
	if err := c.mayTransfer(true); err != nil {
		result <- err
		return
	}
	inv, shown, err := c.line.Invitation(target, "")
	if err != nil {
		result <- err
		return
	}
	c.refer(shown, result, func(ctx context.Context) error { return c.leg.dialog.Refer(ctx, inv.Target) })
}

// refer asks the far side to call somebody else, by ask.
func (c *Call) refer(shown string, result chan<- error, ask func(context.Context) error) {
	c.details.Transfer = Transfer{Target: shown}
	c.changed()
	ctx := c.ctx
	c.asking = true
	c.task(func() func() {
		ctx, cancel := context.WithTimeout(ctx, referTime)
		defer cancel()
		err := ask(ctx)
		return func() {
			c.asking = false
			defer c.endAfterAsking()
			// What became of the transfer may be known before the request is answered:
			// its NOTIFY can overtake the 202 (RFC 3515, section 2.4.4).
			if c.details.Transfer.Final && err != nil {
				if c.details.Transfer.Succeeded() {
					err = nil
				}
			} else if err != nil {
				c.log.Warn("transfer refused", "error", err)
				c.transferFailed(sipStatus(err))
			}
			if err != nil {
				err = fault.Wrap(err, fault.ServerError, "transfer.refused")
			}
			result <- err
		}
	})
}

// endAfterAsking ends the call as its leg did while the far side's word on a transfer was
// under way: its BYE may overtake a refusal.
func (c *Call) endAfterAsking() {
	if ev := c.endedAsking; ev != nil {
		c.endedAsking, c.asking = nil, false
		c.onLegEnded(c.leg, *ev)
	}
}

// referring reports whether the far side was asked to call somebody else, and has
// neither refused that nor said how it ended.
func (c *Call) referring() bool {
	t := c.details.Transfer
	_, onSIP := c.line.(*sipaccount.Line) // the platform says itself what it has done
	return onSIP && t.Target != "" && !t.Final && !t.ByRemote && (!c.joining || c.joiningEarly)
}

// onTransfer is the far side's news of a transfer that this side asked for.
func (c *Call) onTransfer(ev sip.TransferProgress) {
	t := &c.details.Transfer
	if t.Target == "" || t.ByRemote || t.Final || !c.details.State.Answered() {
		return
	}
	c.log.Info("transfer", "status", ev.Status, "final", ev.Final)
	if c.joining {
		c.onJoinedEarly(ev)
		return
	}
	if ev.Final && (ev.Status < 200 || ev.Status >= 300) {
		c.transferFailed(ev.Status)
		return
	}
	t.Status, t.Final = ev.Status, ev.Final
	c.changed()
	if t.Succeeded() {
		c.hangUp(EndLocalHangup)
	}
}

// transferFailed notes that a transfer came to nothing, and why; the call goes on.
func (c *Call) transferFailed(status int) {
	t := &c.details.Transfer
	t.Status, t.Final, t.EndReason = status, true, statusOutcome(status).caller
	if c.details.State.Active() {
		c.changed()
	}
}

// mayTransfer says why the call can't be handed to somebody else now; offered says
// that its line can do that at all.
func (c *Call) mayTransfer(offered bool) error {
	switch {
	case !c.details.State.Answered():
		return notEstablished()
	case !offered:
		return fault.New(fault.ServerError, "transfer.line-cannot")
	case c.details.Transfer.Target != "" && !c.details.Transfer.Final:
		return fault.New(fault.SystemBusy, "transfer.under-way")
	}
	return nil
}

// CompleteTransfer asks the far side to call the third party in the place of this
// phone (RFC 3891): that of the consultation or, without one, that of the other call
// on the same line. It returns when the far side has taken that on; while the third
// party's phone rings it returns at once, and the two are joined as soon as it is
// answered. CallChanged then tells in CallDetails.Transfer how it fares. Once the
// two talk, the call ends as LOCAL_HANGUP; if they do not, it goes on as it was.
//
// On the subscriber line the platform joins the two; both calls end as LOCAL_HANGUP at
// once, also while the third party's phone rings. If that is not answered, the far
// side comes back as an incoming call.
//
// The errors are NO_CALL, also if there is no consultation that rings or was
// answered, SYSTEM_BUSY while a transfer is under way, and SERVER_ERROR if the far
// side refuses.
func (c *Call) CompleteTransfer(ctx context.Context) error {
	return c.askTransfer(ctx, c.completeTransfer)
}

func (c *Call) completeTransfer(result chan<- error) {
	if err := c.mayTransfer(c.details.Transferable); err != nil {
		result <- err
		return
	}
	k, sum := c.consulting, c.details.Consultation
	switch {
	case k == nil:
		c.adoptConsultation(result)
	case sum.Status < 180:
		result <- fault.New(fault.NoCall, "consultation.unanswered")
	case sum.Answered():
		c.join(k, result)
	default:
		if l, ok := c.line.(*subscriber.Session); ok {
			c.handToConsulted(l, k, result) // the platform keeps the legs meanwhile
			return
		}
		c.joining = true
		c.details.Transfer = Transfer{Target: sum.Target, Status: sum.Status}
		c.changed()
		c.joinEarly(k)
		result <- nil
	}
}

// adoptConsultation makes the other call of the same line the consultation for this
// one, and joins the two.
func (c *Call) adoptConsultation(result chan<- error) {
	for _, k := range c.client.Calls() {
		d := k.Details()
		if k == c || k.line.Name() != c.line.Name() || !d.State.Answered() || d.ConsultsFor != "" || d.Consultation.Active() {
			continue
		}
		if k.queue.Post(func() {
			if !k.details.State.Answered() {
				result <- fault.New(fault.NoCall, "consultation.unanswered")
				return
			}
			k.setConsultsFor(c)
			c.queue.Post(func() {
				c.consulting, c.aside = k, d.HeldSince
				c.sumUp(k)
				c.join(k, result)
			})
		}) {
			return
		}
	}
	result <- fault.New(fault.NoCall, "consultation.unanswered")
}

// join hands the far side to the third party of an answered call.
func (c *Call) join(k *Call, result chan<- error) {
	if l, ok := c.line.(*subscriber.Session); ok {
		c.handToConsulted(l, k, result)
		return
	}
	c.withThirdParty(k, result, func(target string, l *leg) {
		c.refer(c.details.Consultation.Target, result, func(ctx context.Context) error {
			return c.leg.dialog.ReferTo(ctx, target, l.dialog)
		})
	})
}

// withThirdParty calls do on the goroutine of c with what is dialled for the far side of
// k, and with its leg; result gets why not.
func (c *Call) withThirdParty(k *Call, result chan<- error, do func(target string, l *leg)) {
	if !k.queue.Post(func() {
		l, target := k.leg, k.invitation.Target
		if target == "" { // the third party has called
			inv, _, err := k.line.Invitation(k.details.RemoteID, "")
			if err != nil {
				result <- err
				return
			}
			target = inv.Target
		}
		c.queue.Post(func() {
			if l == nil || !c.details.State.Answered() {
				result <- noCall()
				return
			}
			do(target, l)
		})
	}) {
		result <- noCall()
	}
}

// joinTimeout is how long a server that was asked to join two calls of which one rings
// may leave open what becomes of that, once that one was answered or has ended.
const joinTimeout = 4 * time.Second

// joinEarly asks the server to join the two while the third party's phone rings. It is
// sip.Dialog.ReferTo that knows whether the server may be asked; if it may not, or does
// not do it, the two are joined after the answer.
func (c *Call) joinEarly(k *Call) {
	c.withThirdParty(k, make(chan error, 1), func(target string, l *leg) {
		if c.consulting != k || !c.joining {
			return
		}
		c.joiningEarly = true
		ctx, dialog := c.ctx, c.leg.dialog
		c.task(func() func() {
			ctx, cancel := context.WithTimeout(ctx, referTime)
			defer cancel()
			err := dialog.ReferTo(ctx, target, l.dialog)
			return func() {
				if err != nil {
					c.log.Info("the two are joined after the answer", "reason", err)
					c.notJoinedEarly()
				}
			}
		})
	})
}

// onJoinedEarly is the server's news of joining two calls of which one rings.
func (c *Call) onJoinedEarly(ev sip.TransferProgress) {
	switch {
	case !c.joiningEarly || !ev.Final:
	case ev.Status >= 200 && ev.Status < 300:
		c.stopJoining()
		c.details.Transfer.Status, c.details.Transfer.Final = ev.Status, true
		c.changed()
		c.hangUp(EndLocalHangup)
	default:
		c.notJoinedEarly()
	}
}

// notJoinedEarly goes on without the server's help.
func (c *Call) notJoinedEarly() {
	c.joiningEarly = false
	c.timers.clear(timerJoin)
	switch sum := c.details.Consultation; {
	case !c.joining:
	case sum.Answered():
		c.consultationAnswered()
	case !sum.Active():
		c.consultationOver()
	}
}

func (c *Call) stopJoining() {
	c.joining, c.joiningEarly = false, false
	c.timers.clear(timerJoin)
}

// awaitsJoining reports whether the server is at joining the two, and gives it a
// limited time for that.
func (c *Call) awaitsJoining() bool {
	if c.joiningEarly {
		c.timers.set(timerJoin, joinTimeout, c.notJoinedEarly)
	}
	return c.joiningEarly
}

// consultationAnswered joins the two if the user has asked for it.
func (c *Call) consultationAnswered() {
	if c.joining && !c.awaitsJoining() {
		c.stopJoining()
		c.join(c.consulting, make(chan error, 1))
	}
}

// consultationOver ends a transfer that waited for the third party's answer.
func (c *Call) consultationOver() {
	if c.joining && !c.awaitsJoining() {
		c.stopJoining()
		c.transferFailed(c.details.Consultation.Status)
	}
}

// closingContext is the time that what is still to be said has.
func (c *Client) closingContext() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// replacedBy gives the call's place to another that its far side has arranged
// (RFC 3891). It runs on the call's goroutine.
func (c *Call) replacedBy(l *sipaccount.Line, in incomingInvite, otherwise func()) {
	if c.leg == nil || !c.leg.isDialog(in.Replaces) {
		otherwise()
		return
	}
	// A call that only rings can't be replaced by its callee's side (RFC 3891,
	// section 3): nobody has answered it.
	if !c.details.State.Answered() {
		_ = in.dialog.Refuse(statusGone)
		return
	}
	c.log.Info("call replaced by another")
	c.endRemotely(EndRemoteHangup, 0)
	in.Replaces, in.takesOver = nil, true
	c.client.onInvite(l, in)
}
