package voice

import (
	"context"

	"offhook/voice/display"
	"offhook/voice/fault"
)

// ID names the call within this phone.
func (c *Call) ID() string { return c.id }

// Details is the call as it is now; an ended call keeps its last.
func (c *Call) Details() CallDetails { return *c.picture.Load() }

// Done is closed when the call has ended.
func (c *Call) Done() <-chan struct{} { return c.ended }

// Answer accepts an incoming call: INCOMING becomes ANSWERING, then ESTABLISHED
// or ENDED. It fails with NO_CALL in any other state.
func (c *Call) Answer() error { return c.do(c.answer) }

// Hangup declines, cancels or ends the call, as its state asks. CallEnded
// follows with LOCAL_HANGUP. It fails with NO_CALL if the call is over.
func (c *Call) Hangup() error {
	return c.do(func() error {
		if c.details.State == StateEnded {
			return noCall()
		}
		c.hangUp(EndLocalHangup)
		return nil
	})
}

// Mute stops what the microphone hears from being sent. It fails with NO_CALL
// before the call is established and after its end.
func (c *Call) Mute() error { return c.setMuted(true) }

// Unmute ends Mute.
func (c *Call) Unmute() error { return c.setMuted(false) }

func (c *Call) setMuted(on bool) error {
	return c.do(func() error {
		if !c.details.State.Answered() {
			return notEstablished()
		}
		if k := c.consulting; k != nil {
			k.queue.Post(func() { k.mute(on) })
		}
		if members := c.sound.membersWith(c); members != nil {
			c.sound.muteConference(on)
			for _, member := range members {
				member.queue.Post(func() { member.mute(on) })
			}
		}
		c.mute(on)
		return nil
	})
}

// mute takes over whether the microphone is heard; a call that is not answered yet
// begins so.
func (c *Call) mute(on bool) {
	if c.details.State.Answered() && !c.details.InConference {
		c.media.SetMuted(on)
	}
	if c.details.Muted != on {
		c.details.Muted = on
		c.changed()
	}
}

// Hold stops the sound in both directions and tells the far side. The sound
// stops at once; Hold returns when the far side has agreed, or with the reason
// why not, or with ctx. It fails with NO_CALL before the call is established.
func (c *Call) Hold(ctx context.Context) error { return c.awaitHold(ctx, true) }

// Resume ends Hold and gives the sound to this call; another one that was talking
// is put on hold. It fails with SYSTEM_BUSY while the user talks to the third party
// of a consultation for this call.
func (c *Call) Resume(ctx context.Context) error { return c.awaitHold(ctx, false) }

func (c *Call) awaitHold(ctx context.Context, on bool) error {
	return c.ask(ctx, func(result chan<- error) { c.setHold(on, result) }, func(err error) error {
		return fault.Wrap(err, fault.NetworkError, "call.not-agreed-yet")
	})
}

// ask has the call's goroutine begin something whose result comes later, and
// waits for it; late is what to say when ctx ends first.
func (c *Call) ask(ctx context.Context, begin func(result chan<- error), late func(error) error) error {
	result := make(chan error, 1)
	if !c.queue.Post(func() { begin(result) }) {
		return noCall()
	}
	select {
	case err := <-result:
		return err
	case <-c.done:
		return noCall()
	case <-ctx.Done():
		return late(ctx.Err())
	}
}

// SendDTMF sends the digits 0-9 * # A-D, with ',' for a pause of 2 s, as RFC
// 4733 events, or by INFO to a far side that takes none. It does not wait for
// them to be sent. It fails with INVALID_PARAMETER for anything else, and with
// NO_CALL before the call is established unless the far side already sends sound
// (early media).
func (c *Call) SendDTMF(digits string) error {
	if !validDigits(digits) {
		return fault.New(fault.InvalidParameter, "dtmf.bad-digit")
	}
	to := c
	err := c.do(func() error {
		if c.consultationBusy() {
			to = c.consulting
			return nil
		}
		return c.sendDTMF(digits)
	})
	if err != nil || to == c {
		return err
	}
	return to.do(func() error { return to.sendDTMF(digits) })
}

// EnableSpeaker moves the sound to the loudspeaker; DisableSpeaker back to the
// default device. A route without a device changes nothing and fails with
// AUDIO_DEVICE_ERROR.
func (c *Call) EnableSpeaker() error { return c.SetAudioRoute(RouteSpeaker) }

// DisableSpeaker moves the sound from the loudspeaker to the default device; it
// does nothing if it is elsewhere.
func (c *Call) DisableSpeaker() error { return c.leaveRoute(RouteSpeaker) }

// EnableBluetooth moves the sound to a connected Bluetooth device; without one
// it changes nothing and fails with AUDIO_DEVICE_ERROR.
func (c *Call) EnableBluetooth() error { return c.SetAudioRoute(RouteBluetooth) }

// DisableBluetooth moves the sound from a Bluetooth device to the default
// device; it does nothing if it is elsewhere.
func (c *Call) DisableBluetooth() error { return c.leaveRoute(RouteBluetooth) }

func (c *Call) leaveRoute(r AudioRoute) error {
	if c.AudioRoute() != r {
		return nil
	}
	return c.SetAudioRoute(RouteEarpiece)
}

// SetAudioRoute moves the sound of the call. It waits for the device.
func (c *Call) SetAudioRoute(r AudioRoute) error {
	if !r.Known() {
		return fault.New(fault.InvalidParameter, "audio.no-such-route")
	}
	result := make(chan error, 1)
	posted := c.queue.Post(func() {
		if !c.details.State.Active() || c.details.State == StateEnding {
			result <- noCall()
			return
		}
		c.sound.do(c, "route", func(p soundPath) error { return p.SetRoute(r) }, func(err error) {
			if err != nil {
				result <- soundFault(err, false)
				return
			}
			c.onSound(false, nil)
			result <- nil
		})
	})
	if !posted {
		return noCall()
	}
	select {
	case err := <-result:
		return err
	case <-c.done:
		return noCall()
	}
}

// AudioRoute is where the sound goes.
func (c *Call) AudioRoute() AudioRoute { return c.Details().Route }

// Levels returns the loudness of the microphone and of the far side, each 0
// (silence) to 1 (full scale); both 0 without sound.
func (c *Call) Levels() (mic, far float64) {
	p := c.sound.path.Load()
	if p == nil || c.Details().State == StateEnded {
		return 0, 0
	}
	return (*p).Levels()
}

// ContextMessage is the free text that came with the call, or "".
func (c *Call) ContextMessage() string { return c.Details().ContextMessage }

// SetContextMessage notes the free text that the application learnt of the
// call; CallChanged follows.
func (c *Call) SetContextMessage(text string) {
	text = display.Message(text)
	c.queue.Post(func() {
		if c.details.ContextMessage != text && c.details.State != StateEnded {
			c.details.ContextMessage = text
			c.changed()
		}
	})
}
