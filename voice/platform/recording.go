package platform

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// RecordedCall is the recording of a call at the platform: a file of which the parts
// are fetched that are read. Its ReadAt waits for the platform.
type RecordedCall struct {
	client  *Client
	ctx     context.Context
	session string
	size    int64

	mu    sync.Mutex
	first []byte // the first part: each fetch of it stands in the platform's log
	at    int64  // of what was fetched last
	part  []byte
}

const (
	// recordingPart is how much of a recording is fetched at once: half a minute.
	recordingPart = 256 << 10
	// maxRecording bounds what a platform may say of a recording's size.
	maxRecording = 1 << 40
)

// OpenRecording finds the recording of a call in which the subscriber spoke. The
// platform must have the ability recording_playback. ctx is for all that is read of it.
func (c *Client) OpenRecording(ctx context.Context, session string) (*RecordedCall, error) {
	r := &RecordedCall{client: c, ctx: ctx, session: session}
	err := r.fetch(0)
	r.first = r.part
	return r, err
}

// Size is how many bytes the recording has.
func (r *RecordedCall) Size() int64 { return r.size }

// ReadAt implements io.ReaderAt.
func (r *RecordedCall) ReadAt(b []byte, at int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(b) {
		if at >= r.size {
			return n, io.EOF
		}
		if at < int64(len(r.first)) {
			k := copy(b[n:], r.first[at:])
			n, at = n+k, at+int64(k)
			continue
		}
		if at < r.at || at >= r.at+int64(len(r.part)) {
			if err := r.fetch(at); err != nil {
				return n, err
			}
		}
		k := copy(b[n:], r.part[at-r.at:])
		n, at = n+k, at+int64(k)
	}
	return n, nil
}

// fetch gets the part that begins there.
func (r *RecordedCall) fetch(at int64) error {
	c := r.client
	u := c.cfg.Base.JoinPath("accounts", c.cfg.AccountSID, "calls", r.session, "recording")
	var part ranged
	err := c.send(r.ctx, request{method: http.MethodGet, url: u, timeout: requestTimeout, from: at, bytes: recordingPart}, &part)
	if err != nil {
		return err
	}
	if r.size != 0 && part.size < r.size || part.from != at || len(part.body) == 0 || part.size > maxRecording {
		return formFault(r.client.cfg.Base.Host, errRange)
	}
	r.at, r.part, r.size = at, part.body, part.size
	return nil
}

// ranged is a part of a file.
type ranged struct {
	from, size int64
	body       []byte
}

var errRange = errors.New("platform: no part of a file")

// readRange reads the answer to a request for a part of a file (RFC 9110, section 14.4).
func readRange(res *http.Response, body []byte) (p ranged, err error) {
	text, ok := strings.CutPrefix(res.Header.Get("Content-Range"), "bytes ")
	bounds, size, found := strings.Cut(text, "/")
	from, _, dash := strings.Cut(bounds, "-")
	if !ok || !found || !dash {
		return p, errRange
	}
	p.body = body
	if p.from, err = strconv.ParseInt(from, 10, 64); err == nil {
		p.size, err = strconv.ParseInt(size, 10, 64)
	}
	if err != nil || p.from < 0 || p.size-int64(len(body)) < p.from {
		return p, errRange
	}
	return p, nil
}

// asRange is the header that asks for a part.
func asRange(from, bytes int64) string {
	return "bytes=" + strconv.FormatInt(from, 10) + "-" + strconv.FormatInt(from+bytes-1, 10)
}
