package subscriber

import (
	"context"
	"errors"
	"time"

	"offhook/voice/clock"
	"offhook/voice/platform"
	"offhook/voice/wire"
)

// relayTries is how often the state of a pushed call is asked for when the
// network fails.
const relayTries = 3

// FirstPoll asks for a call's state, again where that can help.
func (s *Session) FirstPoll(ctx context.Context, p *Push) (polled platform.Polled, err error) {
	for try := range relayTries {
		polled, err = s.Platform.PollState(ctx, p.pollURL, p.Token, "", 0)
		if err == nil || !platform.Passing(err) || ctx.Err() != nil || try == relayTries-1 {
			break
		}
		if !clock.Sleep(ctx, s.cfg.Clock, 200*time.Millisecond<<try) {
			return polled, errors.Join(err, ctx.Err())
		}
	}
	return polled, err
}

// Poll asks what has become of a call that rings, and is held by the platform until
// that changes or some time has passed.
func (s *Session) Poll(ctx context.Context, p *Push) (platform.Polled, error) {
	return s.Platform.PollState(ctx, p.pollURL, p.Token, wire.CallRinging, p.pollHold)
}

// Reject posts a rejection, again where that can help until ctx ends.
func (s *Session) Reject(ctx context.Context, p *Push, word string) error {
	for delay := 250 * time.Millisecond; ; delay *= 2 {
		err := s.Platform.Reject(ctx, p.rejectURL, p.Token, word)
		if err == nil || !platform.Passing(err) {
			return err
		}
		if !clock.Sleep(ctx, s.cfg.Clock, max(delay, platform.RetryAfter(err))) {
			return err
		}
	}
}
