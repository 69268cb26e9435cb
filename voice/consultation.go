package voice

import (
	"context"
	"time"

	"offhook/voice/fault"
	"offhook/voice/line/sipaccount"
	"offhook/voice/line/subscriber"
	"offhook/voice/sip"
)

// Attended transfer (RFC 5589, section 7): while the far side of a call is held, the
// user asks a third party whether to take the call, and then joins the two. The
// consultation is a call of its own; its details name the call that it is for.

// Consultation sums up the call to a third party in the details of the call that it
// is for. It is a copy.
type Consultation struct {
	// Target is who is asked; "" if nobody is.
	Target string `json:"target"`
	// Status is the SIP status of that call so far: 0 before anything is known, 200
	// once it was answered, and from 300 on what ended it. EndReason is why it ended,
	// "" before.
	Status    int       `json:"status"`
	EndReason EndReason `json:"end_reason,omitempty"`
	// Since is when it was answered.
	Since time.Time `json:"since,omitzero"`
	// HeldSince is when the user went back to the far side and left the third party
	// on hold; zero while the user talks with it.
	HeldSince time.Time `json:"held_since,omitzero"`
}

// Active says that a third party is being asked.
func (c *Consultation) Active() bool { return c != nil && c.Target != "" && c.Status < 300 }

// Answered says that the third party is there: the user talks with it, or has put
// it on hold.
func (c *Consultation) Answered() bool { return c.Active() && c.Status >= 200 }

// OnHold says that the third party waits while the user talks with the far side.
func (c *Consultation) OnHold() bool { return c.Answered() && !c.HeldSince.IsZero() }

// Consult holds the far side of an established call and calls target: on a SIP
// account of the form that Dial takes, on the subscriber line a subscriber's name,
// where the platform offers that (CallDetails.Consultable). It returns when that call
// is on its way.
// Client.Calls lists it with CallDetails.ConsultsFor, its events are those of any
// call, and CallDetails.Consultation of this call sums it up. Swap goes to and fro,
// CompleteTransfer joins the two, and EndConsultation goes back.
//
// The errors are NO_CALL, INVALID_DIAL_INFO, SYSTEM_BUSY while a transfer or
// a consultation is under way, and SERVER_ERROR if the platform offers none.
func (c *Call) Consult(ctx context.Context, target string) error {
	return c.ask(ctx, func(result chan<- error) { c.consult(target, result) }, func(err error) error {
		return fault.Wrap(err, fault.NetworkError, "consultation.not-called-yet")
	})
}

func (c *Call) consult(target string, result chan<- error) {
	inv, shown, err := c.consultation(target)
	if err != nil {
		result <- err
		return
	}
	client := c.client
	client.mu.Lock()
	k := client.newCall(c.line, CallDetails{Direction: Outgoing, RemoteID: shown, ConsultsFor: c.id, Anonymous: inv.Anonymous, Muted: c.details.Muted})
	k.invitation, k.consultsFor, k.placed = inv, c, result
	client.mu.Unlock()
	c.consulting, c.aside = k, time.Time{}
	c.details.Consultation = Consultation{Target: shown}
	c.changed()
	k.queue.Post(k.begin)
}

// consultation is the INVITE to a third party, and the party as it is shown.
func (c *Call) consultation(target string) (inv sip.Invitation, shown string, err error) {
	if err := c.mayTransfer(c.details.Consultable); err != nil {
		return sip.Invitation{}, "", err
	}
	if c.consulting != nil {
		return sip.Invitation{}, "", fault.New(fault.SystemBusy, "consultation.busy")
	}
	switch l := c.line.(type) {
	case *sipaccount.Line:
		inv, shown, err = l.Invitation(target, "")
		inv.Anonymous = l.Account.Anonymous
	case *subscriber.Session:
		inv, shown, err = l.Consultation(target, c.details.SessionID)
	}
	return inv, shown, err
}

// setConsultsFor says which call this one is a consultation for; nil says that it is
// a call like any other. It runs on the goroutine of this call.
func (c *Call) setConsultsFor(f *Call) {
	client := c.client
	client.mu.Lock()
	c.consultsFor, c.details.ConsultsFor = f, ""
	if f != nil {
		c.details.ConsultsFor = f.id
	} else if c.details.State.Active() {
		client.latest = c
	}
	client.mu.Unlock()
	if c.details.State.Active() {
		c.changed()
	}
}

// leaveConsultation ends the consultation as its call ends. A third party that was
// asked and has not got the call stays: the user goes on talking with it, or has it on
// hold.
func (c *Call) leaveConsultation() {
	k := c.consulting
	if k == nil || !c.details.Consultation.Answered() || c.details.Transfer.Succeeded() {
		c.endConsultation()
		return
	}
	c.consulting = nil
	k.queue.Post(func() { k.setConsultsFor(nil) })
}

// tellConsultation has the call that this one consults for sum it up.
func (c *Call) tellConsultation() {
	if f := c.consultsFor; f != nil {
		f.queue.Post(func() { f.sumUp(c) })
	}
}

// sumUp takes over how the consultation stands.
func (c *Call) sumUp(k *Call) {
	if c.consulting != k {
		return
	}
	d := k.Details()
	sum := Consultation{Target: d.RemoteID, Since: d.Established, HeldSince: c.aside}
	switch {
	case d.State == StateEnded || d.State == StateEnding:
		sum.EndReason, sum.HeldSince = d.EndReason, time.Time{}
		switch {
		case d.Status >= 300:
			sum.Status = d.Status
		case d.EndReason != EndLocalHangup && !d.Established.IsZero():
			sum.Status = statusGone
		default:
			sum.Status = statusTerminated
		}
	case d.State.Answered():
		sum.Status = 200
	case d.State == StateRinging:
		sum.Status = 180
	case d.State == StateEarly:
		sum.Status = 183
	}
	was := c.details.Consultation
	if was == sum {
		return
	}
	c.details.Consultation = sum
	if !sum.Active() {
		c.consulting = nil
	}
	if c.details.State.Active() {
		c.changed()
	}
	switch {
	case sum.Answered() && !was.Answered():
		c.consultationAnswered()
	case !sum.Active():
		c.consultationOver()
	}
}

// consultationBusy reports whether the user is with the third party of this call.
func (c *Call) consultationBusy() bool {
	return c.consulting != nil && c.aside.IsZero()
}

// Swap goes to the other of the two parties of a consultation that was answered:
// back to the far side while the third party waits on hold, and there again. Sound
// changes over at once; Swap returns when the far side has agreed to its hold or
// its end, or with the reason why not, or with ctx. CallDetails.Held is the far
// side's, Consultation.HeldSince the third party's.
//
// The errors are NO_CALL, also if nobody has answered the consultation, and
// SERVER_ERROR if the far side does not agree.
func (c *Call) Swap(ctx context.Context) error {
	return c.ask(ctx, c.swap, func(err error) error {
		return fault.Wrap(err, fault.NetworkError, "consultation.not-answered")
	})
}

func (c *Call) swap(result chan<- error) {
	k := c.consulting
	switch {
	case !c.details.State.Answered():
		result <- notEstablished()
	case k == nil || !c.details.Consultation.Answered():
		result <- fault.New(fault.NoCall, "consultation.nobody")
	case c.aside.IsZero():
		c.aside = c.client.clock.Now()
		c.details.Consultation.HeldSince = c.aside
		c.setHold(false, result)
	default:
		c.aside = time.Time{}
		c.details.Consultation.HeldSince = c.aside
		k.queue.Post(func() { k.setHold(false, make(chan error, 1)) })
		c.setHold(true, make(chan error, 1))
		result <- nil
	}
}

// EndConsultation hangs up on the third party. The far side of the call stays on
// hold, if it is, until Resume, which ends CallDetails.Consultation too. It is no
// error if nobody is being asked.
func (c *Call) EndConsultation() error {
	return c.do(func() error {
		c.endConsultation()
		return nil
	})
}

// endConsultation hangs up on the third party and goes back to the far side.
func (c *Call) endConsultation() {
	k := c.consulting
	if k == nil {
		return
	}
	c.consulting = nil
	sum := &c.details.Consultation
	sum.Status, sum.EndReason, sum.HeldSince = statusTerminated, EndLocalHangup, time.Time{}
	k.queue.Post(func() { k.hangUp(EndLocalHangup) })
	if c.details.State.Active() {
		c.changed()
	}
	c.consultationOver()
}
