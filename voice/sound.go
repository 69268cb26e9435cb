package voice

import (
	"errors"

	"offhook/voice/audio"
	"offhook/voice/fault"
)

// sound is the call's side of its sound path. Devices may take their time:
// everything is done by one goroutine of its own, in order, and the call learns
// of the result.
type sound struct {
	call    *Call
	queue   *mailbox
	running bool
	closing bool
	// ringback says that the local ringback tone plays.
	ringback bool
	// capturing says that the microphone was asked for.
	capturing bool
	// stop ends the queue's goroutine after the present piece of work.
	stop func()

	// far is whom the devices serve.
	far farSwitch

	// path belongs to the queue's goroutine.
	path soundPath
}

func (s *sound) init(c *Call) {
	s.call = c
	s.queue = newMailbox()
}

// do runs work on the path, made first if need be, and then its result on the
// call's goroutine.
func (s *sound) do(what string, work func(p soundPath) error, then func(error)) {
	if s.closing {
		return
	}
	s.start()
	c := s.call
	c.tasks++
	s.queue.post(func() {
		err := s.ensure()
		if err == nil {
			err = work(s.path)
		}
		if err != nil {
			c.log.Warn("sound", "what", what, "error", err)
		}
		c.mail.post(func() {
			c.tasks--
			if then != nil {
				then(err)
			}
		})
	})
}

func (s *sound) start() {
	if s.running {
		return
	}
	s.running = true
	done := false
	s.call.client.calls.Add(1)
	go func() {
		defer s.call.client.calls.Done()
		s.queue.run(func() bool { return done })
	}()
	// The last piece of work ends the goroutine: see close.
	s.stop = func() { done = true }
}

// ensure makes the path. On the queue's goroutine.
func (s *sound) ensure() error {
	if s.path != nil {
		return nil
	}
	c := s.call
	p, err := c.client.sound.newPath(c.client.currentSound(), func(n audio.Notice) {
		c.client.bus.publish(SoundNotice{CallID: c.id, Notice: n})
	})
	if err != nil {
		return err
	}
	s.path = p
	c.path.Store(&p)
	return nil
}

// turnTo lets the devices serve another far side.
func (s *sound) turnTo(far audio.Far) { s.far.turn(far) }

// openPlayout opens the loudspeaker on what far gives out.
func (s *sound) openPlayout(far audio.Far) {
	s.turnTo(far)
	s.do("open loudspeaker", func(p soundPath) error { return p.OpenPlayout(&s.far) }, func(err error) {
		s.call.onSound(false, err)
	})
}

// openCapture opens the microphone, once.
func (s *sound) openCapture(far audio.Far) {
	if s.capturing {
		return
	}
	s.capturing = true
	s.turnTo(far)
	s.do("open microphone", func(p soundPath) error { return p.OpenCapture(&s.far) }, func(err error) {
		s.call.onSound(true, err)
	})
}

func (s *sound) startRingback() {
	if s.ringback {
		return
	}
	s.ringback = true
	s.do("ringback", func(p soundPath) error { p.PlayTone(toneRingback); return nil }, nil)
}

func (s *sound) stopRingback() {
	if !s.ringback {
		return
	}
	s.ringback = false
	s.do("ringback", func(p soundPath) error { p.StopTone(); return nil }, nil)
}

func (s *sound) callWaiting() {
	s.do("call waiting", func(p soundPath) error { p.PlayTone(toneCallWaiting); return nil }, nil)
}

// close closes the path and ends its goroutine, then runs then on the call's.
func (s *sound) close(then func()) {
	if s.closing {
		return
	}
	s.closing = true
	if !s.running {
		then()
		return
	}
	c := s.call
	c.tasks++
	s.queue.post(func() {
		if s.path != nil {
			if err := s.path.Close(); err != nil {
				c.log.Warn("sound", "what", "close", "error", err)
			}
		}
		s.stop()
		c.mail.post(func() {
			c.tasks--
			then()
		})
	})
}

// onSound learns how the opening of a device went. A call without a microphone
// or a loudspeaker goes on: the user may choose another one, and is told.
func (c *Call) onSound(capture bool, err error) {
	if c.details.State == StateEnded {
		return
	}
	if p := c.path.Load(); p != nil {
		c.details.Route = (*p).Route()
	}
	if err != nil {
		c.client.bus.publish(SoundFailed{Call: c.details, Capture: capture, Err: soundFault(err, capture)})
	}
	c.changed()
}

// soundFault keeps what the sound room says, or says it for it.
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
