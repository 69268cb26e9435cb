package app

import (
	"context"
	"time"

	"offhook/voice"
)

// Recording is how a call is recorded.
type Recording struct {
	// State is off, asking, announcing, recording, paused or failed; Reason is why it
	// failed: no_key, disk, not_told, not_writable, codec or too_long; or refused.
	State  voice.RecordingState `json:"state"`
	Reason string               `json:"reason,omitempty"`
	// By is "rule" for a recording that nobody has begun by hand, else who did.
	By string `json:"by,omitempty"`
	// Told is who has heard that the call is recorded: both, caller or none; beep where
	// both hear beeps.
	Told string `json:"told,omitempty"`
	// Here says that the phone itself records, Sealed that its file is encrypted.
	Here   bool `json:"here,omitempty"`
	Sealed bool `json:"sealed,omitempty"`
	// ByHand says that it can be begun and ended here.
	ByHand bool `json:"by_hand"`
	// DurationS is whole seconds recorded, PausedS of the present pause, ResumesInS
	// until that ends by itself; 0 for never.
	DurationS  int `json:"duration_s"`
	PausedS    int `json:"paused_s,omitempty"`
	ResumesInS int `json:"resumes_in_s,omitempty"`
	// Since is when Before had been recorded, nil while nothing is being recorded;
	// PausedSince when the present pause began and ResumesAt when it ends by itself, nil
	// for never.
	Since       *time.Time    `json:"since,omitempty"`
	Before      time.Duration `json:"-"`
	PausedSince *time.Time    `json:"paused_since,omitempty"`
	ResumesAt   *time.Time    `json:"resumes_at,omitempty"`
}

// Length is how much has been recorded by now.
func (r *Recording) Length(now time.Time) time.Duration {
	if r.Since == nil {
		return time.Duration(r.DurationS) * time.Second
	}
	return r.Before + max(0, now.Sub(*r.Since))
}

// Pause is how long the present pause has lasted by now, and how long until it ends by
// itself, 0 for never. A hold is a pause without a length.
func (r *Recording) Pause(now time.Time) (length, left time.Duration) {
	if length = time.Duration(r.PausedS) * time.Second; r.PausedSince != nil {
		length = max(0, now.Sub(*r.PausedSince))
	}
	if left = time.Duration(r.ResumesInS) * time.Second; r.ResumesAt != nil {
		left = max(0, r.ResumesAt.Sub(now))
	}
	return length, left
}

func recordingOf(r voice.Recording, now time.Time) *Recording {
	if r.State == "" {
		return nil
	}
	out := &Recording{
		State: r.State, Reason: r.Reason, By: r.By, Told: r.Told, ByHand: r.ByHand, Here: r.Here, Sealed: r.Sealed,
		DurationS: int(r.Length(now) / time.Second),
	}
	if r.State == voice.RecordingOn {
		out.Since, out.Before = moment(r.At), r.Recorded
	}
	out.PausedSince, out.ResumesAt = moment(r.PausedSince), moment(r.ResumesAt)
	if !r.PausedSince.IsZero() {
		out.PausedS = int(now.Sub(r.PausedSince) / time.Second)
	}
	if !r.ResumesAt.IsZero() {
		out.ResumesInS = max(0, int((r.ResumesAt.Sub(now)+time.Second-1)/time.Second))
	}
	return out
}

// PauseRecording stops the recording of a call while a card number is read; it goes on
// by itself after a time. "" is the call that has the sound.
func (p *Phone) PauseRecording(ctx context.Context, id string) error {
	return p.during(ctx, id, Controls.PauseRecording)
}

// ResumeRecording ends PauseRecording.
func (p *Phone) ResumeRecording(ctx context.Context, id string) error {
	return p.during(ctx, id, Controls.ResumeRecording)
}

// StartRecording begins a recording by hand.
func (p *Phone) StartRecording(ctx context.Context, id string) error {
	return p.during(ctx, id, Controls.StartRecording)
}

// StopRecording ends a recording that was begun by hand.
func (p *Phone) StopRecording(ctx context.Context, id string) error {
	return p.during(ctx, id, Controls.StopRecording)
}

// ConsentToRecording says that a call may be recorded whose recording asks for that.
func (p *Phone) ConsentToRecording(ctx context.Context, id string) error {
	return p.during(ctx, id, Controls.ConsentToRecording)
}

// RefuseRecording says that it may not.
func (p *Phone) RefuseRecording(ctx context.Context, id string) error {
	return p.during(ctx, id, Controls.RefuseRecording)
}
