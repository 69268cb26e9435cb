package voice

import (
	"context"
	"encoding/json"
	"io"
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
// not, or not any more. RecordingAsking: the user is to say whether it may be.
const (
	RecordingOff        = wire.RecordingOff
	RecordingAnnouncing = wire.RecordingAnnouncing
	RecordingOn         = wire.RecordingOn
	RecordingPaused     = wire.RecordingPaused
	RecordingFailed     = wire.RecordingFailed
	RecordingAsking     = wire.RecordingAsking
)

// RecordingRefused is the Reason of a RecordingOff to which the user has not agreed.
const RecordingRefused = wire.RecordingRefused

// Recording is how a call is recorded. The zero value is that of a call of whose
// recording nothing is known.
type Recording struct {
	State RecordingState
	// Reason is why it failed: one of wire's.
	Reason string
	// By is "rule" for a recording that nobody has begun by hand, else the name of who
	// did.
	By string
	// Told is who has heard the announcement: "both", "caller" or "none"; "beep" for
	// sides that hear beeps.
	Told string
	// Here says that this phone records, and not the platform: into File, once that is
	// made, which is encrypted if Sealed.
	Here, Sealed bool
	File         string
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
// be in it, such as the number of a card: it is resumed by itself after a time. It
// returns when that is done. The errors are NO_CALL, SERVER_ERROR where
// nobody records, the call is not being recorded, or it is not allowed, and
// INTERNAL_ERROR for a file that can't be written.
func (c *Call) PauseRecording(ctx context.Context) error { return c.record(ctx, "pause") }

// ResumeRecording ends PauseRecording.
func (c *Call) ResumeRecording(ctx context.Context) error { return c.record(ctx, "resume") }

// StartRecording begins a recording by hand, or goes on with one that was stopped. The
// parties are to be told before, in the user's own words.
func (c *Call) StartRecording(ctx context.Context) error { return c.record(ctx, "start") }

// StopRecording ends a recording that was begun by hand.
func (c *Call) StopRecording(ctx context.Context) error { return c.record(ctx, "stop") }

// ConsentToRecording says that the call may be recorded, RefuseRecording that it may
// not, while the state is RecordingAsking: nothing from before is recorded.
func (c *Call) ConsentToRecording(ctx context.Context) error { return c.record(ctx, "consent") }

// RefuseRecording is described at ConsentToRecording.
func (c *Call) RefuseRecording(ctx context.Context) error { return c.record(ctx, "refuse") }

func (c *Call) record(ctx context.Context, action string) error {
	if c.Details().Line != "" {
		return c.ask(ctx, func(result chan<- error) { c.recordHere(action, result) }, func(err error) error { return fault.From(err) })
	}
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
	case RecordingOff, RecordingAsking, RecordingAnnouncing, RecordingOn, RecordingPaused, RecordingFailed:
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

// OpenRecording finds the recording of a call over the subscriber line in which the user
// spoke, by its CallDetails.SessionID; recording.Listen plays it. It waits for the
// platform, also to read, as long as ctx lasts. The errors are SDK_UNINITIALIZED,
// SERVER_ERROR where the platform plays none, and those of the platform: a
// platform.StatusError of 404 or 410 within says that there is none, or none any more.
func (c *Client) OpenRecording(ctx context.Context, sessionID string) (file io.ReaderAt, size int64, err error) {
	s, err := c.ableTo(wire.AbilityPlayback)
	if err != nil {
		return nil, 0, err
	}
	if s == nil {
		return nil, 0, fault.New(fault.ServerError, "recording.not-played")
	}
	r, err := s.Platform.OpenRecording(ctx, sessionID)
	switch platform.StatusOf(err) {
	case 0:
	case http.StatusNotFound, http.StatusGone:
		return nil, 0, fault.Wrap(err, fault.ServerError, "recording.gone")
	case http.StatusForbidden:
		return nil, 0, fault.Wrap(err, fault.ServerError, "recording.not-played")
	}
	if err != nil {
		return nil, 0, err
	}
	return r, r.Size(), nil
}

// PlaysRecordings reports whether the subscriber's platform lets the user play
// recordings.
func (c *Client) PlaysRecordings() bool {
	s, err := c.ableTo(wire.AbilityPlayback)
	return err == nil && s != nil
}
