package line

import (
	"context"
	"errors"
	"time"

	"offhook/voice/clock"
)

// awaitDelay is the pause between two attempts while a call waits.
const awaitDelay = 250 * time.Millisecond

// ErrClosed says that a line has come to its end.
var ErrClosed = errors.New("voice: line is closed")

// Connecting is a line that keeps a flow open by itself.
type Connecting interface {
	Look() Outlook
	// Retry makes the next attempt at once.
	Retry()
	// Done is closed when the line has come to its end.
	Done() <-chan struct{}
}

// Outlook is how a line stands. The flow is looked at after the rest, so that no
// change is missed.
type Outlook struct {
	// Open is the flow, or nil.
	Open Flow
	// Attempts counts those to connect that have ended, Err is how the latest did.
	Attempts int
	Err      error
	// News is closed when any of this changes.
	News <-chan struct{}
}

// OpenFlow returns the open flow of a line. If there is none it has the line
// connect at once and returns the error of that attempt.
func OpenFlow(ctx context.Context, l Connecting) (Flow, error) {
	first := -1
	for {
		now := l.Look()
		if now.Open != nil {
			select {
			case <-now.Open.Done():
			default:
				return now.Open, nil
			}
		} else if first >= 0 && now.Attempts > first && now.Err != nil {
			return nil, now.Err
		}
		if first < 0 {
			first = now.Attempts
			l.Retry()
		}
		select {
		case <-now.News:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.Done():
			return nil, ErrClosed
		}
	}
}

// AwaitFlow returns the open flow of a line as soon as there is one; it fails only
// with ctx or the end of the line. Somebody in a call waits here: a new attempt is
// made every awaitDelay.
func AwaitFlow(ctx context.Context, l Connecting, c clock.Clock) (Flow, error) {
	for {
		f, err := OpenFlow(ctx, l)
		if err == nil || ctx.Err() != nil || errors.Is(err, ErrClosed) {
			return f, err
		}
		if !clock.Sleep(ctx, c, awaitDelay) {
			return nil, ctx.Err()
		}
	}
}
