package voice

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"offhook/voice/fault"
	"offhook/voice/line/subscriber"
	"offhook/voice/platform"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// RecordingState is what the recording of a call does.
type RecordingState = wire.RecordingState

// RecordingOff: nothing is recorded. RecordingAnnouncing: the parties are being told,
// and do not hear each other yet. RecordingFailed: the call was to be recorded and is
// not, or not any more.
const (
	RecordingOff        = wire.RecordingOff
	RecordingAnnouncing = wire.RecordingAnnouncing
	RecordingOn         = wire.RecordingOn
	RecordingPaused     = wire.RecordingPaused
	RecordingFailed     = wire.RecordingFailed
)

// Recording is how a call is recorded. The zero value is that of a call of whose
// recording nothing is known.
type Recording struct {
	State RecordingState
	// Reason is why it failed: one of wire's.
	Reason string
	// By is "rule" for a recording that nobody has begun by hand, else the name of who
	// did.
	By string
	// Told is who has heard the announcement: "both", "caller" or "none".
	Told string
	// ByHand says that StartRecording and StopRecording are possible.
	ByHand bool
	// Recorded is how much had been recorded at At.
	Recorded time.Duration
	At       time.Time
	// PausedSince is when the present pause began, ResumesAt when it ends by itself;
	// zero otherwise.
	PausedSince, ResumesAt time.Time
}

// Length is how much has been recorded by now.
func (r Recording) Length(now time.Time) time.Duration {
	if r.State == RecordingOn {
		return r.Recorded + now.Sub(r.At)
	}
	return r.Recorded
}

// PauseRecording stops the recording of the call while something is said that must not
// be in it, such as the number of a card: the platform resumes it by itself after its
// time. It returns when the platform has done so. The errors are NO_CALL, and
// SERVER_ERROR where the platform does not record, the call is not being recorded, or
// the operator does not allow it.
func (c *Call) PauseRecording(ctx context.Context) error { return c.record(ctx, "pause") }

// ResumeRecording ends PauseRecording.
func (c *Call) ResumeRecording(ctx context.Context) error { return c.record(ctx, "resume") }

// StartRecording begins a recording by hand, or goes on with one that was stopped. The
// parties are to be told before, in the user's own words.
func (c *Call) StartRecording(ctx context.Context) error { return c.record(ctx, "start") }

// StopRecording ends a recording that was begun by hand.
func (c *Call) StopRecording(ctx context.Context) error { return c.record(ctx, "stop") }

func (c *Call) record(ctx context.Context, action string) error {
	type place struct {
		on      *platform.Client
		session string
	}
	found := make(chan place, 1)
	err := c.ask(ctx, func(result chan<- error) {
		l, ok := c.line.(*subscriber.Session)
		switch {
		case !c.details.State.Answered():
			result <- notEstablished()
		case !ok || !l.Offers(wire.AbilityRecording):
			result <- fault.New(fault.ServerError, "recording.not-offered")
		default:
			found <- place{l.Platform, c.details.SessionID}
			result <- nil
		}
	}, func(err error) error { return fault.From(err) })
	if err != nil {
		return err
	}
	at := <-found
	got, err := at.on.Record(ctx, at.session, action)
	switch {
	case err == nil:
		c.queue.Post(func() { c.noteRecording(got) })
		return nil
	case platform.StatusOf(err) == http.StatusForbidden:
		return fault.Wrap(err, fault.ServerError, "recording.not-by-hand")
	case platform.StatusOf(err) == http.StatusBadRequest:
		return fault.Wrap(err, fault.ServerError, "recording.none")
	}
	return err
}

// onRecording takes what the platform says of the recording.
func (c *Call) onRecording(ev sip.Informed) {
	var got wire.Recording
	if json.Unmarshal([]byte(ev.Body), &got) == nil {
		c.noteRecording(got)
	}
}

func (c *Call) noteRecording(got wire.Recording) {
	switch got.State {
	case RecordingOff, RecordingAnnouncing, RecordingOn, RecordingPaused, RecordingFailed:
	default:
		return // a newer platform's
	}
	if c.details.State == StateEnded {
		return
	}
	now := c.client.clock.Now()
	ms := func(n int64) time.Duration { return time.Duration(max(0, min(n, 1e12))) * time.Millisecond }
	r := Recording{
		State: got.State, Reason: got.Reason, By: got.By, Told: got.Told, ByHand: got.ByHand,
		Recorded: ms(got.DurationMS), At: now,
	}
	if got.PausedMS > 0 || got.ResumesInMS > 0 {
		r.PausedSince = now.Add(-ms(got.PausedMS))
	}
	if got.ResumesInMS > 0 {
		r.ResumesAt = now.Add(ms(got.ResumesInMS))
	}
	c.details.Recording = r
	c.changed()
}
