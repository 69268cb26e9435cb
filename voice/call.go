package voice

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"offhook/internal/actor"
	"offhook/internal/crash"
	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/media"
	"offhook/voice/setup"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// Call is one call, in progress or ended. Its methods may be called from any
// goroutine and return within microseconds, but for Hold, Resume and
// PostFeedback, which wait for the far side or the platform.
//
// One goroutine owns everything below "owned": it executes what is posted to
// queue, and never waits for a network or a device. What waits runs in tasks
// that post their result back.
type Call struct {
	client *Client
	// line is the line that the call stands on.
	line   line.Line
	id     string
	log    *slog.Logger
	queue  *actor.Queue
	limits line.Limits
	// picture is the latest CallDetails; final the statistics at the end.
	picture atomic.Pointer[CallDetails]
	live    atomic.Pointer[media.Session]
	final   atomic.Pointer[Statistics]
	setup   setup.Clock
	// ended is closed as CallEnded is published, done when the goroutine ends.
	ended, done chan struct{}

	// ctx ends what the call waits for as soon as the call begins to end;
	// closing is for what must still be said then.
	ctx     context.Context
	cancel  context.CancelFunc
	closing context.Context
	forget  context.CancelFunc

	// Owned by the goroutine.

	details CallDetails
	timers  timers
	// tasks counts the work that will still post its result.
	tasks     int
	destroyed bool
	// sound is shared with the other calls of the time.
	sound *sound
	// media is the session of the call, nil until its first offer; leg its
	// INVITE, nil until that was sent.
	media media.Session
	leg   *leg
	// inviting says that an INVITE is being made.
	inviting bool
	// inbound is how an incoming call came, nil for an outgoing one.
	inbound inbound
	// invitation is what an outgoing call dials.
	invitation sip.Invitation
	// referral is told how an outgoing call fares that a transfer asked for.
	referral *line.Referral
	// following is the call that the far side has transferred this one to, nil if
	// there is none; follows is the reverse of it.
	following, follows *Call
	// consulting is the call to somebody else about this one, nil if there is none;
	// aside is when the user left it on hold, zero while the user talks there.
	// joining says that the two are to be joined as soon as that call is answered, and
	// joiningEarly that the server was asked to join them while it rings.
	consulting   *Call
	aside        time.Time
	joining      bool
	joiningEarly bool
	// consultsFor is the call that this one is about, nil for any other; placed gets
	// the result of sending its INVITE.
	consultsFor *Call
	placed      chan<- error
	// offered is the far side's transfer that waits for the user's word, nil if
	// there is none.
	offered *offeredTransfer
	// declined is closed when the last of those that were declined has its answer, nil
	// before.
	declined <-chan struct{}
	// asking says that a REFER of ours has no answer yet; endedAsking is the end of the leg
	// that came meanwhile.
	asking      bool
	endedAsking *sip.Ended
	// reauthenticated says that the credentials were asked for again already.
	reauthenticated bool
	// endedIn is the state in which the call began to end, endedBy the side that ended
	// it.
	endedIn State
	endedBy string

	// plain says that the offer is RTP in clear text, because SRTP was refused.
	plain       bool
	negotiation negotiation
	// confirming says that the answer to an incoming call is under way; endedEarly is
	// the end of the leg that came meanwhile.
	confirming bool
	endedEarly *sip.Ended
	// informing is closed when the last digits sent by INFO are out.
	informing   chan struct{}
	supervision supervision
	// own is how this phone records the call, nil where it does not.
	own *ownRecording
}

// leg is one INVITE.
type leg struct {
	dialog line.Dialog
	// up says that the INVITE was answered with 2xx.
	up bool
	// described says that a provisional response has answered our offer.
	described bool
	// ended says that the dialog has ended or failed; done is closed then.
	ended bool
	done  chan struct{}
	// later says that the INVITE carried X-Answer: later.
	later bool
	// flowLost says that the dialog's connection is gone.
	flowLost bool
	// inbound says that the far side began the dialog; refusal is the status with
	// which it is hung up before its answer.
	inbound bool
	refusal int
	// handedOver says that somebody else sees the dialog to its end.
	handedOver bool
}

// isDialog reports whether the leg is that dialog of the signalling.
func (l *leg) isDialog(d *sip.Dialog) bool {
	own, ok := l.dialog.(line.SIPDialog)
	return ok && own.Dialog == d
}

func newLeg(d line.Dialog, later bool) *leg {
	return &leg{dialog: d, later: later, done: make(chan struct{})}
}

func (l *leg) end() {
	if !l.ended {
		l.ended = true
		close(l.done)
	}
}

// newCall makes a call, starts its goroutine and puts it among the calls that are
// there. The mutex is held.
func (c *Client) newCall(t line.Line, details CallDetails) *Call {
	details.CallID = uuid.NewString()
	details.Line = t.Name()
	details.Transferable, details.Consultable, details.Mergeable = lineAbilities(t)
	details.State, details.EndReason, details.Route = StateNone, EndNone, RouteEarpiece
	details.Started = c.clock.Now()
	call := &Call{
		client: c, line: t, id: details.CallID,
		log:    c.log.With("call", details.CallID),
		queue:  actor.New(),
		limits: t.Limits(),
		ended:  make(chan struct{}), done: make(chan struct{}),
		details: details,
	}
	call.ctx, call.cancel = context.WithCancel(context.Background())
	call.closing, call.forget = context.WithCancel(c.closing)
	call.timers = timers{clock: c.clock, post: func(f func()) { call.queue.Post(f) }, armed: make(map[timerKind]*armedTimer)}
	if c.shared == nil {
		c.shared = newSound(c)
	}
	call.sound = c.shared
	call.setup.Start(c.clock, details.Started)
	call.show()
	c.calls = append(c.calls, call)
	if details.ConsultsFor == "" {
		c.latest = call
	}
	if c.stopProbe != nil {
		c.stopProbe(busyFault())
	}
	c.running.Add(1)
	crash.Go(call.run)
	return call
}

func (c *Call) run() {
	defer c.client.running.Done()
	defer close(c.done)
	c.queue.Run(func() bool { return c.destroyed && c.tasks == 0 })
	// The latest call is kept for its details, not for its buffers.
	c.live.Store(nil)
	c.media, c.leg = nil, nil
	c.timers.clearAll()
	c.cancel()
	c.forget()
}

// task runs work in a goroutine and its result, if any, on the call's. The
// call's goroutine does not end before all of them have.
func (c *Call) task(work func() (then func())) {
	c.tasks++
	go func() {
		defer crash.Guard()
		then := work()
		c.queue.Post(func() {
			c.tasks--
			if then != nil {
				then()
			}
		})
	}()
}

// show publishes the details to readers of Details.
func (c *Call) show() {
	d := c.details
	c.picture.Store(&d)
	c.tellConsultation()
}

// move enters a state. An illegal move is refused and logged: the table of
// state.go has the last word.
func (c *Call) move(next State) bool {
	if c.details.State == next {
		return false
	}
	if !c.details.State.CanMove(next) {
		c.log.Error("illegal move refused", "from", c.details.State, "to", next)
		return false
	}
	c.log.Info("call state", "from", c.details.State, "to", next)
	c.details.State = next
	c.show()
	return true
}

// changed publishes the details as they are now.
func (c *Call) changed() {
	c.followRecording()
	c.show()
	c.client.events.Publish(CallChanged{Call: c.details})
}

// adopt makes l the call's leg and follows its events.
func (c *Call) adopt(l *leg) {
	c.leg = l
	follow(c, l.dialog.Events(), func(ev sip.DialogEvent) { c.onDialog(l, ev) })
}

// follow passes events on to the call's goroutine until their channel is closed
// or the call has nothing more to say.
func follow[E any](c *Call, events <-chan E, on func(E)) {
	c.client.running.Add(1)
	go func() {
		defer crash.Guard()
		defer c.client.running.Done()
		for {
			select {
			case ev, ok := <-events:
				if !ok || !c.queue.Post(func() { on(ev) }) {
					return
				}
			case <-c.closing.Done():
				return
			}
		}
	}()
}

// onDialog is everything the far side says by SIP.
func (c *Call) onDialog(l *leg, ev sip.DialogEvent) {
	switch ev := ev.(type) {
	case sip.Provisional:
		c.learn(ev.Headers)
		if l == c.leg && c.details.Direction == Outgoing {
			c.onProvisional(l, ev)
		}
	case sip.Answered:
		l.up = true
		c.learn(ev.Headers)
		c.onAnswered(l, ev)
	case sip.Failed:
		l.end()
		c.learn(ev.Headers)
		c.onFailed(l, ev)
	case sip.Ended:
		l.end()
		c.onLegEnded(l, ev)
	case sip.Reoffered:
		c.onReoffered(l, ev)
	case sip.Reanswered:
		c.onReanswered(l, ev)
	case sip.Informed:
		c.onInformed(ev)
	case sip.Identified:
		c.onIdentified(l, ev)
	case sip.Redirected:
		c.onRedirected(ev)
	case sip.Referred:
		c.onReferred(l, ev)
	case sip.TransferProgress:
		c.onTransfer(ev)
	case sip.FlowLost:
		l.flowLost = true
		c.onFlowLost(l, ev)
	}
}

// learn keeps the server's name of the call.
func (c *Call) learn(headers []sip.Header) {
	if c.details.SessionID != "" {
		return
	}
	sid := sip.HeaderOf(headers, wire.HeaderCallSid)
	if c.details.Line != "" {
		sid = sessionOf(headers)
	}
	if sid != "" && display.Showable(sid, 128) {
		c.details.SessionID = sid
		c.show()
	}
}

// do runs f on the call's goroutine and returns its error.
func (c *Call) do(f func() error) error {
	result := make(chan error, 1)
	if !c.queue.Post(func() { result <- f() }) {
		return noCall()
	}
	select {
	case err := <-result:
		return err
	case <-c.done:
		// It may have run as the last thing of all.
		select {
		case err := <-result:
			return err
		default:
			return noCall()
		}
	}
}

// abandon gives up what the call still waits for.
func (c *Call) abandon() {
	c.forget()
	c.cancel()
	c.queue.Post(func() { c.end() })
}

var errTooEarly = errors.New("the call is not established")

func noCall() *fault.Error {
	return fault.New(fault.NoCall, "call.none")
}

func notEstablished() *fault.Error {
	return fault.Wrap(errTooEarly, fault.NoCall, "call.not-connected")
}
