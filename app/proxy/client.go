package proxy

import (
	"net/http"
	"time"

	"offhook/app/backend"
)

// NewClient returns the client for the phone's requests: connections by the
// network's proxy (nil is a Dialer of the system's settings), the system's
// certificate authorities, and few idle connections, which are given up before
// a proxy or a firewall would cut them silently. Push and signalling take over
// its DialContext, so that they go the same way.
func NewClient(through *Dialer) *http.Client {
	if through == nil {
		through = New(Config{})
	}
	return &http.Client{
		Timeout: backend.Timeout,
		Transport: &http.Transport{
			// The Dialer makes the tunnels; the transport must not ask a proxy
			// in a way of its own.
			Proxy:                 through.Note,
			DialContext:           through.DialContext,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          4,
			MaxIdleConnsPerHost:   2,
			IdleConnTimeout:       30 * time.Second,
			TLSHandshakeTimeout:   5 * time.Second,
			ExpectContinueTimeout: time.Second,
		},
	}
}
