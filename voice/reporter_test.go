package voice

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/sip"
)

// desk takes reports; fails is what it answers.
type desk struct {
	mu      sync.Mutex
	fails   error
	batches [][]json.RawMessage
	tries   int
}

func (d *desk) post(ctx context.Context, events []json.RawMessage) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries++
	if d.fails == nil {
		d.batches = append(d.batches, events)
	}
	return d.fails
}

// begin changes the answer and forgets what was posted.
func (d *desk) begin(fails error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails, d.batches, d.tries = fails, nil, 0
}

func (d *desk) posted() (batches [][]json.RawMessage, tries int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.batches, d.tries
}

func TestReporter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
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
		time.Sleep(reportPauseMax)
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

func TestReportsOfACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start()
		call, d, _ := talkTo(r)
		time.Sleep(35 * time.Second)
		call.queue.Post(call.renewNow)
		expect[RenewingMedia](r)
		expect[CallEstablished](r)
		d.says(sip.Ended{ByRemote: true})
		expect[CallEnded](r)
		expect[MediaSessionDestroyed](r)
		r.stop()
		kinds := map[string]int{}
		for _, report := range r.platform.reports {
			kinds[report["type"].(string)]++
			text, _ := json.Marshal(report)
			if s := string(text); strings.Contains(s, "bob") || strings.Contains(s, "0804") || strings.Contains(s, "alice") {
				t.Errorf("a report names somebody: %s", s)
			}
			if report["type"] != "call" {
				continue
			}
			for key, want := range map[string]any{
				"session_id": "sid-1", "direction": "OUTGOING", "ended_in": "ESTABLISHED", "ended_by": "remote",
				"end_reason": "REMOTE_HANGUP", "renewals": 1.0, "duration_s": 35.05,
			} {
				if key == "duration_s" {
					if got := report[key].(float64); got < 35 || got > 36 {
						t.Errorf("%s: %v", key, got)
					}
				} else if report[key] != want {
					t.Errorf("%s: %v, want %v", key, report[key], want)
				}
			}
			if report["quality"].(map[string]any)["codec"] != "opus" {
				t.Errorf("quality %v", report["quality"])
			}
		}
		if kinds["call"] != 1 || kinds["quality"] != 3 || kinds["flow"] < 1 {
			t.Errorf("reports %v", kinds)
		}
	})
}
