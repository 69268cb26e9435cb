package subscriber

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"offhook/internal/crash"
	"offhook/voice/clock"
	"offhook/voice/platform"
)

const (
	// maxQueued bounds the events that wait to be sent; the oldest go first.
	maxQueued = 500
	// maxBatch is how many the platform takes at once.
	maxBatch = 100
	// reportTimeout bounds one batch, so that a slow platform holds nothing up.
	reportTimeout = 10 * time.Second
	// lastReport bounds the attempt at the end.
	lastReport = 2 * time.Second
	// maxReportDelay is the longest pause between two batches while the platform
	// fails.
	maxReportDelay = 15 * time.Minute
)

// reporter sends what happened to the platform in batches, for those who look
// after the quality of calls. It is worth less than any call: it never blocks,
// its queue is bounded, and what cannot be sent is dropped. Reports name
// sessions, never people.
type reporter struct {
	clock clock.Clock
	log   *slog.Logger
	every time.Duration
	post  func(ctx context.Context, events []json.RawMessage) error

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	queue   []json.RawMessage
	dropped int
}

func newReporter(clock clock.Clock, log *slog.Logger, every time.Duration, post func(context.Context, []json.RawMessage) error) *reporter {
	r := &reporter{clock: clock, log: log, every: every, post: post, done: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	crash.Go(r.run)
	return r
}

// add queues a report; it returns at once.
func (r *reporter) add(report any) {
	text, err := json.Marshal(report)
	if err != nil {
		r.log.Warn("report not written", "error", err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) >= maxQueued {
		r.queue = slices.Delete(r.queue, 0, 1)
		r.dropped++
	}
	r.queue = append(r.queue, text)
}

func (r *reporter) run() {
	defer close(r.done)
	delay := r.every
	for clock.Sleep(r.ctx, r.clock, delay) {
		if r.send(r.ctx) {
			delay = r.every
		} else {
			delay = min(2*delay, maxReportDelay)
		}
	}
}

// send posts what is queued. It reports false if that should be tried later; a
// batch that the platform refuses is dropped.
func (r *reporter) send(ctx context.Context) bool {
	for {
		r.mu.Lock()
		n := min(len(r.queue), maxBatch)
		batch := append([]json.RawMessage(nil), r.queue[:n]...)
		before := r.dropped
		r.mu.Unlock()
		if n == 0 {
			return true
		}
		limited, cancel := context.WithTimeout(ctx, reportTimeout)
		err := r.post(limited, batch)
		cancel()
		if err != nil && (platform.Passing(err) || ctx.Err() != nil) {
			r.log.Debug("reports not sent", "error", err)
			return false
		}
		if err != nil {
			r.log.Warn("reports refused", "count", n, "error", err)
		}
		r.mu.Lock()
		// Those that were dropped meanwhile were the first of this batch.
		n -= min(n, r.dropped-before)
		r.queue = slices.Delete(r.queue, 0, n)
		r.mu.Unlock()
	}
}

// close makes one last attempt, within ctx, and ends the reporter.
func (r *reporter) close(ctx context.Context) {
	r.cancel()
	<-r.done
	if ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(ctx, lastReport)
		defer cancel()
		r.send(ctx)
	}
}
