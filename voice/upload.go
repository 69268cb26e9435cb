package voice

import (
	"context"
	"os"
	"time"

	"offhook/voice/fault"
)

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
	reference, err = s.UploadLogs(ctx, path, description, progress)
	if err != nil {
		problem := fault.Wrap(err, fault.UploadLogFailure, "report.not-sent")
		c.events.Publish(UploadLogFailed{Err: problem})
		return "", problem
	}
	c.events.Publish(UploadLogSucceeded{Reference: reference})
	return reference, nil
}
