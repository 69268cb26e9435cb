package platform

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"offhook/voice/cleartext"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

const (
	// uploadFloor is the least rate, in bytes per second, at which an upload is
	// still waited for, beyond the time of any other request.
	uploadFloor = 16 << 10
	// uploadType is what is sent.
	uploadType = "application/zip"
)

// UploadLog puts an archive of size bytes where d says. The destination's URL is
// signed: no token goes with it, since it may be on another host. progress may
// be nil; it is told the part that was sent, 0 to 1, from the goroutine that
// sends. It tries once; body is not closed.
func (c *Client) UploadLog(ctx context.Context, d wire.LogDestination, body io.Reader, size int64, progress func(float64)) error {
	u, err := url.Parse(d.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return formFault(c.cfg.Base.Host, errNotURL)
	}
	if err := cleartext.CheckURL(u, c.cfg.AllowClearText); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout+time.Duration(size/uploadFloor)*time.Second)
	defer cancel()
	counted := &countingReader{r: io.LimitReader(body, size), size: size, progress: progress}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, u.String(), counted)
	if err != nil {
		return formFault(u.Host, errNotURL)
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", uploadType)
	res, err := c.http.Do(req)
	if err != nil {
		return transportFault(withoutURL(err), u.Host)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return transportFault(err, u.Host)
	}
	if err := readEnvelope(res, text, u.Host, nil); err != nil {
		if res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusUnauthorized {
			// A destination that has expired is no matter of the sign-in.
			return fault.Wrap(err, fault.ServerError, "report.upload-expired", u.Host)
		}
		return err
	}
	return nil
}

// withoutURL drops the URL of an error of the HTTP client: this one is signed,
// and so a secret.
func withoutURL(err error) error {
	if e, ok := err.(*url.Error); ok {
		return e.Err
	}
	return err
}

// countingReader tells how much was read of it.
type countingReader struct {
	r          io.Reader
	size, sent int64
	progress   func(float64)
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if n > 0 {
		c.sent += int64(n)
		if c.progress != nil {
			c.progress(float64(c.sent) / float64(c.size))
		}
	}
	return n, err
}
