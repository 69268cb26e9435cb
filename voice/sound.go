package voice

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"offhook/internal/actor"
	"offhook/internal/crash"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// sound is the devices that the calls of one time share: they serve one call, the
// one that has the sound, and the others hear and send nothing meanwhile. It is made
// with the first call and closed with the last. Devices may take their time:
// everything is done by one goroutine, in order, and the calls learn of the result.
type sound struct {
	client *Client
	queue  *actor.Queue
	// path is nil until a device was asked for, and after the end.
	path atomic.Pointer[soundPath]
	// far is where the devices' frames go and come from.
	far farSwitch
	// closed belongs to the queue's goroutine; ended is closed when that ends.
	closed bool
	ended  chan struct{}

	mu sync.Mutex
	// holder is the call that has the sound; ringback the one whose ringback plays.
	holder, ringback *Call
	conference       mixing
	// running says that the goroutine was started, over that the last call has left;
	// playing and capturing that the loudspeaker and the microphone were asked for.
	running, over, playing, capturing bool
}

func newSound(c *Client) *sound {
	return &sound{client: c, queue: actor.New(), ended: make(chan struct{})}
}

// do runs work on the path, which is made first if need be, and then its result on
// the goroutine of c, which is the caller's. Without c it runs where the work does.
// Once the last call has left nothing is done: nobody would close the path again.
func (s *sound) do(c *Call, what string, work func(p soundPath) error, then func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	if !s.running {
		s.running = true
		s.client.running.Add(1)
		crash.Go(s.run)
	}
	if c != nil {
		c.tasks++
	}
	s.queue.Post(func() {
		err := s.ensure()
		if err == nil {
			err = work(*s.path.Load())
		}
		if err != nil {
			s.client.log.Warn("sound", "what", what, "error", err)
		}
		switch {
		case c != nil:
			c.queue.Post(func() {
				c.tasks--
				if then != nil {
					then(err)
				}
			})
		case then != nil:
			then(err)
		}
	})
}

func (s *sound) run() {
	defer s.client.running.Done()
	defer close(s.ended)
	s.queue.Run(func() bool { return s.closed })
}

// ensure makes the path. On the queue's goroutine.
func (s *sound) ensure() error {
	if s.path.Load() != nil {
		return nil
	}
	p, err := s.client.newPath(s.client.currentSound(), func(n audio.Notice) {
		if c := s.who(); c != nil {
			s.client.events.Publish(SoundNotice{CallID: c.id, Notice: n})
			switch n.Code {
			case audio.FellBack, audio.Returned, audio.Moved, audio.NoDevice:
				c.queue.Post(func() { c.onSound(false, nil) }) // the route may be another
			}
		}
	})
	if err == nil {
		s.path.Store(&p)
	}
	return err
}

// who is the call that has the sound, or nil.
func (s *sound) who() *Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holder
}

// serve gives the sound to a call, or to nobody.
func (s *sound) serve(c *Call) {
	s.mu.Lock()
	before, other := s.holder, s.ringback
	if other == c {
		other = nil
	}
	s.holder = c
	s.turn()
	s.mu.Unlock()
	if other != nil {
		s.stopRingback(other)
	}
	for _, call := range append(s.membersWith(before), append(s.membersWith(c), before, c)...) {
		if call != nil {
			call.queue.Post(call.noteSound)
		}
	}
}

// turn lets the devices serve the session of the call that has the sound. The mutex
// is held.
func (s *sound) turn() {
	if slices.Contains(s.conference.members, s.holder) && s.conference.mixer != nil {
		s.far.turn(s.conference.mixer)
		return
	}
	if s.holder != nil {
		if session := s.holder.live.Load(); session != nil {
			s.far.turn(*session)
			return
		}
	}
	s.far.turn(nil)
}

// hasMedia tells that a call has its session now.
func (s *sound) hasMedia() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.conference.mixer; m != nil {
		s.regroup(m.Muted())
		return
	}
	s.turn()
}

// openPlayout opens the loudspeaker, once.
func (s *sound) openPlayout(c *Call) {
	if s.first(&s.playing) {
		s.do(c, "open loudspeaker", func(p soundPath) error { return p.OpenPlayout(&s.far) }, func(err error) { c.onSound(false, err) })
	}
}

// openCapture opens the microphone, once.
func (s *sound) openCapture(c *Call) {
	if s.first(&s.capturing) {
		s.do(c, "open microphone", func(p soundPath) error { return p.OpenCapture(&s.far) }, func(err error) { c.onSound(true, err) })
	}
}

// first sets a flag and reports whether it was not set before.
func (s *sound) first(flag *bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := *flag
	*flag = true
	return !was
}

// startRingback plays the ringback tone to a call that has the sound.
func (s *sound) startRingback(c *Call) {
	s.mu.Lock()
	start := s.holder == c && s.ringback != c
	if start {
		s.ringback = c
	}
	s.mu.Unlock()
	if start {
		s.do(c, "ringback", func(p soundPath) error { p.PlayTone(toneRingback); return nil }, nil)
	}
}

// stopRingback ends the ringback tone if it is that of the call.
func (s *sound) stopRingback(c *Call) {
	s.mu.Lock()
	stop := s.ringback == c
	if stop {
		s.ringback = nil
	}
	s.mu.Unlock()
	if stop {
		s.do(nil, "ringback", func(p soundPath) error { p.StopTone(); return nil }, nil)
	}
}

// callWaiting plays the tone of a call that was not offered.
func (s *sound) callWaiting() {
	s.do(nil, "call waiting", func(p soundPath) error { p.PlayTone(toneCallWaiting); return nil }, nil)
}

// leave takes the sound from a call that has ended; next is the call to have it, or
// nil. last says that no call is left: then waits for the devices to be closed.
func (s *sound) leave(c *Call, next *Call, last bool, then func()) {
	s.stopRingback(c)
	s.mu.Lock()
	s.over = s.over || last
	held, running := s.holder == c, s.running
	rest := s.part(c)
	s.mu.Unlock()
	if rest != nil {
		for _, member := range rest {
			member.queue.Post(member.noteSound)
		}
	} else if held {
		s.serve(next)
	}
	if !last || !running {
		then()
		return
	}
	c.tasks++
	s.queue.Post(func() {
		s.closed = true
		if p := s.path.Swap(nil); p != nil {
			if err := (*p).Close(); err != nil {
				s.client.log.Warn("sound", "what", "close", "error", err)
			}
		}
		c.queue.Post(func() {
			c.tasks--
			then()
		})
	})
}

// farSwitch passes frames between the devices and the session of the call that has
// the sound.
type farSwitch struct{ to atomic.Pointer[audio.Far] }

func (f *farSwitch) turn(to audio.Far) {
	if to == nil {
		f.to.Store(nil)
		return
	}
	f.to.Store(&to)
}

// Muted implements audio.Mutable.
func (f *farSwitch) Muted() bool {
	to := f.to.Load()
	if to == nil {
		return false
	}
	m, ok := (*to).(audio.Mutable)
	return ok && m.Muted()
}

// Push implements audio.Far.
func (f *farSwitch) Push(frame []int16) {
	if to := f.to.Load(); to != nil {
		(*to).Push(frame)
	}
}

// Pull implements audio.Far.
func (f *farSwitch) Pull(frame []int16) {
	if to := f.to.Load(); to != nil {
		(*to).Pull(frame)
		return
	}
	clear(frame)
}

// takeSound gives the devices to this call; the calls that were talking are put on
// hold.
func (c *Call) takeSound() {
	if c.sound.serves(c) {
		return
	}
	c.sound.serve(c)
	c.details.HasSound = true
	if p := c.sound.path.Load(); p != nil {
		c.details.Route = (*p).Route()
	}
	for _, other := range c.client.Calls() {
		if other != c {
			other.queue.Post(other.standAside)
		}
	}
}

// standAside holds the far side, since the user talks to somebody else. Whether the
// far side agrees to it or not: it hears nothing of that.
func (c *Call) standAside() {
	if who := c.sound.who(); c.details.State.Answered() && c.following == nil && who != nil && !c.sound.serves(c) {
		c.setHold(true, make(chan error, 1))
	}
}

// onSound learns how the opening of a device went. A call without a microphone
// or a loudspeaker goes on: the user may choose another one, and is told.
func (c *Call) onSound(capture bool, err error) {
	if c.details.State == StateEnded {
		return
	}
	if p := c.sound.path.Load(); p != nil {
		c.details.Route = (*p).Route()
	}
	if err != nil {
		c.client.events.Publish(SoundFailed{Call: c.details, Capture: capture, Err: soundFault(err, capture)})
	}
	c.changed()
}

// soundFault keeps what package audio says of a failure, or says it for it.
func soundFault(err error, capture bool) *fault.Error {
	var known *fault.Error
	if errors.As(err, &known) {
		return known
	}
	if capture {
		return fault.Wrap(err, fault.AudioDeviceError, "audio.no-capture")
	}
	return fault.Wrap(err, fault.AudioDeviceError, "audio.no-playback")
}
