package nodes

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"offhook/internal/crash"
)

// maxRefusal bounds what is read of an answer that is not used, for the sake of its
// connection.
const maxRefusal = 4 << 10

var errConnect = errors.New("nodes: no connection in time")

// CloseIdleConnections is for http.Client: what a request would hang on is closed.
func (s *Set) CloseIdleConnections() {
	if t, ok := s.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Transport is what requests go on through.
func (s *Set) Transport() http.RoundTripper { return s.next }

// RoundTrip implements http.RoundTripper. A request to a service of several nodes goes to
// the one that serves. It goes to the next where that is certain not to have it: no
// connection, or 503; a GET also after a connection was lost on the way, 502 and 504.
// The answer, or the error, of the last is returned.
func (s *Set) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	g := s.group(req.URL)
	if g == nil || len(g.nodes) == 1 {
		s.mu.Unlock()
		return s.next.RoundTrip(req)
	}
	n, last, settled := g.serving, false, g.settled
	s.mu.Unlock()
	var asked []*node
	for {
		await(req.Context(), settled)
		asked = append(asked, n)
		limit := connectLimit
		if last {
			limit = 0
		}
		res, elsewhere, err := n.ask(s.next, req, limit)
		if err == nil && !elsewhere {
			s.Served(&n.origin)
			return res, nil
		}
		if err != nil && req.Context().Err() != nil {
			return nil, err
		}
		s.Failed(&n.origin)
		if !elsewhere || last {
			return res, err
		}
		again := rewind(req)
		s.mu.Lock()
		n = g.next(asked, time.Now())
		settled = time.Time{}
		if n == g.serving {
			settled = g.settled
		}
		last = len(asked)+1 >= len(g.nodes)
		s.mu.Unlock()
		if again == nil || n == nil {
			return res, err
		}
		req = again
		if res != nil {
			_, _ = io.CopyN(io.Discard, res.Body, maxRefusal)
			_ = res.Body.Close()
		}
	}
}

// rewind returns a request that can be sent again, nil if its body can't be had twice.
func rewind(req *http.Request) *http.Request {
	if req.Body == nil || req.Body == http.NoBody {
		return req
	}
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	again := *req
	again.Body = body
	return &again
}

// ask sends a request to one node; a connection must stand within the limit, unless that
// is 0. elsewhere says that another node may be asked.
func (n *node) ask(via http.RoundTripper, req *http.Request, limit time.Duration) (res *http.Response, elsewhere bool, err error) {
	// Cancelled only where no connection stands in time: the body of an answer, a
	// WebSocket too, lives as long as the request's own context.
	ctx, cancel := context.WithCancelCause(req.Context())
	defer func() {
		if err != nil {
			cancel(nil)
		}
	}()
	var sent atomic.Bool
	stop := func() bool { return true }
	if limit > 0 {
		stop = time.AfterFunc(limit, crash.Guarded(func() { cancel(errConnect) })).Stop
	}
	moved := req.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { stop() },
		WroteHeaders: func() { sent.Store(true) },
	}))
	moved.URL = n.at(req.URL)
	if req.Host == "" || originHost(req) {
		moved.Host = ""
	}
	res, err = via.RoundTrip(moved)
	stop()
	get := req.Method == http.MethodGet || req.Method == http.MethodHead
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errConnect) {
			err = cause
		}
		return nil, !sent.Load() || get, err
	}
	switch res.StatusCode {
	case http.StatusServiceUnavailable:
		return res, true, nil
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return res, get, nil
	}
	return res, false, nil
}

// originHost reports whether a request names the host of its URL.
func originHost(req *http.Request) bool {
	return req.Host == req.URL.Host || origin(&url.URL{Scheme: req.URL.Scheme, Host: req.Host}) == origin(req.URL)
}
