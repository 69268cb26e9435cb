package app

import (
	"context"
	"errors"
	"slices"

	"offhook/app/calllog"
	"offhook/internal/known"
	"offhook/voice"
	"offhook/voice/fault"
)

// recentsChanged is called after each change of the log.
func (p *Phone) recentsChanged(recents []CallRecord, unseen int, err error) {
	if err != nil {
		p.log.Error("call log", "err", err)
		return
	}
	p.recents.Store(&recents)
	p.loop.post(func() {
		p.m.recentsRevision++
		p.m.unseen = unseen
		p.touch()
	})
}

// Recents returns the newest 200 calls of the log, newest first. The slice is
// shared and must not be written.
func (p *Phone) Recents() []CallRecord { return *p.recents.Load() }

// SearchRecents reads the whole log.
func (p *Phone) SearchRecents(ctx context.Context, q RecentsQuery) ([]CallRecord, error) {
	r, err := p.calls.Search(ctx, q)
	return r, logFault(err)
}

func logFault(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, calllog.ErrUnknownCall):
		return fault.Wrap(err, fault.InvalidParameter, "call-log.no-such-call")
	default:
		return fault.Wrap(err, fault.InternalError, "call-log.unusable", calllog.Trouble(err))
	}
}

// MarkRecentsSeen sets Snapshot.MissedUnseen to 0.
func (p *Phone) MarkRecentsSeen() {
	if p.Snapshot().MissedUnseen > 0 {
		p.writer.Add(calllog.Job{Do: (*calllog.Log).MarkSeen})
	}
}

// DeleteRecent removes a call from the log; "" removes all.
func (p *Phone) DeleteRecent(ctx context.Context, id string) error {
	do := func(l *calllog.Log) error { return l.Delete(id) }
	if id == "" {
		do = (*calllog.Log).DeleteAll
	}
	return logFault(p.writer.Wait(ctx, do))
}

// Feedback rates the last call: rating 1 (unusable) to 5 (excellent), issue one
// of voice.Issues ("" is NO_ISSUE), note free text. A second one overwrites the
// first.
func (p *Phone) Feedback(ctx context.Context, rating int, issue, note string) error {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	if rating < 1 || rating > 5 {
		return fault.New(fault.InvalidParameter, "rating.out-of-range")
	}
	if issue == "" {
		issue = string(voice.NoIssue)
	}
	if !slices.Contains(voice.Issues(), voice.Issue(issue)) {
		return fault.New(fault.InvalidParameter, "rating.no-such-issue")
	}
	snap := p.Snapshot()
	switch {
	case snap.Call != nil:
		return fault.New(fault.InvalidParameter, "rating.too-early")
	case snap.LastCall == nil:
		return fault.New(fault.InvalidParameter, "rating.no-call")
	}
	id := snap.LastCall.ID
	call, ok := p.engine.Call(id)
	if !ok {
		return fault.New(fault.InvalidParameter, "rating.no-call")
	}
	if err := call.PostFeedback(ctx, rating, voice.Issue(issue), note); err != nil {
		return err
	}
	if err := p.writer.Wait(ctx, func(l *calllog.Log) error { return l.SetFeedback(id, rating, issue, note) }); err != nil {
		p.log.Warn("feedback in the log", "err", err) // the platform has it
	}
	p.loop.post(func() {
		if p.m.last != nil && p.m.last.ID == id {
			p.m.last.Rating = known.Count(rating)
			p.m.lastRated = true
			p.touch()
		}
	})
	return nil
}

// SkipFeedback clears Snapshot.FeedbackDue.
func (p *Phone) SkipFeedback() {
	p.loop.post(func() {
		p.m.lastRated = true
		p.touch()
	})
}
