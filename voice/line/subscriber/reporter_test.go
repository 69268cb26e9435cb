package subscriber

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/clock"
	"offhook/voice/fault"
)

// platformFake takes reports; fails is what it answers.
type platformFake struct {
	mu      sync.Mutex
	fails   error
	batches [][]json.RawMessage
	tries   int
}

func (d *platformFake) post(ctx context.Context, events []json.RawMessage) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries++
	if d.fails == nil {
		d.batches = append(d.batches, events)
	}
	return d.fails
}

// begin changes the answer and forgets what was posted.
func (d *platformFake) begin(fails error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails, d.batches, d.tries = fails, nil, 0
}

func (d *platformFake) posted() (batches [][]json.RawMessage, tries int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.batches, d.tries
}

func TestReporter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &platformFake{}
		r := newReporter(clock.System{}, slog.New(slog.DiscardHandler), time.Minute, d.post)
		for i := range 250 {
			r.add(i)
		}
		time.Sleep(59 * time.Second)
		if _, tries := d.posted(); tries != 0 {
			t.Error("sent too early")
		}
		time.Sleep(2 * time.Second)
		if b, _ := d.posted(); len(b) != 3 || len(b[0]) != 100 || string(b[2][49]) != "249" {
			t.Errorf("%d batches", len(b))
		}
		// The platform is away: the queue is bounded, the attempts become rare.
		d.begin(fault.New(fault.NetworkError, "away"))
		for i := range 2 * maxQueued {
			r.add(i)
		}
		time.Sleep(2 * time.Hour)
		if _, tries := d.posted(); tries > 15 {
			t.Errorf("%d attempts in two hours", tries)
		}
		d.begin(nil)
		time.Sleep(maxReportDelay)
		if b, _ := d.posted(); len(b) != maxQueued/maxBatch || string(b[0][0]) != "500" {
			t.Errorf("%d batches afterwards", len(b))
		}
		// What is refused is dropped.
		d.begin(errors.New("refused"))
		r.add("x")
		time.Sleep(10 * time.Minute)
		if _, tries := d.posted(); tries != 1 {
			t.Errorf("%d attempts", tries)
		}
		d.begin(nil)
		r.add("last")
		r.close(t.Context())
		if b, _ := d.posted(); len(b) != 1 {
			t.Error("the last report was not sent")
		}
	})
}

func TestReporterAtTheEndOfATimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReporter(clock.System{}, slog.New(slog.DiscardHandler), time.Minute, func(ctx context.Context, _ []json.RawMessage) error {
			<-ctx.Done()
			return ctx.Err()
		})
		r.add("x")
		at := time.Now()
		r.close(t.Context())
		if d := time.Since(at); d > lastReport {
			t.Errorf("closed after %v", d)
		}
	})
}
