package voice

import (
	"context"

	"offhook/voice/line/subscriber"
)

// MediaProbe is what ProbeMedia found.
type MediaProbe = subscriber.MediaProbe

// MediaWay is one way that media can take, and whether it is open.
type MediaWay = subscriber.MediaWay

// ProbeMedia measures the way of the media: a test sound goes to the platform's
// relay and back for five seconds, as in a call but without a microphone or a
// loudspeaker, and each way to the relay is asked whether it is open. It blocks
// for some six seconds, with closed ways some more, or until ctx ends.
//
// The errors are SDK_UNINITIALIZED, SYSTEM_BUSY during a call and when a call
// begins meanwhile, NETWORK_ERROR if the platform can't be reached or nothing
// comes back, SERVER_ERROR if it offers no echo, AUTHENTICATION_…. With a
// NETWORK_ERROR the result still tells of the ways that were asked.
func (c *Client) ProbeMedia(ctx context.Context) (MediaProbe, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s, err := c.beginProbe(cancel)
	if err != nil {
		return MediaProbe{}, err
	}
	defer c.endProbe()
	return s.ProbeMedia(ctx)
}

// beginProbe takes the client for a probe; cancel is called when a call begins.
func (c *Client) beginProbe(cancel context.CancelCauseFunc) (*subscriber.Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.session == nil:
		return nil, uninitialized()
	case !c.idle() || c.stopProbe != nil:
		return nil, busyFault()
	}
	// Stop and Close wait for it as for the closing of calls.
	c.running.Add(1)
	c.stopProbe = cancel
	return c.session, nil
}

func (c *Client) endProbe() {
	c.mu.Lock()
	c.stopProbe = nil
	c.mu.Unlock()
	c.running.Done()
}
