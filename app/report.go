package app

import (
	"context"
	"errors"
	"os"
	"time"

	"offhook/voice/fault"
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

// SaveReport writes a report into a new file, for a phone that can't send it: one
// that is signed out, or has no network. It works without a sign-in.
func (p *Phone) SaveReport(ctx context.Context, from, to time.Time, path string) error {
	made, err := p.DraftReport(ctx, from, to)
	if err != nil {
		return err
	}
	defer made.Close()
	data, err := os.ReadFile(made.(*reportDraft).path)
	if err == nil {
		var f *os.File
		if f, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600); err == nil {
			_, err = f.Write(data)
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		return fault.Wrap(err, fault.UploadLogFailure, "report.not-saved", path)
	}
	return nil
}
