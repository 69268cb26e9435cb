package app

import (
	"context"
	"time"

	"offhook/voice"
)

// Recording is how a call is recorded.
type Recording struct {
	// State is off, announcing, recording, paused or failed; Reason is why it failed:
	// no_key, disk, not_told or not_writable.
	State  voice.RecordingState `json:"state"`
	Reason string               `json:"reason,omitempty"`
	// By is "rule" for a recording that nobody has begun by hand, else who did.
	By string `json:"by,omitempty"`
	// Told is who has heard that the call is recorded: both, caller or none.
	Told string `json:"told,omitempty"`
	// ByHand says that it can be begun and ended here.
	ByHand bool `json:"by_hand"`
	// DurationS is whole seconds recorded, PausedS of the present pause, ResumesInS
	// until that ends by itself; 0 for never.
	DurationS  int `json:"duration_s"`
	PausedS    int `json:"paused_s,omitempty"`
	ResumesInS int `json:"resumes_in_s,omitempty"`
	// Since is when the sound of the call was first recorded or last resumed as this
	// phone has learnt it, nil while nothing is recorded.
	Since *time.Time `json:"since,omitempty"`
}

func recordingOf(r voice.Recording, now time.Time) *Recording {
	if r.State == "" {
		return nil
	}
	out := &Recording{
		State: r.State, Reason: r.Reason, By: r.By, Told: r.Told, ByHand: r.ByHand,
		DurationS: int(r.Length(now) / time.Second),
	}
	if r.State == voice.RecordingOn {
		out.Since = moment(r.At)
	}
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
