package subscriber

import (
	"context"
	"io"
	"os"
	"time"

	"offhook/voice/clock"
	"offhook/voice/platform"
	"offhook/voice/wire"
)

// uploadTries is how often an upload is begun when the network fails.
const uploadTries = 3

// UploadLogs sends the zip file at path to the place that the platform names, and
// returns the reference.
func (s *Session) UploadLogs(ctx context.Context, path, description string, progress func(float64)) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	for try := 1; ; try++ {
		// A destination lives for minutes: each try asks for one of its own.
		var d wire.LogDestination
		d, err = s.Platform.LogDestination(ctx, info.Size(), description)
		if err == nil {
			err = s.Platform.UploadLog(ctx, d, file, info.Size(), progress)
		}
		if err == nil {
			return d.Reference, nil
		}
		if !platform.Passing(err) || ctx.Err() != nil || try == uploadTries {
			return "", err
		}
		s.cfg.Log.Warn("logs not uploaded, trying again", "error", err)
		if _, seekErr := file.Seek(0, io.SeekStart); seekErr != nil {
			return "", seekErr
		}
		if !clock.Sleep(ctx, s.cfg.Clock, max(time.Duration(try*try)*time.Second, platform.RetryAfter(err))) {
			return "", err
		}
	}
}
