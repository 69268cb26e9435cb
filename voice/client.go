package voice

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"offhook/internal/actor"
	"offhook/internal/crash"
	"offhook/internal/version"
	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/line/subscriber"
)

// Version is the engine's version; the User-Agent of SIP and HTTP carries it.
var Version = version.Number()

// Client is the engine: it is initialised for one subscriber, or registers any
// number of SIP accounts, or both, and holds one call at a time, or as many as
// WithMaxCalls says. All methods may be called from any goroutine.
type Client struct {
	settings
	events actor.Stream[Event]

	// lifecycle serialises Initialize, Stop and Reset.
	lifecycle sync.Mutex

	mu sync.Mutex
	// session is what Initialize made, or nil.
	session *subscriber.Session
	// lines are the SIP accounts, in the order in which they were added.
	lines []*sipaccount.Line
	// calls are those that have not ended, in the order in which they began; shared is
	// their sound, nil without calls. claims counts the incoming calls that are being
	// looked at.
	calls  []*Call
	shared *sound
	claims int
	// latest is the call that was made last, and lastEnded the one that ended last,
	// consultations left out; their details stay valid.
	latest         *Call
	lastEnded      *Call
	onAnotherPhone bool
	declining      bool
	recordingRules RecordingRules
	seen           subscriber.Seen
	status         Status
	closed         bool
	// stopProbe ends the media probe that is under way, with a reason; nil while
	// there is none.
	stopProbe context.CancelCauseFunc
	// running counts the goroutines of calls, which outlive their CallEnded to say
	// BYE; closing ends that.
	running  sync.WaitGroup
	closing  context.Context
	closeNow context.CancelFunc
}

// New makes a Client that is not initialised. Close releases it.
func New(options ...Option) (*Client, error) {
	c := &Client{}
	c.closing, c.closeNow = context.WithCancel(context.Background())
	for _, o := range options {
		o(&c.settings)
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.logEvents != nil {
		c.log = slog.New(&eventHandler{next: c.log.Handler(), least: *c.logEvents, events: &c.events})
	}
	if err := c.settings.complete(); err != nil {
		return nil, err
	}
	return c, nil
}

// Subscribe returns the events from now on.
func (c *Client) Subscribe() *Subscription {
	ctx, cancel := context.WithCancel(context.Background())
	return &Subscription{events: c.events.Read(ctx, 0), cancel: cancel}
}

// DeviceID is the id of this installation: the device_id to log in with.
func (c *Client) DeviceID() string { return c.settings.deviceID }

// Version is the engine's version.
func (c *Client) Version() string { return Version }

// IsInitialized reports whether the client can dial and be called.
func (c *Client) IsInitialized() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session != nil
}

// Status returns how far the client is able to carry a call.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.snapshotStatus()
}

// snapshotStatus is Status with the mutex held.
func (c *Client) snapshotStatus() Status {
	s := c.status
	if s.Initialized = c.session != nil; s.Initialized {
		s.TokenValidUntil = c.session.Keeper.ValidUntil()
		s.ClockOffset = c.session.Platform.ServerOffset()
		profile := c.session.Profile()
		s.Exophone, s.SIPServer = profile.Exophone, subscriber.ServerURL(*profile)
	}
	return s
}

// note changes the status and tells of it.
func (c *Client) note(change func(s *Status, now time.Time) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if change(&c.status, c.clock.Now()) {
		c.events.Publish(StatusChanged{Status: c.snapshotStatus()})
	}
}

// AccessToken returns an access token that is valid now, for the application
// backend and the push inbox; rejected is one that a server has just refused,
// or "". The errors are those of auth.Keeper, and SDK_UNINITIALIZED.
func (c *Client) AccessToken(ctx context.Context, rejected string) (string, error) {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return "", uninitialized()
	}
	if rejected != "" {
		s.Keeper.Rejected(rejected)
	}
	return s.Keeper.AccessToken(ctx)
}

// Retry tries at once what the client would try by itself later, and proves what
// works: for when the network has changed, the machine has slept, or the user asks
// for it. A connection that still works stays, and so does the media of a call that
// is heard; what gives no sign of life is replaced. SIP accounts that the server
// refuses try again, too.
func (c *Client) Retry() {
	c.mu.Lock()
	own := c.session
	calls, lines := slices.Clone(c.calls), slices.Clone(c.lines)
	c.mu.Unlock()
	c.log.Info("retry")
	if own != nil {
		own.CheckConnection()
	}
	for _, l := range lines {
		l.Retry()
	}
	for _, call := range calls {
		call.queue.Post(call.doubtMedia)
	}
}

// Stop de-initialises the client, closes its connections and publishes
// Deinitialized. During a call it fails with SYSTEM_BUSY (reference, section
// 1.2). It waits for what is left of ended calls, or for ctx.
func (c *Client) Stop(ctx context.Context) error {
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	return c.stop(ctx)
}

func (c *Client) stop(ctx context.Context) error {
	c.mu.Lock()
	s := c.session
	switch {
	case s == nil:
		c.mu.Unlock()
		return uninitialized()
	case !c.idle():
		c.mu.Unlock()
		return busyFault()
	}
	c.session = nil
	if c.stopProbe != nil {
		c.stopProbe(uninitialized())
	}
	c.mu.Unlock()

	// BYEs that are under way may still go out.
	c.awaitCalls(ctx)
	c.closeNow()
	s.Close(ctx, false)
	c.running.Wait()

	c.mu.Lock()
	c.closing, c.closeNow = context.WithCancel(context.Background())
	c.status = Status{}
	c.events.Publish(StatusChanged{})
	c.events.Publish(Deinitialized{})
	c.mu.Unlock()
	return nil
}

func (c *Client) awaitCalls(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer crash.Guard()
		c.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Reset hangs up what call there is and then does what Stop does.
func (c *Client) Reset(ctx context.Context) error {
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	c.clear(ctx)
	return c.stop(ctx)
}

// clear ends the calls that are there and waits for one that is being looked at,
// by force once ctx has ended.
func (c *Client) clear(ctx context.Context) {
	for {
		c.mu.Lock()
		var call *Call
		if len(c.calls) > 0 {
			call = c.calls[0]
		}
		claimed := c.claims > 0
		c.mu.Unlock()
		switch {
		case call != nil:
			// It may have ended by itself in the meantime.
			_ = call.Hangup()
			select {
			case <-call.ended:
			case <-ctx.Done():
				call.abandon()
				<-call.ended
			}
		case claimed:
			if !clock.Sleep(ctx, c.clock, 10*time.Millisecond) {
				c.closeNow()
				clock.Sleep(context.Background(), c.clock, 10*time.Millisecond)
			}
		default:
			return
		}
	}
}

// Close resets the client if it is initialised, takes the SIP accounts back from
// their servers, and ends all subscriptions after their last event. It is done
// soon after ctx ends, also when no server answers. The client cannot be used
// again.
func (c *Client) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	var closing sync.WaitGroup
	closing.Go(crash.Guarded(func() { c.closeLines(ctx, false) }))
	err := c.Reset(ctx)
	if fault.TypeOf(err) == fault.Uninitialized {
		// A call over a SIP account may have been the last.
		c.awaitCalls(ctx)
		c.closeNow()
		c.running.Wait()
		err = nil
	}
	closing.Wait()
	c.closeLines(ctx, true)
	c.events.Close()
	c.closeNow()
	if c.devices != nil {
		err = errors.Join(err, c.devices.close())
	}
	return err
}

// Calls are the calls that have not ended, in the order in which they began,
// consultations among them.
func (c *Client) Calls() []*Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// idle reports whether there is no call, nor one that is being looked at. The mutex
// is held.
func (c *Client) idle() bool { return len(c.calls) == 0 && c.claims == 0 }

// occupied reports whether the line takes no further call now: consultations don't
// count, nor does the call that a transfer asks for beside the one that is there
// still. The mutex is held.
func (c *Client) occupied(t line.Line) bool {
	n, mixed := c.claims, false
	for _, call := range c.calls {
		switch {
		case call.consultsFor != nil, call.follows != nil && slices.Contains(c.calls, call.follows):
		case c.shared.membersWith(call) != nil:
			mixed = true
		default:
			n++
		}
	}
	if mixed {
		n++ // a conference is one
	}
	if t.Name() == "" {
		return n >= c.maxSubscriber
	}
	return n >= c.maxSIP
}

// carries reports whether a line carries a call. The mutex is held.
func (c *Client) carries(t line.Line) bool {
	return slices.ContainsFunc(c.calls, func(call *Call) bool { return call.line == t })
}

// remove takes an ended call away and returns the one to have the sound then, nil
// if none is left. The mutex is held.
func (c *Client) remove(gone *Call) (next *Call) {
	if gone.consultsFor == nil {
		c.lastEnded = gone
	}
	c.calls = slices.DeleteFunc(c.calls, func(call *Call) bool { return call == gone })
	if len(c.calls) == 0 {
		c.shared = nil
		return nil
	}
	if f := gone.consultsFor; f != nil && slices.Contains(c.calls, f) {
		return f
	}
	if f := gone.follows; f != nil && slices.Contains(c.calls, f) {
		if c.latest == gone {
			c.latest = f // the user is with its far side again
		}
		return f
	}
	return c.calls[len(c.calls)-1]
}

// LatestCallDetails returns the details of the call that was made last; false
// if there was none.
func (c *Client) LatestCallDetails() (CallDetails, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest == nil {
		return CallDetails{}, false
	}
	return c.latest.Details(), true
}

// SetMaxCalls is WithMaxCalls for a client that runs. Calls that are there go on.
func (c *Client) SetMaxCalls(subscriberLine, sipAccounts int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.maxSubscriber, c.maxSIP = max(subscriberLine, 1), max(sipAccounts, 1)
}

// CallFromID returns the call of that id, if it has not ended, is the latest or ended
// last: no other call's context is kept (reference, section 1.3).
func (c *Client) CallFromID(id string) (*Call, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range c.calls {
		if call.id == id {
			return call, true
		}
	}
	for _, call := range []*Call{c.latest, c.lastEnded} {
		if call != nil && call.id == id {
			return call, true
		}
	}
	return nil, false
}

// SetOnAnotherPhone is the reference's rule for a PSTN call in progress
// (section 2.4): no dialling, incoming calls are declined and missed, and a
// call in progress ends as PSTN_HANGUP.
func (c *Client) SetOnAnotherPhone(on bool) {
	c.mu.Lock()
	c.onAnotherPhone = on
	calls := slices.Clone(c.calls)
	c.mu.Unlock()
	if !on {
		return
	}
	for _, call := range calls {
		call.queue.Post(func() { call.hangUp(EndPSTNHangup) })
	}
}

// SetDeclining makes incoming calls be declined and reported as missed, with
// the reason "declined", while on is true. Calls in progress go on.
func (c *Client) SetDeclining(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.declining = on
}

func uninitialized() *fault.Error {
	return fault.New(fault.Uninitialized, "sign-in.first")
}

func busyFault() *fault.Error {
	return fault.New(fault.SystemBusy, "call.already")
}
