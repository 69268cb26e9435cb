package line

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"offhook/voice/clock"
	"offhook/voice/sip"
)

const (
	// notifyTime bounds the telling of how a transfer fares.
	notifyTime = 10 * time.Second
	// transferTimeout is how long the far side has to hang up once it knows that it
	// succeeded in getting rid of us.
	transferTimeout = 2 * time.Second
)

// Referral tells the far side of an old call how the call fares that it asked for
// (RFC 3515), and sees the old dialog to its end once that call was answered.
type Referral struct {
	dialog Dialog
	ev     sip.Referred
	news   chan int
}

// NewReferral returns the referral that a dialog has brought. Run tells of it.
func NewReferral(d Dialog, ev sip.Referred) *Referral {
	return &Referral{dialog: d, ev: ev, news: make(chan int, 16)}
}

// Tell queues the SIP status of the new call; it never blocks. What comes after a final
// one is not told.
func (r *Referral) Tell(status int) {
	if status < 200 && len(r.news) > cap(r.news)/2 {
		return // the place of the final one is kept
	}
	select {
	case r.news <- status:
	default:
	}
}

// Run accepts the transfer and tells how it fares until that is final, or ctx ends.
func (r *Referral) Run(ctx context.Context, c clock.Clock, log *slog.Logger) {
	if err := r.ev.Reply(true); err != nil {
		log.Debug("transfer not accepted", "error", err)
	}
	r.notify(ctx, 100, log)
	for {
		select {
		case status := <-r.news:
			r.notify(ctx, status, log)
			if status >= 200 && status < 300 {
				r.close(ctx, c)
			}
			if status >= 200 {
				return // the far side keeps a call that could not be transferred
			}
		case <-ctx.Done():
			return
		}
	}
}

func (r *Referral) notify(ctx context.Context, status int, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, notifyTime)
	defer cancel()
	if err := r.ev.Notify(ctx, status); err != nil && !errors.Is(err, sip.ErrDialogEnded) {
		log.Debug("transfer's progress not told", "status", status, "error", err)
	}
}

// close leaves the far side a moment to hang up by itself.
func (r *Referral) close(ctx context.Context, c clock.Clock) {
	clock.Sleep(ctx, c, transferTimeout)
	ctx, cancel := context.WithTimeout(context.Background(), transferTimeout)
	defer cancel()
	_ = r.dialog.Hangup(ctx)
}
