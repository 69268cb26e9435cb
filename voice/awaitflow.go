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
	look() outlook
	// retry makes the next attempt at once.
	retry()
	// ended is closed when the line has come to its end.
	ended() <-chan struct{}
}

// outlook is how a line stands. The flow is looked at after the rest, so that no
// change is missed.
type outlook struct {
	// open is the flow, or nil.
	open flow
	// attempts counts those to connect that have ended, err is how the latest did.
	attempts int
	err      error
	// news is closed when any of this changes.
	news <-chan struct{}
}

// openFlow returns the open flow of a line. If there is none it has the line
// connect at once and returns the error of that attempt.
func openFlow(ctx context.Context, l connecting) (flow, error) {
	first := -1
	for {
		now := l.look()
		if now.open != nil {
			select {
			case <-now.open.Done():
			default:
				return now.open, nil
			}
		} else if first >= 0 && now.attempts > first && now.err != nil {
			return nil, now.err
		}
		if first < 0 {
			first = now.attempts
			l.retry()
		}
		select {
		case <-now.news:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.ended():
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
		if !sleep(ctx, clock, awaitPause) {
			return nil, ctx.Err()
		}
	}
}
