package voice

import (
	"context"
	"io"
	"os"
	"time"

	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/platform"
	"offhook/voice/wire"
)

// uploadTries is how often an upload is begun when the network fails.
const uploadTries = 3

// UploadLogs packs the logs between two moments by what WithLogPacker was given,
// sends them with a description of the problem in free text, and removes the file.
// It blocks until that is done and returns the reference to tell support. The
// result is also an event, UploadLogSucceeded or UploadLogFailed; the errors are
// INVALID_PARAMETER for a span that ends before it begins, SDK_UNINITIALIZED and
// UPLOAD_LOG_FAILURE, also of a Client that has no packer.
func (c *Client) UploadLogs(ctx context.Context, start, end time.Time, description string) (reference string, err error) {
	if !start.Before(end) {
		return "", fault.New(fault.InvalidParameter, "report.empty-range")
	}
	path, problem := "", fault.New(fault.UploadLogFailure, "report.no-logs")
	if c.settings.packLogs != nil {
		if path, err = c.settings.packLogs(start, end); err != nil {
			problem = fault.Wrap(err, fault.UploadLogFailure, "report.not-packed", err.Error())
		} else {
			defer os.Remove(path)
			return c.UploadLogFile(ctx, path, description, nil)
		}
	}
	c.events.Publish(UploadLogFailed{Err: problem})
	return "", problem
}

// UploadLogFile sends the zip file at path to the place that the platform names,
// with a description of the problem in free text. progress may be nil; it is
// told the part that was sent, 0 to 1, and starts over when the upload does.
// It blocks until that is done and returns the reference to tell support. The
// result is also an event, UploadLogSucceeded or UploadLogFailed; the errors are
// SDK_UNINITIALIZED and UPLOAD_LOG_FAILURE.
func (c *Client) UploadLogFile(ctx context.Context, path, description string, progress func(float64)) (reference string, err error) {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return "", uninitialized()
	}
	reference, err = c.uploadLogs(ctx, s, path, description, progress)
	if err != nil {
		problem := fault.Wrap(err, fault.UploadLogFailure, "report.not-sent")
		c.events.Publish(UploadLogFailed{Err: problem})
		return "", problem
	}
	c.events.Publish(UploadLogSucceeded{Reference: reference})
	return reference, nil
}

func (c *Client) uploadLogs(ctx context.Context, s *session, path, description string, progress func(float64)) (string, error) {
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
		d, err = s.platform.LogDestination(ctx, info.Size(), description)
		if err == nil {
			err = s.platform.UploadLog(ctx, d, file, info.Size(), progress)
		}
		if err == nil {
			return d.Reference, nil
		}
		if !platform.Passing(err) || ctx.Err() != nil || try == uploadTries {
			return "", err
		}
		c.log.Warn("logs not uploaded, trying again", "error", err)
		if _, seekErr := file.Seek(0, io.SeekStart); seekErr != nil {
			return "", seekErr
		}
		if !clock.Sleep(ctx, c.clock, max(time.Duration(try*try)*time.Second, platform.RetryAfter(err))) {
			return "", err
		}
	}
}
