package voice

import (
	"context"
	"errors"
	"time"
)

// awaitPause is the pause between two attempts while a call waits.
const awaitPause = 250 * time.Millisecond

var errLineClosed = errors.New("voice: line is closed")

// connecting is a line that keeps a flow open by itself.
type connecting interface {
	// look returns the open flow or nil, how many attempts to connect have ended,
	// with what the latest one did, and a channel that is closed when any of this
	// changes. The flow is looked at after the rest, so that no change is missed.
	look() (open flow, attempts int, err error, news <-chan struct{})
	// hurry makes the next attempt at once.
	hurry()
	// over is closed when the line has come to its end.
	over() <-chan struct{}
}

// openFlow returns the open flow of a line. If there is none it has the line
// connect at once and returns the error of that attempt.
func openFlow(ctx context.Context, l connecting) (flow, error) {
	first := -1
	for {
		open, attempts, err, news := l.look()
		if open != nil {
			select {
			case <-open.Done():
			default:
				return open, nil
			}
		} else if first >= 0 && attempts > first && err != nil {
			return nil, err
		}
		if first < 0 {
			first = attempts
			l.hurry()
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.over():
			return nil, errLineClosed
		}
	}
}

// awaitFlow returns the open flow of a line as soon as there is one; it fails only
// with ctx or the end of the line. Somebody in a call waits here: a new attempt is
// made every awaitPause.
func awaitFlow(ctx context.Context, l connecting, clock Clock) (flow, error) {
	for {
		f, err := openFlow(ctx, l)
		if err == nil || ctx.Err() != nil || errors.Is(err, errLineClosed) {
			return f, err
		}
		if !rest(ctx, clock, awaitPause) {
			return nil, ctx.Err()
		}
	}
}
