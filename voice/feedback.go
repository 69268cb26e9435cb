package voice

import (
	"context"
	"slices"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

// Issue is what a user says was wrong with a call (reference, section 1.5).
type Issue string

// The issues of the reference.
const (
	NoIssue         Issue = "NO_ISSUE"
	BackgroundNoise Issue = "BACKGROUND_NOISE"
	ChoppyAudio     Issue = "CHOPPY_AUDIO"
	HighLatency     Issue = "HIGH_LATENCY"
	NoAudio         Issue = "NO_AUDIO"
	Echo            Issue = "ECHO"
)

// Issues are all of them, in the order in which to show them.
func Issues() []Issue {
	return []Issue{NoIssue, BackgroundNoise, ChoppyAudio, HighLatency, NoAudio, Echo}
}

// maxNote bounds the free text of feedback, in bytes.
const maxNote = 4096

// PostFeedback rates the call from 1 (unusable) to 5 (excellent), once it has
// ended and until the next one; a second rating replaces the first. An empty
// issue is NO_ISSUE. It waits for the platform; a PBX has no use for it. The errors are
// INVALID_PARAMETER, and those of the platform.
func (c *Call) PostFeedback(ctx context.Context, rating int, issue Issue, note string) error {
	if issue == "" {
		issue = NoIssue
	}
	if rating < 1 || rating > 5 || !slices.Contains(Issues(), issue) || len(note) > maxNote {
		return fault.New(fault.InvalidParameter, "rating.invalid")
	}
	client := c.client
	client.mu.Lock()
	latest := client.latest == c || client.lastEnded == c && client.latest.Details().State == StateEnded
	client.mu.Unlock()
	d := c.Details()
	if d.State != StateEnded || !latest {
		return fault.New(fault.InvalidParameter, "rating.not-last-call")
	}
	return c.line.Rate(ctx, wire.Feedback{
		SessionID: d.SessionID, Rating: rating, Issue: string(issue), Note: note,
	})
}
