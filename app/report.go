package app

import (
	"context"
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
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	if p.cfg.ReadLogs == nil {
		return "", fault.New(fault.UploadLogFailure, "This phone keeps no logs.", "")
	}
	if !from.Before(to) {
		return "", fault.New(fault.InvalidParameter, "The range of days is empty.", "Choose a beginning before the end.")
	}
	if r := []rune(text); len(r) > maxDescription {
		text = string(r[:maxDescription])
	}
	if progress == nil {
		progress = func(float64) {}
	}
	path, err := p.cfg.ReadLogs(from, to)
	if err != nil {
		return "", fault.Wrap(err, fault.UploadLogFailure, "The logs can't be packed: "+diskTrouble(err)+".", "Check the disk and try again.")
	}
	defer os.Remove(path)
	// The engine tries again by itself when the network fails.
	reference, err = p.engine.UploadLogs(ctx, path, text, progress)
	if err != nil {
		p.log.Warn("report", "err", err)
		return "", err
	}
	p.log.Info("report sent", "reference", reference)
	return reference, nil
}
