package app

import (
	"context"
	"time"
)

// maxDescription bounds the text of a report in runes.
const maxDescription = 4000

// Report uploads the logs from one time to another with text, and returns the
// reference to tell the support. progress may be nil; it is called with 0 to
// 1 from another goroutine.
func (p *Phone) Report(ctx context.Context, from, to time.Time, text string, progress func(float64)) (reference string, err error) {
	d, err := p.DraftReport(ctx, from, to)
	if err != nil {
		return "", err
	}
	defer d.Close()
	return d.Send(ctx, text, ReportParts(), progress)
}

// upload sends a packed report.
func (p *Phone) upload(ctx context.Context, path, text string, progress func(float64)) (reference string, err error) {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	if r := []rune(text); len(r) > maxDescription {
		text = string(r[:maxDescription])
	}
	if progress == nil {
		progress = func(float64) {}
	}
	// The engine tries again by itself when the network fails.
	reference, err = p.engine.UploadLogs(ctx, path, text, progress)
	if err != nil {
		p.log.Warn("report", "err", err)
		return "", err
	}
	p.log.Info("report sent", "reference", reference)
	return reference, nil
}
